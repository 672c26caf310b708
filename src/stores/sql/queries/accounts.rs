//! Accounts as their owners change them.

use sea_orm::{DbBackend, Statement};

use super::draft::{Draft, Type, hex, row};
use super::writes::lock;
use crate::domain::text::Handle;
use crate::domain::{Timestamp, User, UserId};
use crate::ports::{Login, PasswordHashChange};

/// The id and the password's hash of whoever this login is of.
pub(in super::super) fn credentials(dialect: DbBackend, login: &Login) -> Statement {
    let mut draft = Draft::new(dialect);
    let condition = match login {
        Login::Handle(handle) => format!("u.handle = {}", draft.bind(handle.to_string())),
        Login::Email(email) => format!("u.email_key = {}", draft.bind(email.clone())),
    };
    draft.done(format!("SELECT u.id, u.password_hash FROM users u WHERE {condition} AND u.closed_at IS NULL"))
}

/// The id and the password's hash of `user`.
pub(in super::super) fn credentials_of(dialect: DbBackend, user: UserId) -> Statement {
    let mut draft = Draft::new(dialect);
    let user = draft.bind(user.0);
    draft.done(format!("SELECT u.id, u.password_hash FROM users u WHERE u.id = {user} AND u.closed_at IS NULL"))
}

/// Whether the handle and whether the address are in use by anybody but `user`, those with closed accounts included.
pub(in super::super) fn taken(
    dialect: DbBackend,
    user: UserId,
    handle: Option<&Handle>,
    email_key: Option<String>,
) -> Statement {
    let mut draft = Draft::new(dialect);
    let user = draft.bind(user.0);
    let (handle, email_key) = (draft.bind(handle.map(ToString::to_string)), draft.bind(email_key));
    draft.done(format!(
        "SELECT EXISTS (SELECT 1 FROM users u WHERE u.handle = {handle} AND u.id <> {user}), \
         EXISTS (SELECT 1 FROM users u WHERE u.email_key = {email_key} AND u.id <> {user})"
    ))
}

/// Stores the profile and the version of a user, who has been locked.
pub(in super::super) fn update_profile(dialect: DbBackend, user: &User) -> Statement {
    let mut draft = Draft::new(dialect);
    let email = user.email.reveal_internally();
    let set = [
        ("handle", draft.bind(user.handle.to_string())),
        ("name", draft.bind(user.name.clone())),
        ("bio", draft.bind(user.bio.clone())),
        ("email", draft.bind(email.clone())),
        ("email_key", draft.bind(email.to_lowercase())),
        ("version", draft.bind(i64::try_from(user.version).unwrap_or(i64::MAX))),
    ];
    let set = set.map(|(column, value)| format!("{column} = {value}")).join(", ");
    let id = draft.bind(user.id.0);
    draft.done(format!("UPDATE users SET {set} WHERE id = {id}"))
}

/// Replaces the hash of a password; a row where there is such a user, and the hash was the one that was checked.
pub(in super::super) fn set_password(dialect: DbBackend, user: UserId, change: &PasswordHashChange<'_>) -> Statement {
    let mut draft = Draft::new(dialect);
    let (user, checked, new) = (draft.bind(user.0), draft.bind(change.checked), draft.bind(change.new));
    draft.done(format!(
        "UPDATE users SET password_hash = {new} \
         WHERE id = {user} AND password_hash = {checked} AND closed_at IS NULL RETURNING id"
    ))
}

/// Closes the account of `user`; the new version, where there was an open one.
pub(in super::super) fn close_account(dialect: DbBackend, user: UserId, at: Timestamp) -> Statement {
    let mut draft = Draft::new(dialect);
    let (user, at) = (draft.bind(user.0), draft.bind(at.millis()));
    draft.done(format!(
        "UPDATE users SET closed_at = {at}, version = version + 1 WHERE id = {user} AND closed_at IS NULL \
         RETURNING version"
    ))
}

/// Deletes the closed account of `user`; the last version, where there was one.
pub(in super::super) fn delete_account(dialect: DbBackend, user: UserId) -> Statement {
    let mut draft = Draft::new(dialect);
    let user = draft.bind(user.0);
    draft.done(format!("DELETE FROM users WHERE id = {user} AND closed_at IS NOT NULL RETURNING version"))
}

/// Up to `limit` follows (follower, followed) in which `user`, whose account is closed, is on either side.
pub(in super::super) fn follows_of_closed(dialect: DbBackend, user: UserId, limit: u32) -> Statement {
    let mut draft = Draft::new(dialect);
    let (user, limit) = (draft.bind(user.0), draft.bind(i64::from(limit)));
    let side = |column: &str| {
        format!(
            "SELECT * FROM (SELECT f.follower_id, f.followed_id FROM users c JOIN follows f ON f.{column} = c.id \
             WHERE c.id = {user} AND c.closed_at IS NOT NULL LIMIT {limit}) AS {column}"
        )
    };
    // UNION, not UNION ALL, since somebody might follow themselves.
    draft.done(format!("{} UNION {} LIMIT {limit}", side("follower_id"), side("followed_id")))
}

/// Locks those of `users` that are there, closed or not.
pub(in super::super) fn lock_all_users(dialect: DbBackend, users: &[UserId]) -> Statement {
    let mut draft = Draft::new(dialect);
    let (among, lock) = (draft.among("u.id", users), lock(dialect));
    draft.done(format!("SELECT u.id FROM users u WHERE {among} ORDER BY u.id {lock}"))
}

/// Deletes follows (follower, followed) between users who have been locked; a row for each that was there.
pub(in super::super) fn delete_follows(dialect: DbBackend, follows: &[(UserId, UserId)]) -> Statement {
    let mut draft = Draft::new(dialect);
    let rows =
        follows.iter().map(|&(follower, followed)| row! { follower_id: hex(follower), followed_id: hex(followed) });
    let rows = draft.table(&[("follower_id", Type::Id), ("followed_id", Type::Id)], rows.collect());
    draft.done(format!(
        "DELETE FROM follows WHERE (follower_id, followed_id) IN (SELECT n.follower_id, n.followed_id FROM {rows}) \
         RETURNING follower_id, followed_id"
    ))
}
