//! The server's answers to searches and suggestions, as the domain has them.

use serde::Deserialize;
use uuid::Uuid;

use super::document::{POST, USER, target_of};
use super::highlights::{self, Marked, Texts};
use crate::domain::search::{
    Facets, Highlight, Hit, SearchAnswer, SearchExtras, SearchRequest, SearchType, SuggestRequest,
};
use crate::domain::{Timestamp, UserId};
use crate::ports::{Role, StoreError, StoreResult};

/// What a search answers.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    hits: Hits,
    #[serde(default)]
    aggregations: Counts,
}

#[derive(Debug, Deserialize)]
struct Hits {
    total: Option<Total>,
    hits: Vec<Found>,
}

#[derive(Debug, Deserialize)]
struct Total {
    value: u64,
}

#[derive(Debug, Deserialize)]
struct Found {
    #[serde(rename = "_id")]
    id: String,
    #[serde(rename = "_score")]
    score: Option<f32>,
    #[serde(rename = "_source")]
    texts: Texts,
    highlight: Option<Marked>,
}

#[derive(Debug, Default, Deserialize)]
struct Counts {
    #[serde(default)]
    types: Buckets<String>,
    #[serde(default)]
    authors: Buckets<Uuid>,
    #[serde(default)]
    months: Buckets<i64>,
}

/// Counts by a key.
#[derive(Debug, Deserialize)]
pub(super) struct Buckets<K> {
    buckets: Vec<Bucket<K>>,
}

#[derive(Debug, Deserialize)]
struct Bucket<K> {
    key: K,
    doc_count: u64,
}

impl<K> Default for Buckets<K> {
    fn default() -> Self {
        Self { buckets: Vec::new() }
    }
}

impl<K> Buckets<K> {
    /// Each key with its count, in the server's order.
    pub(super) fn counts(self) -> impl Iterator<Item = (K, u64)> {
        self.buckets.into_iter().map(|bucket| (bucket.key, bucket.doc_count))
    }
}

/// The answer to a search that can find nothing.
pub(super) fn nothing(extras: &SearchExtras) -> SearchAnswer {
    SearchAnswer { total: extras.total.then_some(0), ..SearchAnswer::default() }
}

/// The answer to a search.
pub(super) fn search(answer: Answer, request: &SearchRequest) -> StoreResult<SearchAnswer> {
    let mut found = answer.hits.hits;
    let limit = request.page.limit() as usize;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let highlighted = |kind, found: &Found| {
        if !request.extras.highlights {
            return Vec::new();
        }
        highlights::of(kind, &found.texts, &request.text.words, found.highlight.as_ref())
    };
    Ok(SearchAnswer {
        hits: hits(found, highlighted)?,
        has_more,
        total: answer.hits.total.filter(|_| request.extras.total).map(|total| total.value),
        facets: facets(answer.aggregations),
    })
}

/// The answer to a suggestion.
pub(super) fn suggest(answer: Answer, request: &SuggestRequest) -> StoreResult<Vec<Hit>> {
    let words = request.words();
    hits(answer.hits.hits, |kind, found| highlights::of_suggestion(kind, &found.texts, &request.prefix, &words))
}

fn hits(found: Vec<Found>, highlighted: impl Fn(SearchType, &Found) -> Vec<Highlight>) -> StoreResult<Vec<Hit>> {
    let hit = |found: Found| {
        let foreign = || StoreError::internal(Role::Search, format!("a document has the id {:?}", found.id));
        let target = target_of(&found.id).ok_or_else(foreign)?;
        let highlights = highlighted(target.kind(), &found);
        Ok(Hit { target, score: found.score.unwrap_or_default(), highlights, title: found.texts.title })
    };
    found.into_iter().map(hit).collect()
}

fn facets(counts: Counts) -> Facets {
    let types: Vec<_> = counts.types.counts().collect();
    let of_type = |kind, name| types.iter().find(|(key, _)| key == name).map(|(_, count)| (kind, *count));
    Facets {
        types: [of_type(SearchType::User, USER), of_type(SearchType::Post, POST)].into_iter().flatten().collect(),
        authors: counts.authors.counts().map(|(id, count)| (UserId(id), count)).collect(),
        months: counts.months.counts().map(|(start, count)| (Timestamp::from_millis(start), count)).collect(),
    }
}
