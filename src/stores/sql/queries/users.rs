//! Users by key, in their three orders, and all of them: those whose accounts are open.

use sea_orm::{DbBackend, Statement};

use super::USER;
use super::draft::Draft;
use super::pages::{Order, Position, Seek};
use crate::domain::text::Handle;
use crate::domain::{ByCount, ByHandle, Page, UserId};

/// The users with these ids.
pub fn users_by_id(dialect: DbBackend, ids: &[UserId]) -> Statement {
    let mut draft = Draft::new(dialect);
    let among = draft.among("u.id", ids);
    draft.done(format!("SELECT {USER} FROM users u WHERE {among} AND u.closed_at IS NULL"))
}

/// The users with these handles.
pub fn users_by_handle(dialect: DbBackend, handles: &[Handle]) -> Statement {
    let mut draft = Draft::new(dialect);
    let among = draft.among_texts("u.handle", handles.iter().map(ToString::to_string).collect());
    draft.done(format!("SELECT {USER} FROM users u WHERE {among} AND u.closed_at IS NULL"))
}

/// A page of all users, newest first.
pub fn users_newest(dialect: DbBackend, page: &Page<UserId>) -> Statement {
    users(dialect, &["u.id"], Order::Descending, page)
}

/// A page of all users by handle.
pub fn users_by_handle_order(dialect: DbBackend, page: &Page<ByHandle>) -> Statement {
    users(dialect, &["u.handle"], Order::Ascending, page)
}

/// A page of all users, most followed first.
pub fn users_most_followed(dialect: DbBackend, page: &Page<ByCount>) -> Statement {
    users(dialect, &["u.followers_count", "u.id"], Order::Descending, page)
}

fn users<C: Position>(dialect: DbBackend, columns: &[&str], order: Order, page: &Page<C>) -> Statement {
    let mut draft = Draft::new(dialect);
    let Seek { condition, order, limit, .. } = Seek::new(&mut draft, columns, order, page);
    draft.done(format!(
        "SELECT {USER} FROM users u WHERE u.closed_at IS NULL AND {condition} ORDER BY {order} LIMIT {limit}"
    ))
}

/// How many users there are. All are counted from the smallest index there is, and the closed ones from their own.
pub fn count_users(dialect: DbBackend) -> Statement {
    Draft::new(dialect)
        .done("SELECT (SELECT count(*) FROM users) - (SELECT count(*) FROM users u WHERE u.closed_at IS NOT NULL)")
}

/// The `limit` users after `after`, by id.
pub fn scan_users(dialect: DbBackend, after: Option<UserId>, limit: u32) -> Statement {
    let mut draft = Draft::new(dialect);
    let condition = match after {
        Some(after) => format!("u.id > {}", draft.bind(after.0)),
        None => "TRUE".to_owned(),
    };
    let limit = draft.bind(i64::from(limit));
    draft.done(format!(
        "SELECT {USER} FROM users u WHERE u.closed_at IS NULL AND {condition} ORDER BY u.id LIMIT {limit}"
    ))
}
