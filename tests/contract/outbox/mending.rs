//! What repairs leave: an event for all that they change, and for all that is to be derived anew.

use std::collections::HashSet;

use polygraph::domain::event::{Aggregate, Happened};
use polygraph::domain::{LikeId, PostFields, PostId};
use polygraph::ports::{Projection, Touch};

use super::helpers::ids;
use crate::fixture::{Fixture, stamp};
use crate::posts::world::{moment, post, user};

/// Has the index take all that there is, and returns it: whose, what, and with which version.
async fn carried(store: &Fixture) -> Vec<(Aggregate, &'static str, u64)> {
    let mut carried = Vec::new();
    for claim in store.claim(1, 1_000).await {
        carried.extend(claim.events.iter().map(|w| (claim.aggregate, w.event.happened.name(), w.event.version)));
        store.finish(&claim).await;
    }
    carried.sort();
    carried
}

async fn version(store: &Fixture, id: PostId) -> u64 {
    store.posts.posts_by_id(&[id], PostFields::default()).await.unwrap()[&id].version
}

pub(super) async fn a_touch_raises_versions_and_leaves_its_events(store: Fixture) {
    let (low, high) = (store.publish_at(1, 10).await, store.publish_at(2, 10).await);
    for title in ["Two", "Three", "Four"] {
        store.edit(high, title, 11).await;
    }
    carried(&store).await;
    let gone = post(3, user(1)).id;
    let (author, liker) = (user(1).0, user(9).0);
    let touch = |id: PostId, happened, above| Touch { aggregate: id.into(), happened, above, stamp: stamp(20) };
    let touches = [
        touch(low, Happened::PostUpdated { author }, 7),
        touch(low, Happened::PostLiked { author, user: liker }, 3),
        touch(high, Happened::PostUpdated { author }, 2),
        touch(gone, Happened::PostDeleted { author }, 41),
    ];
    store.posts.touch_posts(&touches).await.unwrap();
    store.posts.touch_posts(&[]).await.unwrap();
    assert_eq!((version(&store, low).await, version(&store, high).await), (8, 4), "raised where it must be");
    let mut expected = vec![
        (Aggregate::from(low), "post.liked", 8),
        (low.into(), "post.updated", 8),
        (high.into(), "post.updated", 4),
        (gone.into(), "post.deleted", 42),
    ];
    expected.sort();
    assert_eq!(carried(&store).await, expected);
}

pub(super) async fn counts_are_fixed_with_an_event_for_each(store: Fixture) {
    let id = store.publish_at(1, 10).await;
    carried(&store).await;
    let absent = post(9, user(1)).id;
    store.posts.fix_post_counts(&[(id, stamp(20)), (absent, stamp(20))]).await.unwrap();
    assert_eq!(carried(&store).await, [(id.into(), "post.updated", 2)]);
    assert_eq!(version(&store, id).await, 2, "the version grows with the count");
    store.posts.fix_author_counts(&[(user(1), stamp(21))]).await.unwrap();
    assert_eq!(carried(&store).await, [(user(1).into(), "user.updated", 0)]);
}

pub(super) async fn likes_are_removed_with_an_event_for_each(store: Fixture) {
    let id = store.publish_at(1, 10).await;
    store.like(id, 5..8, 11).await;
    carried(&store).await;
    let remove = |n| (LikeId { post: id, user: user(n) }, stamp(20));
    store.posts.remove_likes(&[remove(5), remove(6), remove(77)]).await.unwrap();
    let removed = (Aggregate::from(id), "post.unliked", 5);
    assert_eq!(carried(&store).await, [removed, removed], "none for a like that was not there");
    assert_eq!(store.posts.posts_by_id(&[id], PostFields::default()).await.unwrap()[&id].like_count, 1);
}

pub(super) async fn those_that_wait_are_told_from_those_that_do_not(store: Fixture) {
    let [waits, claimed, later, parked, done] = [1, 2, 3, 4, 5].map(|n| post(n, user(1)).id);
    let all: Vec<Aggregate> = [waits, claimed, later, parked, done, post(6, user(1)).id].map(Aggregate::from).into();
    for n in [2, 3, 4, 5] {
        store.publish_at(n, 10).await;
    }
    for claim in store.claim(1, 100).await {
        let events = ids(&claim.events);
        match claim.aggregate {
            it if it == later.into() => store.outbox.postpone(Projection::Index, &events, moment(900)).await.unwrap(),
            it if it == parked.into() => store.outbox.park(Projection::Index, &events, "No.").await.unwrap(),
            it if it == done.into() => store.finish(&claim).await,
            _ => {}
        }
    }
    store.publish_at(1, 110).await;
    let waiting = store.outbox.waiting(Projection::Index, &all).await.unwrap();
    assert_eq!(waiting, HashSet::from([waits.into(), claimed.into(), later.into()]));
    assert!(store.outbox.waiting(Projection::Index, &[]).await.unwrap().is_empty());
    assert!(store.outbox.waiting(Projection::Deletion, &all).await.unwrap().is_empty());
}
