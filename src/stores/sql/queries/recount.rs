//! Counting again what is kept as counts, and setting those right.
//!
//! A count and what it counts are read by one statement: both are of one moment. Fixing locks the row first, as every
//! write that counts does, so that it is right whatever goes on beside it.

use sea_orm::{DbBackend, Statement};

use super::draft::{Draft, Row, Type, hex};
use crate::domain::{LikeId, PostId, UserId};

const FOLLOWERS: &str = "(SELECT count(*) FROM follows f WHERE f.followed_id = u.id)";
const FOLLOWING: &str = "(SELECT count(*) FROM follows f WHERE f.follower_id = u.id)";
const LIKES: &str = "(SELECT count(*) FROM likes l WHERE l.post_id = p.id)";

/// A row (id, followers kept, followers counted, following kept, following counted) for each of `users`.
pub fn recount_users(dialect: DbBackend, users: &[UserId]) -> Statement {
    let mut draft = Draft::new(dialect);
    let among = draft.among("u.id", users);
    draft.done(format!(
        "SELECT u.id, u.followers_count, {FOLLOWERS}, u.following_count, {FOLLOWING} FROM users u WHERE {among}"
    ))
}

/// Sets the counts of `users`, who have been locked.
pub(in super::super) fn fix_user_counts(dialect: DbBackend, users: &[UserId]) -> Statement {
    let mut draft = Draft::new(dialect);
    let among = draft.among("u.id", users);
    draft.done(format!(
        "UPDATE users AS u SET followers_count = {FOLLOWERS}, following_count = {FOLLOWING}, version = u.version + 1 \
         WHERE {among}"
    ))
}

/// A row (id, likes kept, likes counted) for each of `posts`.
pub fn recount_posts(dialect: DbBackend, posts: &[PostId]) -> Statement {
    let mut draft = Draft::new(dialect);
    let among = draft.among("p.id", posts);
    draft.done(format!("SELECT p.id, p.like_count, {LIKES} FROM posts p WHERE {among}"))
}

/// Sets the counts of `posts`, which have been locked.
pub(in super::super) fn fix_post_counts(dialect: DbBackend, posts: &[PostId]) -> Statement {
    let mut draft = Draft::new(dialect);
    let among = draft.among("p.id", posts);
    draft.done(format!("UPDATE posts AS p SET like_count = {LIKES}, version = p.version + 1 WHERE {among}"))
}

/// A row (id, posts kept, posts counted, likes kept, likes counted) for each of `authors`.
pub fn recount_authors(dialect: DbBackend, authors: &[UserId]) -> Statement {
    let mut draft = Draft::new(dialect);
    let keys = draft.keys(authors);
    draft.done(format!(
        "SELECT k.id, COALESCE(s.posts_count, 0), (SELECT count(*) FROM posts p WHERE p.author_id = k.id), \
         COALESCE(s.likes_count, 0), (SELECT count(*) FROM likes l WHERE l.user_id = k.id) \
         FROM {keys} LEFT JOIN author_stats s ON s.author_id = k.id"
    ))
}

/// Makes rows for those of `authors` who have none, and locks all of them.
pub(in super::super) fn lock_authors(dialect: DbBackend, authors: &[UserId]) -> Statement {
    let mut draft = Draft::new(dialect);
    let keys = draft.keys(authors);
    draft.done(format!(
        "INSERT INTO author_stats (author_id) SELECT k.id FROM {keys} WHERE TRUE ORDER BY k.id \
         ON CONFLICT (author_id) DO UPDATE SET posts_count = author_stats.posts_count"
    ))
}

/// Sets the counts of `authors`, who have been locked.
pub(in super::super) fn fix_author_counts(dialect: DbBackend, authors: &[UserId]) -> Statement {
    let mut draft = Draft::new(dialect);
    let among = draft.among("author_id", authors);
    draft.done(format!(
        "UPDATE author_stats SET \
         posts_count = (SELECT count(*) FROM posts p WHERE p.author_id = author_stats.author_id), \
         likes_count = (SELECT count(*) FROM likes l WHERE l.user_id = author_stats.author_id) WHERE {among}"
    ))
}

/// Removes likes, whose posts and users have been locked.
pub(in super::super) fn remove_likes(dialect: DbBackend, likes: &[LikeId]) -> Statement {
    let mut draft = Draft::new(dialect);
    let keys = likes.iter().map(|id| {
        Row::from_iter([("post_id".to_owned(), hex(id.post).into()), ("user_id".to_owned(), hex(id.user).into())])
    });
    let keys = draft.table(&[("post_id", Type::Id), ("user_id", Type::Id)], keys.collect());
    draft.done(format!("DELETE FROM likes WHERE (post_id, user_id) IN (SELECT n.post_id, n.user_id FROM {keys})"))
}
