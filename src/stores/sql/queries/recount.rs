//! Counting again what is kept as counts, and setting those right.
//!
//! A count and what it counts are read by one statement: both are of one moment. Fixing locks the row first, as every
//! write that counts does, so that it is right whatever goes on beside it.

use std::collections::BTreeMap;

use sea_orm::{DbBackend, Statement};
use uuid::Uuid;

use super::draft::{Draft, Row, Type, hex, row};
use super::writes::lock;
use crate::domain::{LikeId, PostId, UserId};

const FOLLOWERS: &str = "(SELECT count(*) FROM follows f WHERE f.followed_id = u.id)";
const FOLLOWING: &str = "(SELECT count(*) FROM follows f WHERE f.follower_id = u.id)";
const LIKES: &str = "(SELECT count(*) FROM likes l WHERE l.post_id = p.id)";

/// A table whose rows have versions.
#[derive(Debug, Clone, Copy)]
pub(in super::super) enum Versioned {
    Users,
    Posts,
}

impl Versioned {
    fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Posts => "posts",
        }
    }
}

/// A row (id, followers kept, followers counted, following kept, following counted) for each of `users`.
pub fn recount_users(dialect: DbBackend, users: &[UserId]) -> Statement {
    let mut draft = Draft::new(dialect);
    let among = draft.among("u.id", users);
    draft.done(format!(
        "SELECT u.id, u.followers_count, {FOLLOWERS}, u.following_count, {FOLLOWING} FROM users u WHERE {among}"
    ))
}

/// Sets the counts of `users`, who have been locked; a row (id, version) for each.
pub(in super::super) fn fix_user_counts(dialect: DbBackend, users: &[UserId]) -> Statement {
    let mut draft = Draft::new(dialect);
    let among = draft.among("u.id", users);
    draft.done(format!(
        "UPDATE users AS u SET followers_count = {FOLLOWERS}, following_count = {FOLLOWING}, version = u.version + 1 \
         WHERE {among} RETURNING id, version"
    ))
}

/// A row (id, likes kept, likes counted) for each of `posts`.
pub fn recount_posts(dialect: DbBackend, posts: &[PostId]) -> Statement {
    let mut draft = Draft::new(dialect);
    let among = draft.among("p.id", posts);
    draft.done(format!("SELECT p.id, p.like_count, {LIKES} FROM posts p WHERE {among}"))
}

/// Sets the counts of `posts`, which have been locked; a row (id, author, version) for each.
pub(in super::super) fn fix_post_counts(dialect: DbBackend, posts: &[PostId]) -> Statement {
    let mut draft = Draft::new(dialect);
    let among = draft.among("p.id", posts);
    draft.done(format!(
        "UPDATE posts AS p SET like_count = {LIKES}, version = p.version + 1 WHERE {among} \
         RETURNING id, author_id, version"
    ))
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

/// Removes likes, whose posts and users have been locked; what each was.
pub(in super::super) fn remove_likes(dialect: DbBackend, likes: &[LikeId]) -> Statement {
    let mut draft = Draft::new(dialect);
    let keys = likes.iter().map(|id| {
        Row::from_iter([("post_id".to_owned(), hex(id.post).into()), ("user_id".to_owned(), hex(id.user).into())])
    });
    let keys = draft.table(&[("post_id", Type::Id), ("user_id", Type::Id)], keys.collect());
    draft.done(format!(
        "DELETE FROM likes WHERE (post_id, user_id) IN (SELECT n.post_id, n.user_id FROM {keys}) \
         RETURNING post_id, user_id, author_id, created_at"
    ))
}

/// Locks those of `ids` that are in `table`, in their order.
pub(in super::super) fn lock_versions(dialect: DbBackend, table: Versioned, ids: &[Uuid]) -> Statement {
    let mut draft = Draft::new(dialect);
    let (among, lock) = (draft.among("t.id", ids), lock(dialect));
    draft.done(format!("SELECT t.id FROM {} t WHERE {among} ORDER BY t.id {lock}", table.name()))
}

/// Raises versions to one above a number each, where they are not there yet; a row (id, version) for each that is there.
pub(in super::super) fn raise_versions(dialect: DbBackend, table: Versioned, above: &BTreeMap<Uuid, u64>) -> Statement {
    let mut draft = Draft::new(dialect);
    let rows = above.iter().map(|(&id, &above)| row! { key: hex(id), above: above });
    let rows = draft.table(&[("key", Type::Id), ("above", Type::Int)], rows.collect());
    let (name, greatest) = (table.name(), if draft.is_postgres() { "GREATEST" } else { "MAX" });
    draft.done(format!(
        "UPDATE {name} SET version = {greatest}({name}.version, n.above + 1) FROM {rows} WHERE {name}.id = n.key \
         RETURNING id, version"
    ))
}
