//! Follows, one at a time.

use std::collections::{BTreeMap, HashMap};

use super::super::db::{Db, Writing};
use super::super::rows::Columns;
use super::super::{outbox, queries};
use crate::domain::event::{Happened, Stamp};
use crate::domain::{User, UserId};
use crate::ports::{NewFollow, Role, StoreError, StoreResult};

/// A follower and whom they follow.
pub(super) type Follow = (UserId, UserId);

pub(super) async fn follow(db: &Db, follower: UserId, followed: UserId, stamp: Stamp) -> StoreResult<Option<User>> {
    let writing = db.begin().await?;
    let mut users = lock(&writing, &[follower, followed]).await?;
    let Some(before) = users.remove(&followed).filter(|_| follower == followed || users.contains_key(&follower)) else {
        return Ok(None);
    };
    let wish = NewFollow { follower, followed, created_at: stamp.at };
    let new = writing.rows(queries::insert_follows(db.dialect(), &[wish]), read).await?;
    if new.is_empty() {
        return Ok(Some(before));
    }
    count(&writing, &new, 1).await?;
    tell(writing, (follower, followed), Happened::UserFollowed { followed: followed.0 }, stamp).await.map(Some)
}

pub(super) async fn unfollow(db: &Db, follower: UserId, followed: UserId, stamp: Stamp) -> StoreResult<Option<User>> {
    let writing = db.begin().await?;
    let mut users = lock(&writing, &[follower, followed]).await?;
    let follower_is_open = users.contains_key(&follower);
    let Some(before) = users.remove(&followed) else {
        return Ok(None);
    };
    if !follower_is_open {
        return Ok(Some(before));
    }
    let gone = remove(&writing, &[(follower, followed)]).await?;
    if gone == 0 {
        return Ok(Some(before));
    }
    tell(writing, (follower, followed), Happened::UserUnfollowed { followed: followed.0 }, stamp).await.map(Some)
}

/// Those of `users` who are there and open, locked in the order of their ids.
async fn lock(writing: &Writing, users: &[UserId]) -> StoreResult<HashMap<UserId, User>> {
    let users = writing.rows(queries::lock_users(writing.dialect(), users), Columns::user).await?;
    Ok(users.into_iter().map(|user| (user.id, user)).collect())
}

/// Removes follows between users who have been locked, and takes them off their counts. Returns how many there were.
pub(super) async fn remove(writing: &Writing, follows: &[Follow]) -> StoreResult<u64> {
    let gone = writing.rows(queries::delete_follows(writing.dialect(), follows), read).await?;
    if !gone.is_empty() {
        count(writing, &gone, -1).await?;
    }
    Ok(gone.len() as u64)
}

fn read(row: &mut Columns) -> StoreResult<Follow> {
    Ok((row.id()?, row.id()?))
}

/// Adds `each` to the counts on both sides of each of these follows.
async fn count(writing: &Writing, follows: &[Follow], each: i64) -> StoreResult<()> {
    let mut added: BTreeMap<UserId, (i64, i64)> = BTreeMap::new();
    for &(follower, followed) in follows {
        added.entry(followed).or_default().0 += each;
        added.entry(follower).or_default().1 += each;
    }
    writing.run(queries::add_to_users(writing.dialect(), &added)).await
}

/// Leaves the event of what the follower did, and commits it. Returns the followed as they are now.
async fn tell(writing: Writing, (follower, followed): Follow, happened: Happened, stamp: Stamp) -> StoreResult<User> {
    let users = queries::users_by_id(writing.dialect(), &[follower, followed]);
    let users = writing.rows(users, Columns::user).await?;
    let find = |id: UserId| {
        let found = users.iter().find(|user| user.id == id);
        found.ok_or_else(|| StoreError::internal(Role::Users, format!("the user {id} was locked and is not there")))
    };
    outbox::leave(&writing, &[stamp.event(follower, find(follower)?.version, happened)]).await?;
    writing.commit().await?;
    find(followed).cloned()
}
