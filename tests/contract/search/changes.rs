//! How changes take effect: by version, whatever the order they come in.

use std::collections::BTreeSet;
use std::time::Duration;

use polygraph::domain::search::{IndexChange, IndexDocument, IndexKey, SearchPage, SearchRequest};
use polygraph::domain::{Page, Period};
use polygraph::ports::SearchIndex;

use super::world::{
    apply, corpus, delete, expected, fill, found, like_at, post, post_id, posts, request, search, targets, user,
    user_id, users,
};

const KEY: fn() -> IndexKey = || IndexKey::Post(post_id(1));

/// A change that gives post 1 this title.
fn titled(title: &str, version: u64) -> IndexChange {
    IndexChange::put(post(1, 9, title, "content"), version)
}

/// The title that post 1 is found with, if it is.
async fn title(index: &dyn SearchIndex) -> Option<String> {
    search(index, &request("content")).await.hits.pop().map(|hit| hit.title)
}

pub(super) async fn a_newer_version_wins(index: &dyn SearchIndex) {
    apply(index, &[titled("first", 1)]).await;
    apply(index, &[titled("second", 5)]).await;
    assert_eq!(title(index).await.as_deref(), Some("second"));
    assert!(found(index, "first").await.is_empty(), "the old words are gone");
    assert_eq!(index.count_documents().await.expect("a count"), 1);
}

pub(super) async fn an_older_or_equal_version_is_ignored(index: &dyn SearchIndex) {
    apply(index, &[titled("five", 5)]).await;
    apply(index, &[titled("four", 4)]).await;
    apply(index, &[titled("also five", 5)]).await;
    apply(index, &[delete(KEY(), 5), delete(KEY(), 3)]).await;
    assert_eq!(title(index).await.as_deref(), Some("five"));
}

pub(super) async fn a_deletion_is_remembered(index: &dyn SearchIndex) {
    apply(index, &[titled("first", 1)]).await;
    apply(index, &[delete(KEY(), 3)]).await;
    assert_eq!(title(index).await, None);
    assert_eq!(index.count_documents().await.expect("a count"), 0, "a deletion is no document");
    apply(index, &[titled("late", 2), titled("late, too", 3)]).await;
    assert_eq!(title(index).await, None, "an older put comes late");
    apply(index, &[titled("again", 4)]).await;
    assert_eq!(title(index).await.as_deref(), Some("again"));
    assert_eq!(index.count_documents().await.expect("a count"), 1);

    let unseen = IndexKey::User(user_id(7));
    apply(index, &[delete(unseen, 2)]).await;
    apply(index, &[IndexChange::put(user(7, "seven", "Seven", None), 1)]).await;
    assert!(found(index, "seven").await.is_empty(), "deleted before it was first seen");
}

pub(super) async fn a_batch_may_hold_several_changes_of_one_key(index: &dyn SearchIndex) {
    apply(index, &[titled("one", 1), titled("three", 3), titled("two", 2)]).await;
    assert_eq!(title(index).await.as_deref(), Some("three"));
    apply(index, &[delete(KEY(), 5), titled("four", 4)]).await;
    assert_eq!(title(index).await, None);
    apply(index, &[delete(KEY(), 6), titled("seven", 7), delete(KEY(), 6)]).await;
    assert_eq!(title(index).await.as_deref(), Some("seven"));
    assert_eq!(index.count_documents().await.expect("a count"), 1);
}

pub(super) async fn applying_again_changes_nothing(index: &dyn SearchIndex) {
    let corpus = corpus();
    fill(index, &corpus).await;
    fill(index, &corpus).await;
    apply(index, &[]).await;
    assert_eq!(index.count_documents().await.expect("a count"), corpus.len() as u64);
    assert_eq!(found(index, "demo").await, expected(&corpus, "demo"));
}

pub(super) async fn kinds_with_the_same_id_are_apart(index: &dyn SearchIndex) {
    fill(index, &[user(1, "same", "Same", None), post(1, 1, "Same", "x"), like_at("2026-01-01T00:00:00Z", 1, 1, 1)])
        .await;
    assert_eq!(index.count_documents().await.expect("a count"), 3);
    assert_eq!(found(index, "same").await, BTreeSet::from_iter(users(&[1]).into_iter().chain(posts(&[1]))));
    apply(index, &[delete(IndexKey::User(user_id(1)), 2)]).await;
    assert_eq!(found(index, "same").await, BTreeSet::from_iter(posts(&[1])));
    assert_eq!(index.top_posts(Period::default(), 9).await.expect("posts"), [(post_id(1), 1)]);
}

pub(super) async fn thousands_at_once(index: &dyn SearchIndex) {
    let numbered = |n: u64| post(n, 1 + n % 7, &format!("Number {n}"), "one of many");
    let documents: Vec<IndexDocument> = (1..=5_000).map(numbered).collect();
    fill(index, &documents).await;
    assert_eq!(index.count_documents().await.expect("a count"), 5_000);
    let mut request = SearchRequest { page: SearchPage::Newest(Page::first(100)), ..request("many") };
    let answer = search(index, &request).await;
    assert_eq!((answer.total, answer.facets.authors.len()), (Some(5_000), 7));
    let mut walked = targets(&answer.hits);
    request.extras = Default::default();
    while let Some(last) = walked.last() {
        request.page = SearchPage::Newest(Page { cursor: Some(last.uuid()), ..Page::first(100) });
        let answer = search(index, &request).await;
        walked.extend(targets(&answer.hits));
        if !answer.has_more {
            break;
        }
    }
    assert_eq!(walked.len(), 5_000);
    assert!(walked.is_sorted_by(|a, b| a.uuid() > b.uuid()), "each once, by id, descending");
}

pub(super) async fn changes_are_seen_without_a_refresh(index: &dyn SearchIndex) {
    index.apply(&[titled("soon", 1)]).await.expect("the change to be applied");
    let seen = async {
        while title(index).await.is_none() {
            tokio::task::yield_now().await;
        }
    };
    // A second is what the contract gives; the rest is for machines with other things to do.
    tokio::time::timeout(Duration::from_secs(5), seen).await.expect("the change to be seen in time");
}
