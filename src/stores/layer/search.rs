//! The port to search, layered.

use std::collections::HashMap;

use crate::domain::search::{
    ActivityCount, DocumentKind, Hit, IndexChange, IndexKey, Indexed, SearchAnswer, SearchRequest, SuggestRequest,
};
use crate::domain::{Interval, Period, PostId, UserId};
use crate::ports::{IndexBuild, Role};
use crate::stores::layer::layered;

layered! {
    SearchIndex for Role::Search;
    read fn search(&self, request: &SearchRequest) -> SearchAnswer;
    read fn suggest(&self, request: &SuggestRequest) -> Vec<Hit>;
    read fn top_authors(&self, period: Period, limit: u32) -> Vec<(UserId, u64)>;
    read fn top_posts(&self, period: Period, limit: u32) -> Vec<(PostId, u64)>;
    read fn activity(&self, period: Period, interval: Interval) -> Vec<ActivityCount>;
    write fn apply(&self, changes: &[IndexChange]) -> ();
    write fn remove_likes_of(&self, post: PostId) -> ();
    read fn scan_documents(&self, kind: DocumentKind, after: Option<IndexKey>, limit: u32) -> Vec<Indexed>;
    read fn documents_by_key(&self, keys: &[IndexKey]) -> HashMap<IndexKey, Indexed>;
    write fn refresh(&self) -> ();
    read fn count_documents(&self) -> u64;
    write fn begin_build(&self) -> Box<dyn IndexBuild>;
}
