//! Filters, and counts over the whole of what they leave.

use polygraph::domain::search::{
    Facets, IndexDocument, SearchExtras, SearchFilter, SearchPage, SearchRequest, SearchType,
};
use polygraph::domain::{Page, Period};
use polygraph::ports::SearchIndex;

use super::world::{at, fill, like_at, post_at, posts, request, search, targets, user, user_id, users};

/// Two users of January, posts by 1, 2 and 3 from January to March, and a like.
fn documents() -> Vec<IndexDocument> {
    vec![
        user(1, "needle_one", "Needle", None),
        user(2, "two", "A needle", None),
        post_at("2026-01-31T23:59:59.999Z", 11, 1, "needle", "a"),
        post_at("2026-02-01T00:00:00Z", 12, 1, "needle", "b"),
        post_at("2026-02-28T12:00:00Z", 13, 2, "x", "needle"),
        post_at("2026-03-01T00:00:00Z", 14, 3, "needle", "c"),
        post_at("2026-03-02T00:00:00Z", 15, 1, "straw", "c"),
        like_at("2026-03-02T00:00:00Z", 11, 2, 1),
    ]
}

fn newest(filter: SearchFilter) -> SearchRequest {
    SearchRequest { filter, page: SearchPage::Newest(Page::first(100)), ..request("needle") }
}

fn period(from: Option<&str>, to: Option<&str>) -> Period {
    Period::new(from.map(at), to.map(at)).expect("a period")
}

pub(super) async fn filters_narrow(index: &dyn SearchIndex) {
    fill(index, &documents()).await;
    let all: Vec<_> = posts(&[14, 13, 12, 11]).into_iter().chain(users(&[2, 1])).collect();
    let cases = [
        (SearchFilter::default(), all),
        (SearchFilter { only: Some(SearchType::User), ..SearchFilter::default() }, users(&[2, 1])),
        (SearchFilter { only: Some(SearchType::Post), ..SearchFilter::default() }, posts(&[14, 13, 12, 11])),
        (SearchFilter { author: Some(user_id(1)), ..SearchFilter::default() }, posts(&[12, 11])),
        (SearchFilter { author: Some(user_id(7)), ..SearchFilter::default() }, Vec::new()),
        (
            SearchFilter { author: Some(user_id(1)), only: Some(SearchType::User), ..SearchFilter::default() },
            Vec::new(),
        ),
        (
            SearchFilter {
                author: Some(user_id(1)),
                only: Some(SearchType::Post),
                period: period(Some("2026-02-01T00:00:00Z"), None),
            },
            posts(&[12]),
        ),
    ];
    for (filter, expected) in cases {
        let answer = search(index, &newest(filter.clone())).await;
        assert_eq!(targets(&answer.hits), expected, "{filter:?}");
        assert_eq!(answer.total, Some(expected.len() as u64), "{filter:?}");
    }
}

pub(super) async fn periods_are_half_open(index: &dyn SearchIndex) {
    fill(index, &documents()).await;
    let january = users(&[2, 1]);
    let cases = [
        (period(Some("2026-02-01T00:00:00Z"), Some("2026-03-01T00:00:00Z")), posts(&[13, 12])),
        (period(Some("2026-02-01T00:00:00.001Z"), None), posts(&[14, 13])),
        (period(None, Some("2026-01-31T23:59:59.999Z")), january.clone()),
        (period(None, Some("2026-02-01T00:00:00Z")), posts(&[11]).into_iter().chain(january).collect()),
        (period(Some("2027-01-01T00:00:00Z"), None), Vec::new()),
        (period(Some("0001-01-01T00:00:00Z"), Some("2026-01-01T00:00:00Z")), Vec::new()),
    ];
    for (period, expected) in cases {
        let answer = search(index, &newest(SearchFilter { period, ..SearchFilter::default() })).await;
        assert_eq!(targets(&answer.hits), expected, "{period:?}");
    }
}

pub(super) async fn facets_cover_the_whole_filtered_result(index: &dyn SearchIndex) {
    fill(index, &documents()).await;
    let one_hit = SearchRequest { page: SearchPage::Newest(Page::first(1)), ..request("needle") };
    let answer = search(index, &one_hit).await;
    let expected = Facets {
        types: vec![(SearchType::User, 2), (SearchType::Post, 4)],
        authors: vec![(user_id(1), 2), (user_id(3), 1), (user_id(2), 1)],
        months: vec![(at("2026-01-01T00:00:00Z"), 3), (at("2026-02-01T00:00:00Z"), 2), (at("2026-03-01T00:00:00Z"), 1)],
    };
    assert_eq!((answer.facets, answer.total, answer.hits.len()), (expected, Some(6), 1));

    let by_one = SearchFilter { author: Some(user_id(1)), ..SearchFilter::default() };
    let answer = search(index, &newest(by_one)).await;
    assert_eq!(answer.facets.types, [(SearchType::Post, 2)], "without zeros");
    assert_eq!(answer.facets.authors, [(user_id(1), 2)]);
    assert_eq!(answer.facets.months, [(at("2026-01-01T00:00:00Z"), 1), (at("2026-02-01T00:00:00Z"), 1)]);

    let nothing = search(index, &request("nowhere")).await;
    assert_eq!((nothing.facets, nothing.total), (Facets::default(), Some(0)));
}

pub(super) async fn author_ties_are_by_id_descending(index: &dyn SearchIndex) {
    let by = |author| post_at("2026-02-01T00:00:00Z", 100 + author, author, "needle", "x");
    let second = post_at("2026-02-01T00:00:00Z", 200, 5, "needle", "x");
    fill(index, &(1..=20).map(by).chain([second]).collect::<Vec<_>>()).await;
    let three = SearchExtras { authors: Some(3), ..SearchExtras::default() };
    let answer = search(index, &SearchRequest { extras: three, ..request("needle") }).await;
    assert_eq!(answer.facets.authors, [(user_id(5), 2), (user_id(20), 1), (user_id(19), 1)]);
}

pub(super) async fn only_what_is_asked_for_is_answered(index: &dyn SearchIndex) {
    fill(index, &documents()).await;
    let bare = search(index, &SearchRequest { extras: SearchExtras::default(), ..request("needle") }).await;
    assert_eq!((bare.hits.len(), bare.total, bare.facets), (6, None, Facets::default()));
    assert!(bare.hits.iter().all(|hit| hit.highlights.is_empty()));
    let months = SearchExtras { months: true, ..SearchExtras::default() };
    let answer = search(index, &SearchRequest { extras: months, ..request("needle") }).await;
    assert_eq!((answer.facets.months.len(), answer.facets.types.len(), answer.facets.authors.len()), (3, 0, 0));
}
