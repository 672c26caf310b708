//! Inserts and counters.
//!
//! Rows are inserted and locked in the order of their ids, and tables always in the same order, so that concurrent
//! writes wait for each other instead of deadlocking.

use std::collections::BTreeMap;

use sea_orm::{DbBackend, Statement};

use super::USER;
use super::draft::{Draft, Type, hex, row};
use crate::domain::{AuthorStats, Like, PostId, UserId};
use crate::ports::{NewFollow, NewPost, NewUser};

/// Inserts users that are not there yet; a row for each that was new.
pub(in super::super) fn insert_users(dialect: DbBackend, users: &[NewUser]) -> Statement {
    let mut draft = Draft::new(dialect);
    let rows = users.iter().map(|user| {
        row! {
            id: hex(user.id),
            handle: user.handle.as_str(),
            name: user.name,
            bio: user.bio,
            email: user.email,
            email_key: user.email.to_lowercase(),
            password_hash: user.password_hash,
            created_at: user.created_at.millis(),
        }
    });
    let columns = [
        ("id", Type::Id),
        ("handle", Type::Text),
        ("name", Type::Text),
        ("bio", Type::Text),
        ("email", Type::Text),
        ("email_key", Type::Text),
        ("password_hash", Type::Text),
        ("created_at", Type::Int),
    ];
    let rows = draft.table(&columns, rows.collect());
    draft.done(format!(
        "INSERT INTO users (id, handle, name, bio, email, email_key, password_hash, created_at) \
         SELECT n.id, n.handle, n.name, n.bio, n.email, n.email_key, n.password_hash, n.created_at FROM {rows} \
         WHERE TRUE ORDER BY n.id ON CONFLICT (id) DO NOTHING RETURNING id"
    ))
}

/// Those of `users` that are there and open, locked against other writers until the transaction ends.
pub(in super::super) fn lock_users(dialect: DbBackend, users: &[UserId]) -> Statement {
    let mut draft = Draft::new(dialect);
    let (among, lock) = (draft.among("u.id", users), lock(dialect));
    draft.done(format!("SELECT {USER} FROM users u WHERE {among} AND u.closed_at IS NULL ORDER BY u.id {lock}"))
}

/// The ids and authors of those of `posts` that are there, locked like [`lock_users`] does.
pub(in super::super) fn lock_posts(dialect: DbBackend, posts: &[PostId]) -> Statement {
    let mut draft = Draft::new(dialect);
    let (among, lock) = (draft.among("p.id", posts), lock(dialect));
    draft.done(format!("SELECT p.id, p.author_id FROM posts p WHERE {among} ORDER BY p.id {lock}"))
}

/// SQLite's transactions are alone anyway.
pub(super) fn lock(dialect: DbBackend) -> &'static str {
    match dialect {
        DbBackend::Postgres => "FOR NO KEY UPDATE",
        _ => "",
    }
}

/// Inserts follows that are not there yet; a row (follower, followed) for each that was new.
pub(in super::super) fn insert_follows(dialect: DbBackend, follows: &[NewFollow]) -> Statement {
    let mut draft = Draft::new(dialect);
    let rows = follows.iter().map(|follow| {
        row! {
            follower_id: hex(follow.follower),
            followed_id: hex(follow.followed),
            created_at: follow.created_at.millis(),
        }
    });
    let columns = [("follower_id", Type::Id), ("followed_id", Type::Id), ("created_at", Type::Int)];
    let rows = draft.table(&columns, rows.collect());
    draft.done(format!(
        "INSERT INTO follows (follower_id, followed_id, created_at) \
         SELECT n.follower_id, n.followed_id, n.created_at FROM {rows} \
         WHERE TRUE ORDER BY n.follower_id, n.followed_id ON CONFLICT DO NOTHING RETURNING follower_id, followed_id"
    ))
}

/// Inserts posts that are not there yet; the author of each that was new.
pub(in super::super) fn insert_posts(dialect: DbBackend, posts: &[NewPost]) -> Statement {
    let mut draft = Draft::new(dialect);
    let rows = posts.iter().map(|post| {
        row! {
            id: hex(post.id),
            author_id: hex(post.author),
            title: post.title,
            content: post.content,
            created_at: post.created_at.millis(),
        }
    });
    let columns = [
        ("id", Type::Id),
        ("author_id", Type::Id),
        ("title", Type::Text),
        ("content", Type::Text),
        ("created_at", Type::Int),
    ];
    let rows = draft.table(&columns, rows.collect());
    draft.done(format!(
        "INSERT INTO posts (id, author_id, title, content, created_at, updated_at) \
         SELECT n.id, n.author_id, n.title, n.content, n.created_at, n.created_at FROM {rows} \
         WHERE TRUE ORDER BY n.id ON CONFLICT (id) DO NOTHING RETURNING author_id"
    ))
}

/// Inserts likes that are not there yet; a row (post, user) for each that was new.
pub(in super::super) fn insert_likes(dialect: DbBackend, likes: &[Like]) -> Statement {
    let mut draft = Draft::new(dialect);
    let rows = likes.iter().map(|like| {
        row! {
            post_id: hex(like.id.post),
            user_id: hex(like.id.user),
            author_id: hex(like.author),
            created_at: like.created_at.millis(),
        }
    });
    let columns = [("post_id", Type::Id), ("user_id", Type::Id), ("author_id", Type::Id), ("created_at", Type::Int)];
    let rows = draft.table(&columns, rows.collect());
    draft.done(format!(
        "INSERT INTO likes (post_id, user_id, author_id, created_at) \
         SELECT n.post_id, n.user_id, n.author_id, n.created_at FROM {rows} \
         WHERE TRUE ORDER BY n.post_id, n.user_id ON CONFLICT DO NOTHING RETURNING post_id, user_id"
    ))
}

/// Adds (followers, following) to the counts of each user, who has been locked. Each follow that is added or taken away
/// is a change of both its users.
pub(in super::super) fn add_to_users(dialect: DbBackend, added: &BTreeMap<UserId, (i64, i64)>) -> Statement {
    let mut draft = Draft::new(dialect);
    let rows = added.iter().map(|(&id, &(followers, following))| {
        row! { id: hex(id), followers: followers, following: following }
    });
    let rows = draft.table(&[("id", Type::Id), ("followers", Type::Int), ("following", Type::Int)], rows.collect());
    draft.done(format!(
        "UPDATE users SET followers_count = users.followers_count + n.followers, \
         following_count = users.following_count + n.following, \
         version = users.version + abs(n.followers) + abs(n.following) \
         FROM {rows} WHERE users.id = n.id"
    ))
}

/// Adds likes to the count of each post, which has been locked. Each like is a change of its post.
pub(in super::super) fn add_to_posts(dialect: DbBackend, added: &BTreeMap<PostId, u64>) -> Statement {
    let mut draft = Draft::new(dialect);
    let rows = added.iter().map(|(&id, &likes)| row! { id: hex(id), likes: likes });
    let rows = draft.table(&[("id", Type::Id), ("likes", Type::Int)], rows.collect());
    draft.done(format!(
        "UPDATE posts SET like_count = posts.like_count + n.likes, version = posts.version + n.likes \
         FROM {rows} WHERE posts.id = n.id"
    ))
}

/// Adds to the counts of each author, some of whom may have none yet.
pub(in super::super) fn add_to_author_stats(dialect: DbBackend, added: &BTreeMap<UserId, AuthorStats>) -> Statement {
    let mut draft = Draft::new(dialect);
    let rows = added.iter().map(|(&id, stats)| row! { id: hex(id), posts: stats.posts, likes: stats.likes });
    let rows = draft.table(&[("id", Type::Id), ("posts", Type::Int), ("likes", Type::Int)], rows.collect());
    draft.done(format!(
        "INSERT INTO author_stats (author_id, posts_count, likes_count) \
         SELECT n.id, n.posts, n.likes FROM {rows} WHERE TRUE ORDER BY n.id \
         ON CONFLICT (author_id) DO UPDATE SET posts_count = author_stats.posts_count + excluded.posts_count, \
         likes_count = author_stats.likes_count + excluded.likes_count"
    ))
}
