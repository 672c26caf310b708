//! Accounts and follows, told to the cache.

use std::collections::HashMap;

use async_trait::async_trait;

use super::{Telling, tags_of};
use crate::domain::event::{Happened, Stamp};
use crate::domain::tag::Tag;
use crate::domain::{Timestamp, User, UserId};
use crate::ports::{
    AccountStore, Backend, Credentials, Login, NewUser, PasswordHashChange, ProfileChanges, Role, Session, StoreResult,
    Taken, TokenHash,
};

#[async_trait]
impl Backend for Telling<dyn AccountStore> {
    fn kind(&self) -> &'static str {
        self.store.kind()
    }

    async fn check(&self) -> StoreResult<String> {
        self.store.check().await
    }
}

/// Sessions, passwords and outside subjects are no part of any result.
#[async_trait]
impl AccountStore for Telling<dyn AccountStore> {
    async fn create_account(&self, user: &NewUser, stamp: Stamp) -> StoreResult<Result<User, Taken>> {
        let created = self.store.create_account(user, stamp).await?;
        if let Ok(user) = &created {
            self.settle(Role::Users, tags_of(stamp, user.id, Happened::UserCreated)).await?;
        }
        Ok(created)
    }

    async fn credentials(&self, login: &Login) -> StoreResult<Option<Credentials>> {
        self.store.credentials(login).await
    }

    async fn credentials_of(&self, user: UserId) -> StoreResult<Option<Credentials>> {
        self.store.credentials_of(user).await
    }

    async fn update_profile(
        &self,
        user: UserId,
        changes: &ProfileChanges,
        stamp: Stamp,
    ) -> StoreResult<Option<Result<User, Taken>>> {
        let updated = self.store.update_profile(user, changes, stamp).await?;
        if let Some(Ok(_)) = &updated {
            self.settle(Role::Users, tags_of(stamp, user, Happened::UserUpdated)).await?;
        }
        Ok(updated)
    }

    async fn set_password(&self, user: UserId, change: &PasswordHashChange<'_>) -> StoreResult<Option<u64>> {
        self.store.set_password(user, change).await
    }

    async fn open_session(&self, session: &Session, hash: &str) -> StoreResult<bool> {
        self.store.open_session(session, hash).await
    }

    async fn session(&self, token: TokenHash, now: Timestamp) -> StoreResult<Option<Session>> {
        self.store.session(token, now).await
    }

    async fn living_sessions(
        &self,
        tokens: &[TokenHash],
        now: Timestamp,
    ) -> StoreResult<HashMap<TokenHash, Timestamp>> {
        self.store.living_sessions(tokens, now).await
    }

    async fn extend_session(&self, token: TokenHash, expires_at: Timestamp) -> StoreResult<()> {
        self.store.extend_session(token, expires_at).await
    }

    async fn end_session(&self, token: TokenHash, now: Timestamp) -> StoreResult<bool> {
        self.store.end_session(token, now).await
    }

    async fn end_sessions(&self, user: UserId, now: Timestamp) -> StoreResult<u64> {
        self.store.end_sessions(user, now).await
    }

    async fn sweep_sessions(&self, now: Timestamp) -> StoreResult<u64> {
        self.store.sweep_sessions(now).await
    }

    async fn link_subject(&self, issuer: &str, subject: &str, user: UserId) -> StoreResult<bool> {
        self.store.link_subject(issuer, subject, user).await
    }

    async fn user_of_subject(&self, issuer: &str, subject: &str) -> StoreResult<Option<UserId>> {
        self.store.user_of_subject(issuer, subject).await
    }

    async fn follow(&self, follower: UserId, followed: UserId, stamp: Stamp) -> StoreResult<Option<User>> {
        let user = self.store.follow(follower, followed, stamp).await?;
        if user.is_some() {
            let happened = Happened::UserFollowed { followed: followed.0 };
            self.settle(Role::Users, tags_of(stamp, follower, happened)).await?;
        }
        Ok(user)
    }

    async fn unfollow(&self, follower: UserId, followed: UserId, stamp: Stamp) -> StoreResult<Option<User>> {
        let user = self.store.unfollow(follower, followed, stamp).await?;
        if user.is_some() {
            let happened = Happened::UserUnfollowed { followed: followed.0 };
            self.settle(Role::Users, tags_of(stamp, follower, happened)).await?;
        }
        Ok(user)
    }

    async fn close_account(&self, user: UserId, stamp: Stamp) -> StoreResult<bool> {
        let closed = self.store.close_account(user, stamp).await?;
        self.settle(Role::Users, tags_of(stamp, user, Happened::UserClosed)).await?;
        Ok(closed)
    }

    async fn remove_follows(&self, user: UserId, limit: u32) -> StoreResult<u64> {
        let removed = self.store.remove_follows(user, limit).await?;
        if removed > 0 {
            self.settle(Role::Users, [Tag::Closures]).await?;
        }
        Ok(removed)
    }

    async fn delete_account(&self, user: UserId, stamp: Stamp) -> StoreResult<bool> {
        let deleted = self.store.delete_account(user, stamp).await?;
        self.settle(Role::Users, tags_of(stamp, user, Happened::UserDeleted)).await?;
        Ok(deleted)
    }
}
