//! Who likes which post.

use sea_orm::{DbBackend, Statement};

use super::LIKE;
use super::draft::{Draft, Row, Type, hex};
use super::pages::Children;
use crate::domain::{ByTime, LikeId, Page, PostId, UserId};

/// The likes with these ids.
pub fn likes_by_id(dialect: DbBackend, ids: &[LikeId]) -> Statement {
    let mut draft = Draft::new(dialect);
    let keys = ids.iter().map(|id| {
        Row::from_iter([("post_id".to_owned(), hex(id.post).into()), ("user_id".to_owned(), hex(id.user).into())])
    });
    let keys = draft.table(&[("post_id", Type::Id), ("user_id", Type::Id)], keys.collect());
    draft.done(format!("SELECT {LIKE} FROM {keys} JOIN likes l ON l.post_id = n.post_id AND l.user_id = n.user_id"))
}

/// A page of the likes of each of `posts`.
pub fn likes_of_posts(dialect: DbBackend, posts: &[PostId], page: &Page<ByTime>) -> Statement {
    let likes = Children {
        columns: LIKE,
        table: "likes l",
        join: "",
        parents: "TRUE",
        parent: "l.post_id",
        child: "l.user_id",
        order: &["l.created_at", "l.user_id"],
    };
    likes.statement(Draft::new(dialect), posts, "TRUE", page)
}

/// A page of the likes given by each of `users`.
pub fn likes_by_users(dialect: DbBackend, users: &[UserId], page: &Page<ByTime>) -> Statement {
    let likes = Children {
        columns: LIKE,
        table: "likes l",
        join: "",
        parents: "TRUE",
        parent: "l.user_id",
        child: "l.post_id",
        order: &["l.created_at", "l.post_id"],
    };
    likes.statement(Draft::new(dialect), users, "TRUE", page)
}

/// Which of `posts` `user` likes.
pub fn liked_among(dialect: DbBackend, user: UserId, posts: &[PostId]) -> Statement {
    let mut draft = Draft::new(dialect);
    let (user, among) = (draft.bind(user.0), draft.among("l.post_id", posts));
    draft.done(format!("SELECT l.post_id FROM likes l WHERE l.user_id = {user} AND {among}"))
}

/// The `limit` likes after `after`, by post and user, each with the version of its post.
pub fn scan_likes(dialect: DbBackend, after: Option<LikeId>, limit: u32) -> Statement {
    let mut draft = Draft::new(dialect);
    let condition = match after {
        Some(after) => {
            let (post, user) = (draft.bind(after.post.0), draft.bind(after.user.0));
            format!("(l.post_id, l.user_id) > ({post}, {user})")
        }
        None => "TRUE".to_owned(),
    };
    let limit = draft.bind(i64::from(limit));
    draft.done(format!(
        "SELECT {LIKE}, p.version FROM likes l JOIN posts p ON p.id = l.post_id \
         WHERE {condition} ORDER BY l.post_id, l.user_id LIMIT {limit}"
    ))
}
