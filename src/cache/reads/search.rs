//! What is read of the index.

use std::collections::HashMap;

use super::noted;
use crate::domain::Tag::{IndexedLikes, IndexedPosts, IndexedUsers};
use crate::domain::search::{
    ActivityCount, DocumentKind, Hit, IndexChange, IndexKey, Indexed, SearchAnswer, SearchRequest, SearchType,
    SuggestRequest,
};
use crate::domain::{Interval, Period, PostId, Tag, UserId};
use crate::ports::IndexBuild;

noted! {
    SearchIndex;
    read fn search(&self, request: &SearchRequest) -> SearchAnswer,
        reads |_| kinds(|kind| request.filter.admits(kind));
    read fn suggest(&self, request: &SuggestRequest) -> Vec<Hit>,
        reads |_| kinds(|kind| request.only.is_none_or(|only| only == kind));
    read fn top_authors(&self, period: Period, limit: u32) -> Vec<(UserId, u64)>,
        reads |_| [IndexedLikes];
    read fn top_posts(&self, period: Period, limit: u32) -> Vec<(PostId, u64)>,
        reads |_| [IndexedLikes];
    read fn activity(&self, period: Period, interval: Interval) -> Vec<ActivityCount>,
        reads |_| [IndexedPosts, IndexedLikes];
    job fn apply(&self, changes: &[IndexChange]) -> ();
    job fn remove_likes_of(&self, post: PostId) -> ();
    job fn scan_documents(&self, kind: DocumentKind, after: Option<IndexKey>, limit: u32) -> Vec<Indexed>;
    job fn documents_by_key(&self, keys: &[IndexKey]) -> HashMap<IndexKey, Indexed>;
    job fn refresh(&self) -> ();
    job fn count_documents(&self) -> u64;
    job fn begin_build(&self) -> Box<dyn IndexBuild>;
}

/// What the index knows of the kinds that are looked for.
fn kinds(admitted: impl Fn(SearchType) -> bool) -> impl Iterator<Item = Tag> {
    let kinds = [(SearchType::User, IndexedUsers), (SearchType::Post, IndexedPosts)];
    kinds.into_iter().filter(move |(kind, _)| admitted(*kind)).map(|(_, tag)| tag)
}
