//! The port to an index that is being built beside the one which answers.

use async_trait::async_trait;

use super::StoreResult;
use crate::domain::PostId;
use crate::domain::search::IndexChange;

/// An index that is being built. Dropped without [`Self::swap`] or [`Self::abandon`], as by a crash, it stays, takes
/// changes, and is removed when the next one is begun.
///
/// # Errors
/// Every method fails with [`ErrorKind::Conflict`](super::ErrorKind::Conflict) once another one was begun.
#[async_trait]
pub trait IndexBuild: Send + Sync {
    /// As [`SearchIndex::apply`](super::SearchIndex::apply), to this index alone.
    async fn apply(&self, changes: &[IndexChange]) -> StoreResult<()>;

    /// As [`SearchIndex::remove_likes_of`](super::SearchIndex::remove_likes_of), from this index alone, searchable or
    /// not.
    async fn remove_likes_of(&self, post: PostId) -> StoreResult<()>;

    /// How many documents it holds.
    async fn count_documents(&self) -> StoreResult<u64>;

    /// Puts it in the place of the one that answers, in one step for all who search and write, and removes that one
    /// when nobody can be reading it any more.
    async fn swap(&self) -> StoreResult<()>;

    /// Removes it.
    async fn abandon(&self) -> StoreResult<()>;
}
