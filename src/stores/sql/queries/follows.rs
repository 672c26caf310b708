//! Who follows whom, among those whose accounts are open. That viewers' accounts are is taken for granted: who is
//! signed in has one.

use sea_orm::{DbBackend, Statement};

use super::USER;
use super::draft::Draft;
use super::pages::Children;
use crate::domain::{ByTime, Page, UserId};

/// The condition that the account of the user `u` is open.
const OPEN: &str = "u.closed_at IS NULL";

/// The condition that the account of the user with the id in `column` is open, where users are not joined anyway.
fn open(column: &str) -> String {
    format!("NOT EXISTS (SELECT 1 FROM users c WHERE c.id = {column} AND c.closed_at IS NOT NULL)")
}

/// A page of the followers of each of `of`.
pub fn followers(dialect: DbBackend, of: &[UserId], page: &Page<ByTime>) -> Statement {
    page_of_followers(Draft::new(dialect), of, OPEN, page)
}

/// A page of those followers of each of `of` whom `viewer` follows.
pub fn mutual_followers(dialect: DbBackend, viewer: UserId, of: &[UserId], page: &Page<ByTime>) -> Statement {
    let mut draft = Draft::new(dialect);
    let viewer = draft.bind(viewer.0);
    let known =
        format!("{OPEN} AND f.follower_id IN (SELECT v.followed_id FROM follows v WHERE v.follower_id = {viewer})");
    page_of_followers(draft, of, &known, page)
}

fn page_of_followers(draft: Draft, of: &[UserId], condition: &str, page: &Page<ByTime>) -> Statement {
    let followers = Children {
        columns: &format!("{USER}, f.created_at"),
        table: "follows f",
        join: "JOIN users u ON u.id = f.follower_id",
        parents: &open("k.id"),
        parent: "f.followed_id",
        child: "f.follower_id",
        order: &["f.created_at", "f.follower_id"],
    };
    followers.statement(draft, of, condition, page)
}

/// A page of those whom each of `by` follows.
pub fn following(dialect: DbBackend, by: &[UserId], page: &Page<ByTime>) -> Statement {
    let following = Children {
        columns: &format!("{USER}, f.created_at"),
        table: "follows f",
        join: "JOIN users u ON u.id = f.followed_id",
        parents: &open("k.id"),
        parent: "f.follower_id",
        child: "f.followed_id",
        order: &["f.created_at", "f.followed_id"],
    };
    following.statement(Draft::new(dialect), by, OPEN, page)
}

/// How many followers of each of `of` `viewer` follows.
pub fn count_mutual_followers(dialect: DbBackend, viewer: UserId, of: &[UserId]) -> Statement {
    let mut draft = Draft::new(dialect);
    let (viewer, among) = (draft.bind(viewer.0), draft.among("f.followed_id", of));
    let (open_mutual, open_followed) = (open("v.followed_id"), open("f.followed_id"));
    draft.done(format!(
        "SELECT f.followed_id, count(*) FROM follows v JOIN follows f ON f.follower_id = v.followed_id \
         WHERE v.follower_id = {viewer} AND {among} AND {open_mutual} AND {open_followed} GROUP BY f.followed_id"
    ))
}

/// Which of `users` `viewer` follows.
pub fn followed_by(dialect: DbBackend, viewer: UserId, users: &[UserId]) -> Statement {
    let mut draft = Draft::new(dialect);
    let (viewer, among) = (draft.bind(viewer.0), draft.among("f.followed_id", users));
    let open = open("f.followed_id");
    draft.done(format!("SELECT f.followed_id FROM follows f WHERE f.follower_id = {viewer} AND {among} AND {open}"))
}

/// Which of `users` follow `viewer`.
pub fn followers_among(dialect: DbBackend, viewer: UserId, users: &[UserId]) -> Statement {
    let mut draft = Draft::new(dialect);
    let (viewer, among) = (draft.bind(viewer.0), draft.among("f.follower_id", users));
    let open = open("f.follower_id");
    draft.done(format!("SELECT f.follower_id FROM follows f WHERE f.followed_id = {viewer} AND {among} AND {open}"))
}

/// All whom `user` follows.
pub fn followees(dialect: DbBackend, user: UserId) -> Statement {
    let mut draft = Draft::new(dialect);
    let (user, open) = (draft.bind(user.0), open("f.followed_id"));
    draft.done(format!("SELECT f.followed_id FROM follows f WHERE f.follower_id = {user} AND {open}"))
}

/// Those followed by those whom `viewer` follows, with by how many.
pub fn suggestions(dialect: DbBackend, viewer: UserId, limit: u32) -> Statement {
    let mut draft = Draft::new(dialect);
    let (viewer, limit) = (draft.bind(viewer.0), draft.bind(i64::from(limit)));
    let (open_mutual, open_suggested) = (open("v.followed_id"), open("f.followed_id"));
    let theirs = if draft.is_postgres() {
        // Apart for each (OFFSET keeps it so): taken together, PostgreSQL would rather read all follows there are as soon as
        // it takes theirs for a fair part of them.
        "CROSS JOIN LATERAL (SELECT f.followed_id FROM follows f WHERE f.follower_id = v.followed_id OFFSET 0) AS f"
    } else {
        "JOIN follows f ON f.follower_id = v.followed_id"
    };
    draft.done(format!(
        "SELECT {USER}, s.mutual FROM ( \
           SELECT f.followed_id AS id, count(*) AS mutual FROM follows v {theirs} \
           WHERE v.follower_id = {viewer} AND f.followed_id <> {viewer} \
             AND f.followed_id NOT IN (SELECT w.followed_id FROM follows w WHERE w.follower_id = {viewer}) \
             AND {open_mutual} AND {open_suggested} \
           GROUP BY f.followed_id ORDER BY mutual DESC, f.followed_id DESC LIMIT {limit} \
         ) AS s JOIN users u ON u.id = s.id ORDER BY s.mutual DESC, s.id DESC"
    ))
}
