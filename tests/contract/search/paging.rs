//! Orders and pages of search results.

use polygraph::domain::search::{IndexDocument, SearchPage, SearchRequest, SearchTarget};
use polygraph::domain::{ByScore, Page};
use polygraph::ports::SearchIndex;

use super::world::{corpus, fill, post, request, search, targets, user};

/// Matches of several scores, most of them tied.
fn crowd() -> Vec<IndexDocument> {
    let user = |n| user(n, &format!("handle{n}"), "Needle Person", None);
    let post = |n| match n % 3 {
        0 => post(n, 1, "needle needle", "hay"),
        1 => post(n, 1, "hay", "a needle in it"),
        _ => post(n, 1, "hay", "the noodle is a needles"),
    };
    let others = corpus().into_iter();
    (1_000..1_020).map(user).chain((2_000..2_050).map(post)).chain(others).collect()
}

/// All hits, page by page.
async fn walk(
    index: &dyn SearchIndex,
    request: &SearchRequest,
    next: impl Fn(&SearchPage, ByScore) -> SearchPage,
) -> Vec<(SearchTarget, f32)> {
    let mut request = request.clone();
    let mut all = Vec::new();
    loop {
        let answer = search(index, &request).await;
        assert!(answer.hits.len() <= request.page.limit() as usize);
        all.extend(answer.hits.iter().map(|hit| (hit.target, hit.score)));
        if !answer.has_more {
            return all;
        }
        let last = answer.hits.last().expect("a page before others has hits");
        request.page = next(&request.page, ByScore { score: last.score, id: last.target.uuid() });
    }
}

async fn walk_newest(index: &dyn SearchIndex, typed: &str, limit: u32) -> Vec<SearchTarget> {
    let request = SearchRequest { page: SearchPage::Newest(Page::first(limit)), ..request(typed) };
    let next = |_: &SearchPage, last: ByScore| SearchPage::Newest(Page { cursor: Some(last.id), ..Page::first(limit) });
    walk(index, &request, next).await.into_iter().map(|(target, _)| target).collect()
}

async fn walk_relevance(index: &dyn SearchIndex, typed: &str, limit: u32) -> Vec<(SearchTarget, f32)> {
    let request = SearchRequest { page: SearchPage::Relevance(Page::first(limit)), ..request(typed) };
    let next = |_: &SearchPage, last| SearchPage::Relevance(Page { cursor: Some(last), ..Page::first(limit) });
    walk(index, &request, next).await
}

pub(super) async fn newest_walks_each_result_once(index: &dyn SearchIndex) {
    fill(index, &crowd()).await;
    for limit in [1, 7, 35, 70, 100] {
        let walked = walk_newest(index, "needle", limit).await;
        assert_eq!(walked.len(), 70, "pages of {limit}");
        assert!(walked.is_sorted_by(|a, b| a.uuid() > b.uuid()), "by id, descending, whatever the kind");
    }
}

pub(super) async fn relevance_walks_each_result_once(index: &dyn SearchIndex) {
    fill(index, &crowd()).await;
    let whole = walk_relevance(index, "needle", 100).await;
    assert_eq!(whole.len(), 70);
    assert!(whole.is_sorted_by(|(a, x), (b, y)| x > y || (x == y && a.uuid() > b.uuid())), "by score, then id");
    for limit in [1, 7, 35, 70] {
        assert_eq!(walk_relevance(index, "needle", limit).await, whole, "pages of {limit}");
    }
}

pub(super) async fn ties_are_by_id_descending(index: &dyn SearchIndex) {
    let twins: Vec<_> = (1..=30).map(|n| post(n, 1, "The same title", "and content")).collect();
    fill(index, &twins).await;
    let walked = walk_relevance(index, "same", 4).await;
    let expected: Vec<_> = (1..=30).rev().map(|n| SearchTarget::Post(super::world::post_id(n))).collect();
    assert_eq!(walked.into_iter().map(|(target, _)| target).collect::<Vec<_>>(), expected);
}

pub(super) async fn the_total_is_the_same_on_every_page(index: &dyn SearchIndex) {
    fill(index, &crowd()).await;
    let first = SearchRequest { page: SearchPage::Newest(Page::first(10)), ..request("needle") };
    let answer = search(index, &first).await;
    assert_eq!((answer.total, answer.has_more), (Some(70), true));
    let last = targets(&answer.hits).last().map(|target| target.uuid());
    let second =
        SearchRequest { page: SearchPage::Newest(Page { cursor: last, ..Page::first(60) }), ..request("needle") };
    let rest = search(index, &second).await;
    assert_eq!((rest.hits.len(), rest.total, rest.has_more), (60, Some(70), false));
    assert_eq!(rest.facets, answer.facets, "facets don't depend on the page");
}
