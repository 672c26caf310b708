//! [`UserStore`] in SQL.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use sea_orm::Statement;

use super::connect::Sql;
use super::db::Db;
use super::queries::Versioned;
use super::retry::retried;
use super::rows::Columns;
use super::{group, queries, recount, writes};
use crate::domain::event::Stamp;
use crate::domain::text::Handle;
use crate::domain::{ByCount, ByHandle, ByTime, FollowedUser, Page, Period, Slice, Suggestion, User, UserId};
use crate::ports::{Backend, NewFollow, NewUser, Recount, Role, StoreResult, Touch, UserStore};

/// Users and follows in PostgreSQL or SQLite.
pub struct SqlUsers {
    db: Db,
}

impl SqlUsers {
    /// The adapter over this pool.
    pub fn new(sql: Arc<Sql>) -> Self {
        Self { db: Db::new(sql, Role::Users) }
    }

    async fn ids<I: FromIterator<UserId>>(&self, statement: Statement) -> StoreResult<I> {
        Ok(self.db.rows(statement, Columns::id).await?.into_iter().collect())
    }

    async fn users(&self, statement: Statement) -> StoreResult<Vec<User>> {
        self.db.rows(statement, Columns::user).await
    }

    /// The pages of followers or followed of each user.
    async fn relations(
        &self,
        statement: Statement,
        page: &Page<ByTime>,
    ) -> StoreResult<HashMap<UserId, Slice<FollowedUser>>> {
        let read = |row: &mut Columns| Ok((row.id()?, FollowedUser { user: row.user()?, followed_at: row.moment()? }));
        let rows = self.db.rows(statement, read).await?;
        Ok(group::slices(page, rows, |relation| (relation.followed_at, relation.user.id)))
    }
}

#[async_trait]
impl Backend for SqlUsers {
    fn kind(&self) -> &'static str {
        self.db.kind()
    }

    async fn check(&self) -> StoreResult<String> {
        self.db.check().await
    }
}

#[async_trait]
impl UserStore for SqlUsers {
    async fn users_by_id(&self, ids: &[UserId]) -> StoreResult<HashMap<UserId, User>> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let users = self.users(queries::users_by_id(self.db.dialect(), ids)).await?;
        Ok(users.into_iter().map(|user| (user.id, user)).collect())
    }

    async fn users_by_handle(&self, handles: &[Handle]) -> StoreResult<HashMap<Handle, User>> {
        if handles.is_empty() {
            return Ok(HashMap::new());
        }
        let users = self.users(queries::users_by_handle(self.db.dialect(), handles)).await?;
        Ok(users.into_iter().map(|user| (user.handle.clone(), user)).collect())
    }

    async fn users_newest(&self, page: &Page<UserId>) -> StoreResult<Slice<User>> {
        Ok(page.slice(self.users(queries::users_newest(self.db.dialect(), page)).await?))
    }

    async fn users_by_handle_order(&self, page: &Page<ByHandle>) -> StoreResult<Slice<User>> {
        Ok(page.slice(self.users(queries::users_by_handle_order(self.db.dialect(), page)).await?))
    }

    async fn users_most_followed(&self, page: &Page<ByCount>) -> StoreResult<Slice<User>> {
        Ok(page.slice(self.users(queries::users_most_followed(self.db.dialect(), page)).await?))
    }

    async fn count_users(&self) -> StoreResult<u64> {
        self.db.count(queries::count_users(self.db.dialect())).await
    }

    async fn followers(&self, of: &[UserId], page: &Page<ByTime>) -> StoreResult<HashMap<UserId, Slice<FollowedUser>>> {
        if of.is_empty() {
            return Ok(HashMap::new());
        }
        self.relations(queries::followers(self.db.dialect(), of, page), page).await
    }

    async fn following(&self, by: &[UserId], page: &Page<ByTime>) -> StoreResult<HashMap<UserId, Slice<FollowedUser>>> {
        if by.is_empty() {
            return Ok(HashMap::new());
        }
        self.relations(queries::following(self.db.dialect(), by, page), page).await
    }

    async fn mutual_followers(
        &self,
        viewer: UserId,
        of: &[UserId],
        page: &Page<ByTime>,
    ) -> StoreResult<HashMap<UserId, Slice<FollowedUser>>> {
        if of.is_empty() {
            return Ok(HashMap::new());
        }
        self.relations(queries::mutual_followers(self.db.dialect(), viewer, of, page), page).await
    }

    async fn count_mutual_followers(&self, viewer: UserId, of: &[UserId]) -> StoreResult<HashMap<UserId, u64>> {
        if of.is_empty() {
            return Ok(HashMap::new());
        }
        let statement = queries::count_mutual_followers(self.db.dialect(), viewer, of);
        let counts = self.db.rows(statement, |row| Ok((row.id()?, row.count()?))).await?;
        Ok(counts.into_iter().collect())
    }

    async fn followed_by(&self, viewer: UserId, users: &[UserId]) -> StoreResult<HashSet<UserId>> {
        if users.is_empty() {
            return Ok(HashSet::new());
        }
        self.ids(queries::followed_by(self.db.dialect(), viewer, users)).await
    }

    async fn followers_among(&self, viewer: UserId, users: &[UserId]) -> StoreResult<HashSet<UserId>> {
        if users.is_empty() {
            return Ok(HashSet::new());
        }
        self.ids(queries::followers_among(self.db.dialect(), viewer, users)).await
    }

    async fn followees(&self, user: UserId) -> StoreResult<Vec<UserId>> {
        self.ids(queries::followees(self.db.dialect(), user)).await
    }

    async fn suggestions(&self, viewer: UserId, limit: u32) -> StoreResult<Vec<Suggestion>> {
        let read = |row: &mut Columns| Ok(Suggestion { user: row.user()?, mutual_count: row.count()? });
        self.db.rows(queries::suggestions(self.db.dialect(), viewer, limit), read).await
    }

    async fn mutuals(&self, viewer: UserId, of: &[UserId], limit: u32) -> StoreResult<HashMap<UserId, Vec<User>>> {
        let mutuals = self.mutual_followers(viewer, of, &Page::first(limit)).await?;
        let users = |slice: Slice<FollowedUser>| slice.items.into_iter().map(|mutual| mutual.user).collect();
        Ok(mutuals.into_iter().map(|(of, slice)| (of, users(slice))).collect())
    }

    async fn users_with(
        &self,
        words: &[String],
        period: Period,
        after: Option<UserId>,
        limit: u32,
    ) -> StoreResult<Vec<User>> {
        self.users(queries::users_with(self.db.dialect(), words, period, after, limit)).await
    }

    async fn scan_users(&self, after: Option<UserId>, limit: u32) -> StoreResult<Vec<User>> {
        self.users(queries::scan_users(self.db.dialect(), after, limit)).await
    }

    async fn recount_users(&self, users: &[UserId]) -> StoreResult<Vec<Recount<UserId>>> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        recount::users(&self.db, users).await
    }

    async fn fix_user_counts(&self, users: &[(UserId, Stamp)]) -> StoreResult<()> {
        if users.is_empty() {
            return Ok(());
        }
        retried(|| recount::fix_users(&self.db, users)).await
    }

    async fn touch_users(&self, touches: &[Touch]) -> StoreResult<()> {
        if touches.is_empty() {
            return Ok(());
        }
        retried(|| recount::touch(&self.db, Versioned::Users, touches)).await
    }

    async fn insert_users(&self, users: &[NewUser]) -> StoreResult<u64> {
        writes::insert_users(&self.db, users).await
    }

    async fn insert_follows(&self, follows: &[NewFollow]) -> StoreResult<u64> {
        writes::insert_follows(&self.db, follows).await
    }
}
