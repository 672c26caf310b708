//! Sessions, and the password that begins them.
//!
//! Several sessions of one user are deleted only under the lock of that user, so that those who do it wait for each
//! other instead of deadlocking. Whatever touches a single session needs no lock but its own.

use std::collections::HashMap;

use super::super::db::{Db, Writing};
use super::super::queries;
use super::super::rows::Columns;
use crate::domain::{Timestamp, UserId};
use crate::ports::{PasswordHashChange, Session, StoreResult, TokenHash};

/// How many sessions are forgotten at once.
const SWEPT: u32 = 1_000;

pub(super) async fn open(db: &Db, session: &Session, hash: &str) -> StoreResult<bool> {
    Ok(db.run(queries::open_session(db.dialect(), session, hash)).await? > 0)
}

pub(super) async fn find(db: &Db, token: TokenHash, now: Timestamp) -> StoreResult<Option<Session>> {
    let read = |row: &mut Columns| {
        Ok(Session { token, user: row.id()?, created_at: row.moment()?, expires_at: row.moment()? })
    };
    Ok(db.rows(queries::session(db.dialect(), token, now), read).await?.pop())
}

pub(super) async fn living(
    db: &Db,
    tokens: &[TokenHash],
    now: Timestamp,
) -> StoreResult<HashMap<TokenHash, Timestamp>> {
    if tokens.is_empty() {
        return Ok(HashMap::new());
    }
    let read = |row: &mut Columns| Ok((row.bytes()?, row.moment()?));
    let found = db.rows(queries::living_sessions(db.dialect(), tokens, now), read).await?;
    // What has another length is no hash of ours.
    Ok(found.into_iter().filter_map(|(token, end)| Some((TokenHash(token.try_into().ok()?), end))).collect())
}

pub(super) async fn extend(db: &Db, token: TokenHash, expires_at: Timestamp) -> StoreResult<()> {
    db.run(queries::extend_session(db.dialect(), token, expires_at)).await.map(|_| ())
}

pub(super) async fn end(db: &Db, token: TokenHash, now: Timestamp) -> StoreResult<bool> {
    let writing = db.begin().await?;
    let ended = writing.rows(queries::end_session(db.dialect(), token), Columns::moment).await?;
    writing.commit().await?;
    Ok(ended.into_iter().any(|end| end > now))
}

pub(super) async fn end_all(db: &Db, user: UserId, now: Timestamp) -> StoreResult<u64> {
    let writing = db.begin().await?;
    writing.run(queries::lock_users(db.dialect(), &[user])).await?;
    let ended = end_those_of(&writing, user, None).await?;
    writing.commit().await?;
    Ok(ended.into_iter().filter(|&end| end > now).count() as u64)
}

pub(super) async fn sweep(db: &Db, now: Timestamp) -> StoreResult<u64> {
    db.run(queries::sweep_sessions(db.dialect(), now, SWEPT)).await
}

pub(super) async fn set_password(db: &Db, user: UserId, change: &PasswordHashChange<'_>) -> StoreResult<Option<u64>> {
    let writing = db.begin().await?;
    let found = writing.rows(queries::set_password(db.dialect(), user, change), Columns::id::<UserId>).await?;
    if found.is_empty() {
        return Ok(None);
    }
    let ended = end_those_of(&writing, user, Some(change.keep)).await?;
    writing.commit().await?;
    Ok(Some(ended.len() as u64))
}

/// Ends the sessions of a user who has been locked. Returns when each would have ended.
pub(super) async fn end_those_of(
    writing: &Writing,
    user: UserId,
    keep: Option<TokenHash>,
) -> StoreResult<Vec<Timestamp>> {
    writing.rows(queries::end_sessions(writing.dialect(), user, keep), Columns::moment).await
}
