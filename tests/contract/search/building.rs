//! Building an index beside the one that answers.

use std::collections::HashMap;

use polygraph::domain::search::{DocumentKind, IndexChange, IndexKey, Indexed};
use polygraph::ports::{ErrorKind, SearchIndex};

use super::world::{apply, delete, fill, like_at, like_id, post, post_id, user, user_id};

const MOMENT: &str = "2026-03-01T12:34:56.789Z";

/// The keys of all documents.
async fn keys(index: &dyn SearchIndex) -> Vec<IndexKey> {
    index.refresh().await.expect("a refresh");
    let mut keys = Vec::new();
    for kind in DocumentKind::ALL {
        let page = index.scan_documents(kind, None, 100).await.expect("documents");
        keys.extend(page.into_iter().map(|indexed| indexed.key));
    }
    keys
}

pub(super) async fn what_is_built_is_seen_when_it_is_swapped_in_and_not_before(index: &dyn SearchIndex) {
    fill(index, &[post(1, 1, "One", "x"), user(1, "ada", "Ada", None), like_at(MOMENT, 1, 1, 1)]).await;
    let before = keys(index).await;
    let build = index.begin_build().await.expect("begun");
    build.apply(&[IndexChange::put(post(2, 1, "Two", "x"), 1)]).await.expect("applied");
    assert_eq!(build.count_documents().await.expect("a count"), 1);
    assert_eq!(keys(index).await, before);
    build.swap().await.expect("swapped");
    assert_eq!(keys(index).await, [IndexKey::Post(post_id(2))]);
    fill(index, &[post(3, 1, "Three", "x")]).await;
    assert_eq!(keys(index).await, [2, 3].map(|n| IndexKey::Post(post_id(n))), "it takes changes like any other");
    // And so on: the next takes the place of this one.
    index.begin_build().await.expect("begun").swap().await.expect("swapped");
    assert_eq!(keys(index).await, []);
    assert_eq!(index.count_documents().await.expect("a count"), 0);
}

pub(super) async fn changes_meanwhile_are_in_both(index: &dyn SearchIndex) {
    let build = index.begin_build().await.expect("begun");
    let likes = [like_at(MOMENT, 1, 1, 1), like_at(MOMENT, 1, 2, 1), like_at(MOMENT, 2, 1, 1)];
    let documents = [post(1, 1, "One", "x"), user(1, "ada", "Ada", None)].into_iter().chain(likes);
    apply(index, &documents.map(|document| IndexChange::put(document, 5)).collect::<Vec<_>>()).await;
    // What the walk over the truth had read before comes late.
    build.apply(&[IndexChange::put(post(1, 1, "Earlier", "x"), 4)]).await.expect("applied");
    index.refresh().await.expect("a refresh");
    index.remove_likes_of(post_id(1)).await.expect("removed");
    let expected = [IndexKey::User(user_id(1)), IndexKey::Post(post_id(1)), IndexKey::Like(like_id(2, 1))];
    assert_eq!(keys(index).await, expected);
    build.swap().await.expect("swapped");
    assert_eq!(keys(index).await, expected);
    let posts = index.scan_documents(DocumentKind::Post, None, 10).await.expect("posts");
    assert_eq!(posts[0].document, Some(post(1, 1, "One", "x")));
}

pub(super) async fn a_deletion_meanwhile_is_remembered_in_both(index: &dyn SearchIndex) {
    fill(index, &[post(1, 1, "One", "x"), like_at(MOMENT, 2, 1, 1)]).await;
    let build = index.begin_build().await.expect("begun");
    apply(index, &[delete(IndexKey::Post(post_id(1)), 7), delete(IndexKey::Like(like_id(2, 1)), 7)]).await;
    build.apply(&[IndexChange::put(post(1, 1, "One", "x"), 6)]).await.expect("applied");
    build.apply(&[IndexChange::put(like_at(MOMENT, 2, 1, 1), 6)]).await.expect("applied");
    // A post whose likes were put after it was deleted, as the walk finds out.
    build.apply(&[IndexChange::put(like_at(MOMENT, 3, 1, 1), 6)]).await.expect("applied");
    build.remove_likes_of(post_id(3)).await.expect("removed");
    build.swap().await.expect("swapped");
    assert_eq!(keys(index).await, []);
}

pub(super) async fn an_abandoned_one_leaves_everything_as_it_was(index: &dyn SearchIndex) {
    fill(index, &[post(1, 1, "One", "x")]).await;
    let build = index.begin_build().await.expect("begun");
    build.apply(&[IndexChange::put(post(2, 1, "Two", "x"), 1)]).await.expect("applied");
    build.abandon().await.expect("abandoned");
    build.abandon().await.expect("nothing is left to abandon");
    assert_eq!(build.apply(&[]).await.map_err(|error| error.kind), Err(ErrorKind::Conflict));
    assert_eq!(build.swap().await.map_err(|error| error.kind), Err(ErrorKind::Conflict));
    apply(index, &[IndexChange::put(post(3, 1, "Three", "x"), 1), delete(IndexKey::Post(post_id(1)), 9)]).await;
    assert_eq!(keys(index).await, [IndexKey::Post(post_id(3))]);
}

pub(super) async fn the_one_begun_last_takes_the_place(index: &dyn SearchIndex) {
    fill(index, &[post(1, 1, "One", "x")]).await;
    let first = index.begin_build().await.expect("begun");
    first.apply(&[IndexChange::put(post(2, 1, "Two", "x"), 1)]).await.expect("applied");
    let second = index.begin_build().await.expect("begun, as after a crash of the first");
    let late = first.apply(&[IndexChange::put(post(2, 1, "Two", "x"), 1)]).await;
    assert_eq!(late.map_err(|error| error.kind), Err(ErrorKind::Conflict));
    assert_eq!(first.swap().await.map_err(|error| error.kind), Err(ErrorKind::Conflict));
    first.abandon().await.expect("it has nothing of its own any more");
    second.apply(&[IndexChange::put(post(3, 1, "Three", "x"), 1)]).await.expect("applied");
    assert_eq!(keys(index).await, [IndexKey::Post(post_id(1))]);
    second.swap().await.expect("swapped");
    assert_eq!(keys(index).await, [IndexKey::Post(post_id(3))]);
}

pub(super) async fn documents_are_found_by_key(index: &dyn SearchIndex) {
    let documents = [user(1, "ada", "Ada", Some("bio")), post(1, 1, "One", "x"), like_at(MOMENT, 1, 2, 1)];
    let changes = documents.clone().map(|document| IndexChange::put(document, 3));
    // No refresh: what was written is found as it is.
    index.apply(&changes).await.expect("applied");
    index.apply(&[IndexChange::put(post(2, 1, "Gone", "x"), 3)]).await.expect("applied");
    index.apply(&[delete(IndexKey::Post(post_id(2)), 4)]).await.expect("applied");
    index.apply(&[IndexChange::put(post(1, 1, "Again", "x"), 4)]).await.expect("applied");
    let keys: Vec<IndexKey> = changes
        .iter()
        .map(|change| change.key)
        .chain([IndexKey::Post(post_id(2)), IndexKey::User(user_id(9))])
        .collect();
    let found = index.documents_by_key(&keys).await.expect("documents");
    let [user, _, like] = documents;
    let expected = [(user, 3), (post(1, 1, "Again", "x"), 4), (like, 3)].map(|(document, version)| {
        (document.key(), Indexed { key: document.key(), version, document: Some(document) })
    });
    assert_eq!(found, HashMap::from(expected));
    assert_eq!(index.documents_by_key(&[]).await.expect("none"), HashMap::new());
}
