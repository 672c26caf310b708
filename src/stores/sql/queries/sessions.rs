//! Sessions, found by the hash of their token.

use sea_orm::{DbBackend, Statement};

use super::draft::Draft;
use crate::domain::{Timestamp, UserId};
use crate::ports::{Session, TokenHash};

/// Adds a session, if its user's account is open and has this password. Neither can change until that is done: whoever
/// closes the account or replaces the password finds this session to end.
pub(in super::super) fn open_session(dialect: DbBackend, session: &Session, hash: &str) -> Statement {
    let mut draft = Draft::new(dialect);
    let (token, user) = (draft.bind(session.token.0.to_vec()), draft.bind(session.user.0));
    let (created_at, expires_at) = (draft.bind(session.created_at.millis()), draft.bind(session.expires_at.millis()));
    let hash = draft.bind(hash);
    // Where the row is being changed, PostgreSQL waits, and looks at the condition again.
    let lock = if draft.is_postgres() { "FOR SHARE" } else { "" };
    draft.done(format!(
        "INSERT INTO sessions (token_hash, user_id, created_at, expires_at) \
         SELECT {token}, u.id, {created_at}, {expires_at} FROM users u \
         WHERE u.id = {user} AND u.password_hash = {hash} AND u.closed_at IS NULL {lock}"
    ))
}

/// The user, the beginning and the end of the session with this token.
pub(in super::super) fn session(dialect: DbBackend, token: TokenHash, now: Timestamp) -> Statement {
    let mut draft = Draft::new(dialect);
    let (token, now) = (draft.bind(token.0.to_vec()), draft.bind(now.millis()));
    draft.done(format!(
        "SELECT s.user_id, s.created_at, s.expires_at FROM sessions s JOIN users u ON u.id = s.user_id \
         WHERE s.token_hash = {token} AND s.expires_at > {now} AND u.closed_at IS NULL"
    ))
}

/// The tokens among these whose sessions are there, and when each ends.
pub(in super::super) fn living_sessions(dialect: DbBackend, tokens: &[TokenHash], now: Timestamp) -> Statement {
    let mut draft = Draft::new(dialect);
    let among = draft.among_bytes("s.token_hash", tokens.iter().map(|token| token.0.to_vec()).collect());
    let now = draft.bind(now.millis());
    draft.done(format!(
        "SELECT s.token_hash, s.expires_at FROM sessions s JOIN users u ON u.id = s.user_id \
         WHERE {among} AND s.expires_at > {now} AND u.closed_at IS NULL"
    ))
}

/// Lets the session with this token end later, never earlier.
pub(in super::super) fn extend_session(dialect: DbBackend, token: TokenHash, expires_at: Timestamp) -> Statement {
    let mut draft = Draft::new(dialect);
    let (token, expires_at) = (draft.bind(token.0.to_vec()), draft.bind(expires_at.millis()));
    draft.done(format!(
        "UPDATE sessions SET expires_at = {expires_at} WHERE token_hash = {token} AND expires_at < {expires_at}"
    ))
}

/// Deletes the session with this token; when it would have ended.
pub(in super::super) fn end_session(dialect: DbBackend, token: TokenHash) -> Statement {
    let mut draft = Draft::new(dialect);
    let token = draft.bind(token.0.to_vec());
    draft.done(format!("DELETE FROM sessions WHERE token_hash = {token} RETURNING expires_at"))
}

/// Deletes the sessions of `user`, who has been locked, but for the one with the token `keep`; when each would have
/// ended.
pub(in super::super) fn end_sessions(dialect: DbBackend, user: UserId, keep: Option<TokenHash>) -> Statement {
    let mut draft = Draft::new(dialect);
    let user = draft.bind(user.0);
    let but = match keep {
        Some(token) => format!("AND token_hash <> {}", draft.bind(token.0.to_vec())),
        None => String::new(),
    };
    draft.done(format!("DELETE FROM sessions WHERE user_id = {user} {but} RETURNING expires_at"))
}

/// Deletes up to `limit` sessions that ended before `now`. Those that somebody else is about to delete or to extend
/// are left to them.
pub(in super::super) fn sweep_sessions(dialect: DbBackend, now: Timestamp, limit: u32) -> Statement {
    let mut draft = Draft::new(dialect);
    let (now, limit) = (draft.bind(now.millis()), draft.bind(i64::from(limit)));
    let lock = if draft.is_postgres() { "FOR UPDATE SKIP LOCKED" } else { "" };
    draft.done(format!(
        "DELETE FROM sessions WHERE token_hash IN ( \
           SELECT s.token_hash FROM sessions s WHERE s.expires_at < {now} ORDER BY s.expires_at LIMIT {limit} {lock} \
         )"
    ))
}
