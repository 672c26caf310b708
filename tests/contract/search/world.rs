//! Documents to be found, requests in short form, and an oracle that says what a text must find.

use std::collections::BTreeSet;

use polygraph::domain::search::{
    Hit, IndexChange, IndexDocument, IndexKey, SearchAnswer, SearchExtras, SearchFilter, SearchPage, SearchRequest,
    SearchTarget, SearchText,
};
use polygraph::domain::{LikeId, Page, PostId, Timestamp, UserId, text};
use polygraph::ports::SearchIndex;
use uuid::Uuid;

/// Everything that can be counted or highlighted.
pub(super) const EVERYTHING: SearchExtras =
    SearchExtras { highlights: true, total: true, types: true, authors: Some(10), months: true };

pub(super) fn at(moment: &str) -> Timestamp {
    Timestamp::parse(moment).expect("a moment")
}

/// User number `n`. Numbers are ordered like ids, and differ in an id's first and last bytes; at most 8,191.
pub(super) fn user_id(n: u64) -> UserId {
    UserId(uuid(n))
}

pub(super) fn post_id(n: u64) -> PostId {
    PostId(uuid(n))
}

pub(super) fn like_id(post: u64, user: u64) -> LikeId {
    LikeId { post: post_id(post), user: user_id(user) }
}

/// Spread over the whole range, since ids are compared as unsigned bytes.
fn uuid(n: u64) -> Uuid {
    Uuid::from_u128((u128::from(n) << 115) | u128::from(n))
}

pub(super) fn user(n: u64, handle: &str, name: &str, bio: Option<&str>) -> IndexDocument {
    let created_at = at("2026-01-01T00:00:00Z");
    IndexDocument::User {
        id: user_id(n),
        handle: handle.into(),
        name: name.into(),
        bio: bio.map(Into::into),
        created_at,
    }
}

pub(super) fn post(n: u64, author: u64, title: &str, content: &str) -> IndexDocument {
    post_at("2026-02-01T00:00:00Z", n, author, title, content)
}

pub(super) fn post_at(moment: &str, n: u64, author: u64, title: &str, content: &str) -> IndexDocument {
    IndexDocument::Post {
        id: post_id(n),
        author: user_id(author),
        title: title.into(),
        content: content.into(),
        created_at: at(moment),
    }
}

pub(super) fn like_at(moment: &str, post: u64, user: u64, author: u64) -> IndexDocument {
    IndexDocument::Like { id: like_id(post, user), author: user_id(author), created_at: at(moment) }
}

pub(super) fn delete(key: IndexKey, version: u64) -> IndexChange {
    IndexChange { key, version, document: None }
}

/// Some users and posts with all kinds of words in them.
pub(super) fn corpus() -> Vec<IndexDocument> {
    vec![
        user(1, "demo", "Demo Person", Some("Writes about databases")),
        user(2, "naive_fan", "Zoë Ünïcödé", None),
        user(3, "rust_lover", "Grace Hopper", Some("Compilers & <b>ships</b>, for example")),
        user(4, "cat42", "Cat Power", Some("日本語")),
        user(5, "___", "Nobody", None),
        post(11, 1, "Rust and databases", "A story of ownership; the naïve approach, can't fail. 3.14"),
        post(12, 1, "The title of foo", "bar OR baz, but NOT both AND never neither"),
        post(13, 3, "Cats & dogs", "zebra <script>alert('x')</script> \"quoted\" demo"),
        post(14, 3, "🎉🎉", "🦀"),
        post(15, 9, "日本語の本", "ÉCOLE des Hautes Études"),
        post(16, 9, "Trust", "dusk crust thrust"),
    ]
}

/// Fills the index, each document with version 1, and makes it searchable.
pub(super) async fn fill(index: &dyn SearchIndex, documents: &[IndexDocument]) {
    let changes: Vec<_> = documents.iter().map(|document| IndexChange::put(document.clone(), 1)).collect();
    apply(index, &changes).await;
}

/// Applies changes and makes them searchable.
pub(super) async fn apply(index: &dyn SearchIndex, changes: &[IndexChange]) {
    index.apply(changes).await.expect("the changes to be applied");
    index.refresh().await.expect("a refresh");
}

/// A request for the hundred best users and posts, with everything beside them.
pub(super) fn request(typed: &str) -> SearchRequest {
    SearchRequest {
        text: SearchText::parse(typed).expect("a text within the limits"),
        filter: SearchFilter::default(),
        page: SearchPage::Relevance(Page::first(100)),
        extras: EVERYTHING,
    }
}

pub(super) async fn search(index: &dyn SearchIndex, request: &SearchRequest) -> SearchAnswer {
    let answer = index.search(request).await;
    answer.unwrap_or_else(|error| panic!("{:?}: {:?}", request.text.raw, error))
}

/// The things that a text finds, whatever their order.
pub(super) async fn found(index: &dyn SearchIndex, typed: &str) -> BTreeSet<SearchTarget> {
    targets(&search(index, &request(typed)).await.hits).into_iter().collect()
}

pub(super) fn targets(hits: &[Hit]) -> Vec<SearchTarget> {
    hits.iter().map(|hit| hit.target).collect()
}

pub(super) fn users(numbers: &[u64]) -> Vec<SearchTarget> {
    numbers.iter().map(|&n| SearchTarget::User(user_id(n))).collect()
}

pub(super) fn posts(numbers: &[u64]) -> Vec<SearchTarget> {
    numbers.iter().map(|&n| SearchTarget::Post(post_id(n))).collect()
}

/// The contract's fields of a document that are searched, with their texts.
pub(super) fn fields(document: &IndexDocument) -> Vec<(&'static str, &str)> {
    match document {
        IndexDocument::User { handle, name, bio, .. } => {
            let bio = bio.as_deref().map(|bio| ("bio", bio));
            [("handle", handle.as_str()), ("name", name)].into_iter().chain(bio).collect()
        }
        IndexDocument::Post { title, content, .. } => vec![("title", title), ("content", content)],
        IndexDocument::Like { .. } => Vec::new(),
    }
}

pub(super) fn target(document: &IndexDocument) -> SearchTarget {
    match document {
        IndexDocument::User { id, .. } => SearchTarget::User(*id),
        IndexDocument::Post { id, .. } => SearchTarget::Post(*id),
        IndexDocument::Like { .. } => panic!("likes are not found by text"),
    }
}

/// What a text must find, by the contract's words: each typed word, with its typos, in some field.
pub(super) fn expected(documents: &[IndexDocument], typed: &str) -> BTreeSet<SearchTarget> {
    let typed = text::words(typed);
    let matches = |document: &&IndexDocument| {
        let words: Vec<_> = fields(document).iter().flat_map(|(_, field)| text::words(field)).collect();
        let stands = |word: &String| words.iter().any(|w| text::within_typos(word, w, text::typos_forgiven(word)));
        !typed.is_empty() && typed.iter().all(stands)
    };
    documents.iter().filter(matches).map(target).collect()
}
