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
    fn search(&self, request: &SearchRequest) -> SearchAnswer;
    fn suggest(&self, request: &SuggestRequest) -> Vec<Hit>;
    fn top_authors(&self, period: Period, limit: u32) -> Vec<(UserId, u64)>;
    fn top_posts(&self, period: Period, limit: u32) -> Vec<(PostId, u64)>;
    fn activity(&self, period: Period, interval: Interval) -> Vec<ActivityCount>;
    fn apply(&self, changes: &[IndexChange]) -> ();
    fn remove_likes_of(&self, post: PostId) -> ();
    fn scan_documents(&self, kind: DocumentKind, after: Option<IndexKey>, limit: u32) -> Vec<Indexed>;
    fn documents_by_key(&self, keys: &[IndexKey]) -> HashMap<IndexKey, Indexed>;
    fn refresh(&self) -> ();
    fn count_documents(&self) -> u64;
    fn begin_build(&self) -> Box<dyn IndexBuild>;
}
