//! Signing up, signing in, and what people say of themselves.

use sea_orm::Statement;

use super::super::db::Db;
use super::super::error::contested;
use super::super::rows::Columns;
use super::super::{outbox, queries};
use crate::domain::event::{Happened, Stamp};
use crate::domain::text::Handle;
use crate::domain::{Confidential, User, UserId};
use crate::ports::{Credentials, ErrorKind, Login, NewUser, ProfileChanges, Role, StoreError, StoreResult, Taken};

/// How often a write is tried that lost against another one, whose traces are gone when it looks for them.
const TRIES: u32 = 3;

pub(super) async fn credentials(db: &Db, login: &Login) -> StoreResult<Option<Credentials>> {
    read_credentials(db, queries::credentials(db.dialect(), login)).await
}

pub(super) async fn credentials_of(db: &Db, user: UserId) -> StoreResult<Option<Credentials>> {
    read_credentials(db, queries::credentials_of(db.dialect(), user)).await
}

async fn read_credentials(db: &Db, statement: Statement) -> StoreResult<Option<Credentials>> {
    let read = |row: &mut Columns| Ok(Credentials { user: row.id()?, password_hash: row.optional_text()? });
    Ok(db.rows(statement, read).await?.pop())
}

/// The unique indexes decide who gets a handle or an address; what they refused is looked for afterwards.
pub(super) async fn create(db: &Db, user: &NewUser, stamp: Stamp) -> StoreResult<Result<User, Taken>> {
    let mut tries = 0;
    loop {
        tries += 1;
        let lost = match try_to_create(db, user, stamp).await {
            Err(error) if error.kind == ErrorKind::Conflict => error,
            created => return created.map(Ok),
        };
        match taken(db, user.id, Some(&user.handle), Some(&user.email)).await? {
            Some(taken) => return Ok(Err(taken)),
            None if tries == TRIES => return Err(lost),
            None => {}
        }
    }
}

async fn try_to_create(db: &Db, user: &NewUser, stamp: Stamp) -> StoreResult<User> {
    let writing = db.begin().await?;
    let insert = queries::insert_users(db.dialect(), std::slice::from_ref(user));
    writing.rows(insert, Columns::id::<UserId>).await.map_err(contested)?;
    let created = writing.rows(queries::users_by_id(db.dialect(), &[user.id]), Columns::user).await?.pop();
    let created = created.ok_or_else(|| StoreError::internal(Role::Users, "a user who was added is not there"))?;
    outbox::leave(&writing, &[stamp.event(user.id, created.version, Happened::UserCreated)]).await?;
    writing.commit().await?;
    Ok(created)
}

/// Like [`create`].
pub(super) async fn update(
    db: &Db,
    user: UserId,
    changes: &ProfileChanges,
    stamp: Stamp,
) -> StoreResult<Option<Result<User, Taken>>> {
    let mut tries = 0;
    loop {
        tries += 1;
        let lost = match try_to_update(db, user, changes, stamp).await {
            Err(error) if error.kind == ErrorKind::Conflict => error,
            updated => return Ok(updated?.map(Ok)),
        };
        match taken(db, user, changes.handle.as_ref(), changes.email.as_deref()).await? {
            Some(taken) => return Ok(Some(Err(taken))),
            None if tries == TRIES => return Err(lost),
            None => {}
        }
    }
}

async fn try_to_update(db: &Db, user: UserId, changes: &ProfileChanges, stamp: Stamp) -> StoreResult<Option<User>> {
    let writing = db.begin().await?;
    let Some(before) = writing.rows(queries::lock_users(db.dialect(), &[user]), Columns::user).await?.pop() else {
        return Ok(None);
    };
    let mut after = changed(&before, changes);
    if after == before {
        return Ok(Some(before));
    }
    after.version += 1;
    writing.run(queries::update_profile(db.dialect(), &after)).await.map_err(contested)?;
    outbox::leave(&writing, &[stamp.event(user, after.version, Happened::UserUpdated)]).await?;
    writing.commit().await?;
    Ok(Some(after))
}

fn changed(user: &User, changes: &ProfileChanges) -> User {
    let ProfileChanges { handle, name, email, bio } = changes.clone();
    User {
        handle: handle.unwrap_or_else(|| user.handle.clone()),
        name: name.unwrap_or_else(|| user.name.clone()),
        email: email.map_or_else(|| user.email.clone(), |email| Confidential::new(user.id, email)),
        bio: bio.unwrap_or_else(|| user.bio.clone()),
        ..user.clone()
    }
}

/// Which of these are in use by anybody but `user`; `None` where neither is.
async fn taken(db: &Db, user: UserId, handle: Option<&Handle>, email: Option<&str>) -> StoreResult<Option<Taken>> {
    let statement = queries::taken(db.dialect(), user, handle, email.map(str::to_lowercase));
    let read = |row: &mut Columns| Ok(Taken { handle: row.flag()?, email: row.flag()? });
    Ok(db.rows(statement, read).await?.pop().filter(|taken| taken.handle || taken.email))
}
