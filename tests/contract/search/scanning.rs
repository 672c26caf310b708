//! Walking over the whole index, and removing the likes of a post.

use polygraph::domain::Period;
use polygraph::domain::search::{DocumentKind, IndexChange, IndexDocument, IndexKey, Indexed};
use polygraph::ports::SearchIndex;

use super::world::{apply, corpus, delete, fill, like_at, like_id, post, post_id, user, user_id};

const MOMENT: &str = "2026-03-01T12:34:56.789Z";

/// All documents of a kind, walked by pages of `limit`.
async fn walked(index: &dyn SearchIndex, kind: DocumentKind, limit: u32) -> Vec<Indexed> {
    let mut walked: Vec<Indexed> = Vec::new();
    loop {
        let after = walked.last().map(|last| last.key);
        let page = index.scan_documents(kind, after, limit).await.expect("a page");
        assert!(page.len() <= limit as usize);
        if page.is_empty() {
            return walked;
        }
        walked.extend(page);
    }
}

pub(super) async fn documents_come_whole_and_in_the_order_of_keys(index: &dyn SearchIndex) {
    let mut documents = corpus();
    documents.extend([
        user(6, "empty", "Empty", Some("")),
        post(17, 2, "No content", ""),
        like_at(MOMENT, 12, 2, 1),
        like_at(MOMENT, 11, 3, 1),
        like_at(MOMENT, 11, 1, 1),
    ]);
    let changes: Vec<_> =
        (5..).zip(&documents).map(|(version, document)| IndexChange::put(document.clone(), version)).collect();
    // The first documents come again in another commit, those changed nothing by.
    apply(index, &changes).await;
    apply(index, &changes[..3]).await;
    for kind in DocumentKind::ALL {
        let mut expected: Vec<Indexed> = changes
            .iter()
            .filter(|change| change.key.kind() == kind)
            .map(|change| Indexed { key: change.key, version: change.version, document: change.document.clone() })
            .collect();
        expected.sort_by_key(|indexed| indexed.key);
        assert!(expected.len() >= 3);
        assert_eq!(walked(index, kind, 100).await, expected, "{kind:?}");
    }
}

pub(super) async fn a_walk_goes_on_where_it_was_left(index: &dyn SearchIndex) {
    // Written by turns, so that each commit has keys from the whole range.
    for turn in 0..4 {
        let documents: Vec<IndexDocument> = (1..=10)
            .map(|n| n * 4 + turn)
            .flat_map(|n| [post(n, 1, "Post", "x"), like_at(MOMENT, n / 3, n, 1)])
            .collect();
        fill(index, &documents).await;
    }
    for kind in [DocumentKind::Post, DocumentKind::Like] {
        for limit in [1, 7, 40, 100] {
            let keys: Vec<_> = walked(index, kind, limit).await.into_iter().map(|indexed| indexed.key).collect();
            assert_eq!(keys.len(), 40, "{kind:?} by {limit}");
            assert!(keys.is_sorted_by(|a, b| a < b), "each once, in order");
        }
    }
    assert!(walked(index, DocumentKind::User, 10).await.is_empty());
}

pub(super) async fn deletions_are_not_walked(index: &dyn SearchIndex) {
    fill(index, &[post(1, 1, "One", "x"), post(2, 1, "Two", "x"), post(3, 1, "Three", "x")]).await;
    apply(index, &[delete(IndexKey::Post(post_id(1)), 2), delete(IndexKey::Post(post_id(9)), 2)]).await;
    apply(index, &[IndexChange::put(post(2, 1, "Two again", "x"), 4)]).await;
    let posts = walked(index, DocumentKind::Post, 1).await;
    let versions: Vec<_> = posts.iter().map(|indexed| (indexed.key, indexed.version)).collect();
    assert_eq!(versions, [(IndexKey::Post(post_id(2)), 4), (IndexKey::Post(post_id(3)), 1)]);
    assert_eq!(posts[0].document, Some(post(2, 1, "Two again", "x")));
}

pub(super) async fn the_likes_of_a_post_go_together(index: &dyn SearchIndex) {
    let likes = (1..=3).flat_map(|post| (1..=20).map(move |user| like_at(MOMENT, post, user, 9)));
    let documents: Vec<_> = likes.chain([post(2, 9, "Two", "x"), user(2, "two", "Two", None)]).collect();
    fill(index, &documents).await;
    index.remove_likes_of(post_id(2)).await.expect("removed");
    index.remove_likes_of(post_id(7)).await.expect("none to remove");
    index.refresh().await.expect("a refresh");
    let top = index.top_posts(Period::default(), 10).await.expect("posts");
    assert_eq!(top, [(post_id(3), 20), (post_id(1), 20)]);
    assert_eq!(index.count_documents().await.expect("a count"), 42, "neither the post nor a user went with them");
    assert!(walked(index, DocumentKind::Like, 100).await.iter().all(|like| match like.key {
        IndexKey::Like(id) => id.post != post_id(2),
        _ => false,
    }));
}

pub(super) async fn likes_removed_with_their_post_do_no_harm(index: &dyn SearchIndex) {
    let like = like_at(MOMENT, 1, 1, 9);
    apply(index, &[IndexChange::put(like.clone(), 3), IndexChange::put(like_at(MOMENT, 1, 2, 9), 3)]).await;
    apply(index, &[delete(IndexKey::Like(like_id(1, 2)), 6)]).await;
    index.remove_likes_of(post_id(1)).await.expect("removed");
    index.remove_likes_of(post_id(1)).await.expect("removed again");
    apply(index, &[IndexChange::put(like_at(MOMENT, 1, 2, 9), 5)]).await;
    assert!(walked(index, DocumentKind::Like, 10).await.is_empty(), "the deletion of one like is still remembered");
    apply(index, &[IndexChange::put(like_at(MOMENT, 2, 1, 9), 1), IndexChange::put(user(1, "x", "X", None), 1)]).await;
    assert_eq!(walked(index, DocumentKind::Like, 10).await.len(), 1);
    assert_eq!(walked(index, DocumentKind::User, 10).await[0].key, IndexKey::User(user_id(1)));
}
