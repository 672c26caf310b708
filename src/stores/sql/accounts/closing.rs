//! The end of an account: closed at once, emptied step by step, deleted at last.

use std::collections::BTreeSet;

use super::super::db::{Db, Writing};
use super::super::rows::Columns;
use super::super::{outbox, queries};
use super::{follows, sessions};
use crate::domain::UserId;
use crate::domain::event::{Happened, Stamp};
use crate::ports::StoreResult;

/// How many follows are removed at once where some are left when an account is deleted.
const LEFT: u32 = 1_000;

pub(super) async fn close(db: &Db, user: UserId, stamp: Stamp) -> StoreResult<bool> {
    let writing = db.begin().await?;
    let version = writing.rows(queries::close_account(db.dialect(), user, stamp.at), Columns::count).await?.pop();
    let Some(version) = version else {
        return Ok(false);
    };
    sessions::end_those_of(&writing, user, None).await?;
    outbox::leave(&writing, &[stamp.event(user, version, Happened::UserClosed)]).await?;
    writing.commit().await?;
    Ok(true)
}

pub(super) async fn remove_follows(db: &Db, user: UserId, limit: u32) -> StoreResult<u64> {
    let writing = db.begin().await?;
    let removed = remove_some(&writing, user, limit).await?;
    writing.commit().await?;
    Ok(removed)
}

/// Nobody begins or ends a follow of a closed account, so that those found are still there when all of their users
/// have been locked, unless another worker has removed them meanwhile.
async fn remove_some(writing: &Writing, user: UserId, limit: u32) -> StoreResult<u64> {
    let read = |row: &mut Columns| Ok((row.id()?, row.id()?));
    let found: Vec<follows::Follow> =
        writing.rows(queries::follows_of_closed(writing.dialect(), user, limit), read).await?;
    if found.is_empty() {
        return Ok(0);
    }
    let users: BTreeSet<UserId> = found.iter().flat_map(|&(follower, followed)| [follower, followed]).collect();
    writing.run(queries::lock_all_users(writing.dialect(), &Vec::from_iter(users))).await?;
    follows::remove(writing, &found).await
}

/// The database would remove follows that are left with the user, but would not count them.
pub(super) async fn delete(db: &Db, user: UserId, stamp: Stamp) -> StoreResult<bool> {
    while remove_follows(db, user, LEFT).await? > 0 {}
    let writing = db.begin().await?;
    let version = writing.rows(queries::delete_account(db.dialect(), user), Columns::count).await?.pop();
    let Some(version) = version else {
        return Ok(false);
    };
    outbox::leave(&writing, &[stamp.event(user, version + 1, Happened::UserDeleted)]).await?;
    writing.commit().await?;
    Ok(true)
}
