//! Writes of posts and likes by their owners.
//!
//! A transaction locks the post first, then the counts of users in the order of their ids, and the outbox last. All
//! writes of likes hold the lock of their post.

use std::collections::BTreeMap;

use sea_orm::{DbBackend, Statement};

use super::draft::{Draft, Type, hex, row};
use super::post;
use super::writes::lock;
use crate::domain::{Post, PostFields, PostId, Timestamp, UserId};
use crate::ports::Idempotency;

/// The post, locked against other writers until the transaction ends.
pub(in super::super) fn lock_post(dialect: DbBackend, id: PostId) -> Statement {
    let mut draft = Draft::new(dialect);
    let (id, post, lock) = (draft.bind(id.0), post(PostFields::ALL), lock(dialect));
    draft.done(format!("SELECT {post} FROM posts p WHERE p.id = {id} {lock}"))
}

/// Locks the counts of `users`, who are given a row where they have none; rows (user, whether the account is closed).
/// One statement, so that there is one order in which counts are locked: theirs, and that of
/// [`add_to_author_stats`](super::add_to_author_stats).
pub(in super::super) fn lock_stats(dialect: DbBackend, users: &[UserId]) -> Statement {
    let mut draft = Draft::new(dialect);
    let users = draft.keys(users);
    draft.done(format!(
        "INSERT INTO author_stats (author_id) SELECT k.id FROM {users} WHERE TRUE ORDER BY k.id \
         ON CONFLICT (author_id) DO UPDATE SET closed = author_stats.closed RETURNING author_id, closed"
    ))
}

/// Marks an account as closed.
pub(in super::super) fn close(dialect: DbBackend, user: UserId) -> Statement {
    let mut draft = Draft::new(dialect);
    let user = draft.bind(user.0);
    draft.done(format!(
        "INSERT INTO author_stats (author_id, closed) VALUES ({user}, TRUE) \
         ON CONFLICT (author_id) DO UPDATE SET closed = TRUE"
    ))
}

/// What a key was used for, as a row (fingerprint, post), unless it is from before it is to be forgotten.
pub(in super::super) fn used_key(dialect: DbBackend, author: UserId, idempotency: &Idempotency) -> Statement {
    let mut draft = Draft::new(dialect);
    let (author, key) = (draft.bind(author.0), draft.bind(idempotency.key.as_str()));
    let not_before = draft.bind(idempotency.not_before.millis());
    draft.done(format!(
        "SELECT k.fingerprint, k.post_id FROM publishing_keys k \
         WHERE k.author_id = {author} AND k.key = {key} AND k.created_at >= {not_before}"
    ))
}

/// Remembers what a key is used for.
pub(in super::super) fn use_key(
    dialect: DbBackend,
    author: UserId,
    idempotency: &Idempotency,
    post: PostId,
    at: Timestamp,
) -> Statement {
    let mut draft = Draft::new(dialect);
    let values = [
        draft.bind(author.0),
        draft.bind(idempotency.key.as_str()),
        draft.bind(fingerprint(idempotency)),
        draft.bind(post.0),
        draft.bind(at.millis()),
    ];
    draft.done(format!(
        "INSERT INTO publishing_keys (author_id, key, fingerprint, post_id, created_at) VALUES ({}) \
         ON CONFLICT (author_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, \
         post_id = excluded.post_id, created_at = excluded.created_at",
        values.join(", ")
    ))
}

/// A fingerprint as the table has it.
pub(in super::super) fn fingerprint(idempotency: &Idempotency) -> String {
    crate::domain::hex(&idempotency.fingerprint)
}

/// Forgets keys from before `before`, up to `limit` of them; a row for each.
pub(in super::super) fn sweep_keys(dialect: DbBackend, before: Timestamp, limit: u32) -> Statement {
    let mut draft = Draft::new(dialect);
    let (before, limit) = (draft.bind(before.millis()), draft.bind(i64::from(limit)));
    draft.done(format!(
        "DELETE FROM publishing_keys WHERE (author_id, key) IN ( \
           SELECT k.author_id, k.key FROM publishing_keys k WHERE k.created_at < {before} \
           ORDER BY k.created_at LIMIT {limit} \
         ) RETURNING author_id"
    ))
}

/// Writes an edited post, which has been locked.
pub(in super::super) fn update_post(dialect: DbBackend, post: &Post) -> Statement {
    let mut draft = Draft::new(dialect);
    let id = draft.bind(post.id.0);
    let (title, content) = (draft.bind(post.title.as_str()), draft.bind(post.content.as_deref()));
    let updated_at = draft.bind(post.updated_at.millis());
    draft.done(format!(
        "UPDATE posts SET title = {title}, content = {content}, updated_at = {updated_at}, \
         revision = revision + 1, version = version + 1 WHERE id = {id}"
    ))
}

/// Locks the counts of the author of a post, which has been locked, and of all who like it. One row.
pub(in super::super) fn lock_stats_of_post(dialect: DbBackend, id: PostId) -> Statement {
    let mut draft = Draft::new(dialect);
    let (id, lock) = (draft.bind(id.0), lock(dialect));
    draft.done(format!(
        "SELECT count(*) FROM ( \
           SELECT s.author_id FROM author_stats s WHERE s.author_id IN ( \
             SELECT l.user_id FROM likes l WHERE l.post_id = {id} \
             UNION ALL SELECT p.author_id FROM posts p WHERE p.id = {id} \
           ) ORDER BY s.author_id {lock} \
         ) AS locked"
    ))
}

/// Takes the likes of a post back from the counts of those who like it.
pub(in super::super) fn uncount_likes_of_post(dialect: DbBackend, id: PostId) -> Statement {
    let mut draft = Draft::new(dialect);
    let id = draft.bind(id.0);
    draft.done(format!(
        "UPDATE author_stats SET likes_count = likes_count - 1 \
         WHERE author_id IN (SELECT l.user_id FROM likes l WHERE l.post_id = {id})"
    ))
}

/// Deletes a post, and with it all of its likes.
pub(in super::super) fn delete_post(dialect: DbBackend, id: PostId) -> Statement {
    let mut draft = Draft::new(dialect);
    let id = draft.bind(id.0);
    draft.done(format!("DELETE FROM posts WHERE id = {id}"))
}

/// Which of `users` like a post since when, as rows (user, moment).
pub(in super::super) fn likes_among(dialect: DbBackend, id: PostId, users: &[UserId]) -> Statement {
    let mut draft = Draft::new(dialect);
    let (id, among) = (draft.bind(id.0), draft.among("l.user_id", users));
    draft.done(format!("SELECT l.user_id, l.created_at FROM likes l WHERE l.post_id = {id} AND {among}"))
}

/// Deletes the likes of a post by `users`.
pub(in super::super) fn delete_likes(dialect: DbBackend, id: PostId, users: &[UserId]) -> Statement {
    let mut draft = Draft::new(dialect);
    let (id, among) = (draft.bind(id.0), draft.among("user_id", users));
    draft.done(format!("DELETE FROM likes WHERE post_id = {id} AND {among}"))
}

/// Changes a post's count of likes by `difference` after so many `changes` of its likes.
pub(in super::super) fn count_likes(dialect: DbBackend, id: PostId, difference: i64, changes: i64) -> Statement {
    let mut draft = Draft::new(dialect);
    let (id, difference, changes) = (draft.bind(id.0), draft.bind(difference), draft.bind(changes));
    draft.done(format!(
        "UPDATE posts SET like_count = like_count + {difference}, version = version + {changes} WHERE id = {id}"
    ))
}

/// By how much a user's counts change.
#[derive(Clone, Copy, Default)]
pub(in super::super) struct Difference {
    pub(in super::super) posts: i64,
    pub(in super::super) likes: i64,
}

/// Changes the counts of users, who have been locked.
pub(in super::super) fn count_for(dialect: DbBackend, differences: &BTreeMap<UserId, Difference>) -> Statement {
    let mut draft = Draft::new(dialect);
    let rows = differences.iter().map(|(&id, by)| row! { id: hex(id), posts: by.posts, likes: by.likes });
    let rows = draft.table(&[("id", Type::Id), ("posts", Type::Int), ("likes", Type::Int)], rows.collect());
    draft.done(format!(
        "UPDATE author_stats SET posts_count = author_stats.posts_count + n.posts, \
         likes_count = author_stats.likes_count + n.likes FROM {rows} WHERE author_stats.author_id = n.id"
    ))
}
