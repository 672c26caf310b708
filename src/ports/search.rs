//! The port to the index that answers searches and counts: derived from the truth, and behind it by a moment.

use std::collections::HashMap;

use async_trait::async_trait;

use super::{Backend, IndexBuild, StoreResult};
use crate::domain::search::{
    ActivityCount, DocumentKind, Hit, IndexChange, IndexKey, Indexed, SearchAnswer, SearchRequest, SuggestRequest,
};
use crate::domain::{Interval, Period, PostId, UserId};

/// Full-text search and analytics over users, posts and likes.
///
/// Words are cut by Unicode's rules (UAX #29) and folded to lower case; every word of the text must match, over the
/// searched fields together, a word of four letters or more with one typo, of eight or more with two. Characters that
/// look like operators have no meaning.
#[async_trait]
pub trait SearchIndex: Backend {
    /// A page of what matches, with what [`SearchRequest::extras`] asks for. Text without words matches nothing.
    async fn search(&self, request: &SearchRequest) -> StoreResult<SearchAnswer>;

    /// What begins with the prefix: a handle, a word of a name, a word of a title. The exact handle comes first, then
    /// handles, then words; ties by id, descending. Hits carry highlights.
    async fn suggest(&self, request: &SuggestRequest) -> StoreResult<Vec<Hit>>;

    /// Those who received the most likes in the period, with how many; ties by id, descending; none without.
    async fn top_authors(&self, period: Period, limit: u32) -> StoreResult<Vec<(UserId, u64)>>;

    /// The posts that received the most likes in the period, with how many; ties by id, descending; none without.
    async fn top_posts(&self, period: Period, limit: u32) -> StoreResult<Vec<(PostId, u64)>>;

    /// Posts and likes per interval (UTC) in the period, in order; intervals without any may be left out.
    async fn activity(&self, period: Period, interval: Interval) -> StoreResult<Vec<ActivityCount>>;

    /// Applies changes, each only where its version is above the one last seen for its key. They are durable when
    /// this returns, and searchable within a second.
    async fn apply(&self, changes: &[IndexChange]) -> StoreResult<()>;

    /// Removes the likes of a post that is gone, as far as they are searchable. It is durable when this returns. What
    /// was removed need not be remembered: who puts likes makes sure that their post is still there afterwards.
    async fn remove_likes_of(&self, post: PostId) -> StoreResult<()>;

    /// The documents of a kind in ascending order of key, `limit` of them after `after`: for jobs that walk the whole
    /// index. It sees what is searchable.
    async fn scan_documents(
        &self,
        kind: DocumentKind,
        after: Option<IndexKey>,
        limit: u32,
    ) -> StoreResult<Vec<Indexed>>;

    /// The documents with these keys as they were written last, searchable yet or not. Those that are not there are
    /// left out.
    async fn documents_by_key(&self, keys: &[IndexKey]) -> StoreResult<HashMap<IndexKey, Indexed>>;

    /// Makes all that was applied searchable now.
    async fn refresh(&self) -> StoreResult<()>;

    /// How many documents there are, of all kinds.
    async fn count_documents(&self) -> StoreResult<u64>;

    /// Begins to build an empty index beside this one, of the shape that this version gives to indexes. Until it has
    /// come to its end, [`Self::apply`] and [`Self::remove_likes_of`] write to both, whichever gateway they are called
    /// on: they find out after they are called, so nothing is lost of what was read from the truth before the call. A
    /// build that was begun before is removed.
    async fn begin_build(&self) -> StoreResult<Box<dyn IndexBuild>>;
}
