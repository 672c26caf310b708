//! Rows, read column by column into the nouns of the domain.

use sea_orm::{QueryResult, TryGetable};
use uuid::Uuid;

use super::error::store_error;
use crate::domain::text::Handle;
use crate::domain::{AuthorStats, Confidential, Like, LikeId, Post, PostId, Timestamp, User, UserId};
use crate::ports::{Role, StoreError, StoreResult};

/// The columns of one row from left to right.
pub(super) struct Columns {
    row: QueryResult,
    role: Role,
    next: usize,
}

impl Columns {
    pub(super) fn new(row: QueryResult, role: Role) -> Self {
        Self { row, role, next: 0 }
    }

    fn next<T: TryGetable>(&mut self) -> StoreResult<T> {
        let index = self.next;
        self.next += 1;
        self.row.try_get_by_index(index).map_err(|error| store_error(self.role, error))
    }

    pub(super) fn text(&mut self) -> StoreResult<String> {
        self.next()
    }

    pub(super) fn optional_text(&mut self) -> StoreResult<Option<String>> {
        self.next()
    }

    pub(super) fn id<I: From<Uuid>>(&mut self) -> StoreResult<I> {
        self.next().map(Uuid::into)
    }

    pub(super) fn id_if_any<I: From<Uuid>>(&mut self) -> StoreResult<Option<I>> {
        Ok(self.next::<Option<Uuid>>()?.map(Uuid::into))
    }

    pub(super) fn moment(&mut self) -> StoreResult<Timestamp> {
        self.next().map(Timestamp::from_millis)
    }

    pub(super) fn moment_if_any(&mut self) -> StoreResult<Option<Timestamp>> {
        Ok(self.next::<Option<i64>>()?.map(Timestamp::from_millis))
    }

    pub(super) fn bytes(&mut self) -> StoreResult<Vec<u8>> {
        self.next()
    }

    pub(super) fn flag(&mut self) -> StoreResult<bool> {
        self.next()
    }

    /// How often something was tried.
    pub(super) fn attempts(&mut self) -> StoreResult<u32> {
        Ok(u32::try_from(self.count()?).unwrap_or(u32::MAX))
    }

    /// A count or version: a `bigint` that is never negative.
    pub(super) fn count(&mut self) -> StoreResult<u64> {
        let count: i64 = self.next()?;
        u64::try_from(count).map_err(|_| StoreError::internal(self.role, "a count is negative"))
    }

    /// The columns of [`super::queries::USER`].
    pub(super) fn user(&mut self) -> StoreResult<User> {
        let id = self.id()?;
        let handle = self.text()?;
        let handle = Handle::parse(&handle)
            .ok_or_else(|| StoreError::internal(self.role, format!("the user {id} has no valid handle")))?;
        Ok(User {
            id,
            handle,
            name: self.text()?,
            bio: self.optional_text()?,
            email: Confidential::new(id, self.text()?),
            created_at: self.moment()?,
            followers_count: self.count()?,
            following_count: self.count()?,
            version: self.count()?,
        })
    }

    /// The columns of [`super::queries::post`].
    pub(super) fn post(&mut self) -> StoreResult<Post> {
        Ok(Post {
            id: self.id()?,
            author: self.id()?,
            title: self.text()?,
            created_at: self.moment()?,
            updated_at: self.moment()?,
            revision: self.next::<i32>()?.unsigned_abs(),
            like_count: self.count()?,
            version: self.count()?,
            content: self.next()?,
        })
    }

    /// The columns of [`super::queries::LIKE`].
    pub(super) fn like(&mut self) -> StoreResult<Like> {
        let id = LikeId { post: self.id::<PostId>()?, user: self.id::<UserId>()? };
        Ok(Like { id, author: self.id()?, created_at: self.moment()? })
    }

    pub(super) fn author_stats(&mut self) -> StoreResult<AuthorStats> {
        Ok(AuthorStats { posts: self.count()?, likes: self.count()? })
    }
}
