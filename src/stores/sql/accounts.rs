//! [`AccountStore`] in SQL.

mod closing;
mod follows;
mod profiles;
mod sessions;
mod subjects;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;

use super::connect::Sql;
use super::db::Db;
use crate::domain::event::Stamp;
use crate::domain::{Timestamp, User, UserId};
use crate::ports::{
    AccountStore, Backend, Credentials, Login, NewUser, PasswordHashChange, ProfileChanges, Role, Session, StoreResult,
    Taken, TokenHash,
};

/// Accounts, sessions and follows in PostgreSQL or SQLite, as their owners change them.
pub struct SqlAccounts {
    db: Db,
}

impl SqlAccounts {
    /// The adapter over this pool.
    pub fn new(sql: Arc<Sql>) -> Self {
        Self { db: Db::new(sql, Role::Users) }
    }
}

#[async_trait]
impl Backend for SqlAccounts {
    fn kind(&self) -> &'static str {
        self.db.kind()
    }

    async fn check(&self) -> StoreResult<String> {
        self.db.check().await
    }
}

#[async_trait]
impl AccountStore for SqlAccounts {
    async fn create_account(&self, user: &NewUser, stamp: Stamp) -> StoreResult<Result<User, Taken>> {
        profiles::create(&self.db, user, stamp).await
    }

    async fn credentials(&self, login: &Login) -> StoreResult<Option<Credentials>> {
        profiles::credentials(&self.db, login).await
    }

    async fn credentials_of(&self, user: UserId) -> StoreResult<Option<Credentials>> {
        profiles::credentials_of(&self.db, user).await
    }

    async fn update_profile(
        &self,
        user: UserId,
        changes: &ProfileChanges,
        stamp: Stamp,
    ) -> StoreResult<Option<Result<User, Taken>>> {
        profiles::update(&self.db, user, changes, stamp).await
    }

    async fn set_password(&self, user: UserId, change: &PasswordHashChange<'_>) -> StoreResult<Option<u64>> {
        sessions::set_password(&self.db, user, change).await
    }

    async fn open_session(&self, session: &Session, hash: &str) -> StoreResult<bool> {
        sessions::open(&self.db, session, hash).await
    }

    async fn session(&self, token: TokenHash, now: Timestamp) -> StoreResult<Option<Session>> {
        sessions::find(&self.db, token, now).await
    }

    async fn living_sessions(
        &self,
        tokens: &[TokenHash],
        now: Timestamp,
    ) -> StoreResult<HashMap<TokenHash, Timestamp>> {
        sessions::living(&self.db, tokens, now).await
    }

    async fn extend_session(&self, token: TokenHash, expires_at: Timestamp) -> StoreResult<()> {
        sessions::extend(&self.db, token, expires_at).await
    }

    async fn end_session(&self, token: TokenHash, now: Timestamp) -> StoreResult<bool> {
        sessions::end(&self.db, token, now).await
    }

    async fn end_sessions(&self, user: UserId, now: Timestamp) -> StoreResult<u64> {
        sessions::end_all(&self.db, user, now).await
    }

    async fn sweep_sessions(&self, now: Timestamp) -> StoreResult<u64> {
        sessions::sweep(&self.db, now).await
    }

    async fn link_subject(&self, issuer: &str, subject: &str, user: UserId) -> StoreResult<bool> {
        subjects::link(&self.db, issuer, subject, user).await
    }

    async fn user_of_subject(&self, issuer: &str, subject: &str) -> StoreResult<Option<UserId>> {
        subjects::find(&self.db, issuer, subject).await
    }

    async fn follow(&self, follower: UserId, followed: UserId, stamp: Stamp) -> StoreResult<Option<User>> {
        follows::follow(&self.db, follower, followed, stamp).await
    }

    async fn unfollow(&self, follower: UserId, followed: UserId, stamp: Stamp) -> StoreResult<Option<User>> {
        follows::unfollow(&self.db, follower, followed, stamp).await
    }

    async fn close_account(&self, user: UserId, stamp: Stamp) -> StoreResult<bool> {
        closing::close(&self.db, user, stamp).await
    }

    async fn remove_follows(&self, user: UserId, limit: u32) -> StoreResult<u64> {
        closing::remove_follows(&self.db, user, limit).await
    }

    async fn delete_account(&self, user: UserId, stamp: Stamp) -> StoreResult<bool> {
        closing::delete(&self.db, user, stamp).await
    }
}
