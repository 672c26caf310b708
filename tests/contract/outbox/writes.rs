//! Events and what they tell of are written together, or neither is.

use std::collections::BTreeSet;
use std::task::Poll;

use polygraph::domain::PostFields;
use polygraph::ports::{Backlog, Changed, LikeWish, PostChanges, Projection, Published};
use uuid::Uuid;

use super::helpers::lease;
use crate::fixture::{Fixture, stamp};
use crate::posts::world::{post, user};

pub(super) async fn an_event_waits_for_none_that_does_not_want_it(store: Fixture) {
    store.publish_at(1, 10).await;
    assert_eq!(store.outbox.backlog(Projection::Deletion).await.unwrap(), Backlog::default());
    assert!(store.outbox.claim(Projection::Deletion, 10, lease(1, 100)).await.unwrap().is_empty());
    let claim = store.claim_one(1, 100).await;
    store.outbox.finish(Projection::Deletion, &[claim.events[0].event.id]).await.unwrap();
    assert_eq!(store.outbox.backlog(Projection::Index).await.unwrap().waiting, 1);
}

pub(super) async fn a_write_that_is_refused_leaves_no_event(store: Fixture) {
    let id = store.publish_at(1, 10).await;
    let claim = store.claim_one(1, 100).await;
    store.finish(&claim).await;

    let title = |title: &str| PostChanges { title: Some(title.to_owned()), content: None };
    let publishing = &store.publishing;
    let other = publishing.edit(id, user(1), &title("Other"), Some(7), stamp(20)).await.unwrap();
    assert_eq!(other, Changed::OtherRevision);
    let same = publishing.edit(id, user(1), &title("Post 1"), None, stamp(20)).await.unwrap();
    assert!(matches!(same, Changed::Done(_)));
    assert_eq!(publishing.delete(id, user(2), stamp(20)).await.unwrap(), Changed::NotTheirs);
    let unlike = LikeWish { user: user(3), like: false, stamp: stamp(20) };
    publishing.set_likes(id, &[unlike]).await.unwrap().unwrap();
    publishing.set_likes(post(9, user(1)).id, &[LikeWish { like: true, ..unlike }]).await.unwrap();
    publishing.close_author(user(4)).await.unwrap();
    let closed = publishing.publish(&post(2, user(4)), None, stamp(20)).await.unwrap();
    assert_eq!(closed, Published::AuthorClosed);
    let (clash, count) = (post(1, user(5)), store.posts.count_posts().await.unwrap());
    publishing.publish(&clash, None, stamp(20)).await.expect_err("the id is another post's");
    assert_eq!(store.posts.count_posts().await.unwrap(), count);

    assert!(store.claim(1, 10_000).await.is_empty());
}

pub(super) async fn a_cancelled_write_is_there_with_its_event_or_not_at_all(store: Fixture) {
    let mut ids = Vec::new();
    for polls in 0..40 {
        let new = post(polls, user(1));
        ids.push(new.id);
        let mut publishing = Box::pin(store.publishing.publish(&new, None, stamp(10)));
        // Polled so often, then dropped: somewhere between its first statement and its commit.
        let mut polled = 0;
        let ended = std::future::poll_fn(|context| {
            polled += 1;
            match publishing.as_mut().poll(context) {
                Poll::Pending if polled <= polls => Poll::Pending,
                Poll::Pending => Poll::Ready(false),
                Poll::Ready(published) => Poll::Ready(published.is_ok()),
            }
        });
        if ended.await {
            assert!(store.posts.posts_by_id(&[new.id], PostFields::ALL).await.unwrap().contains_key(&new.id));
        }
    }
    // What was cancelled last is rolled back before this is written.
    ids.push(store.publish_at(1_000, 10).await);
    let there: BTreeSet<Uuid> =
        store.posts.posts_by_id(&ids, PostFields::ALL).await.unwrap().into_keys().map(|id| id.0).collect();
    let told = store.claim(1, 100).await.iter().map(|claim| claim.aggregate.uuid()).collect::<BTreeSet<_>>();
    assert_eq!(told, there);
    let counted = store.posts.author_stats(&[user(1)]).await.unwrap()[&user(1)].posts;
    assert_eq!(counted, there.len() as u64);
    assert!(there.len() < ids.len(), "at least the one polled once was cancelled");
}
