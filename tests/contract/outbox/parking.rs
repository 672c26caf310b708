//! Events that a projection gave up on, and how far it is behind.

use polygraph::ports::{Backlog, Projection};

use super::helpers::{ids, names};
use crate::fixture::Fixture;
use crate::posts::world::moment;

pub(super) async fn an_aggregate_goes_on_after_a_parked_event(store: Fixture) {
    let post = store.publish_at(1, 10).await;
    store.edit(post, "Another", 20).await;
    let claim = store.claim_one(1, 100).await;
    store.outbox.park(Projection::Index, &ids(&claim.events[..1]), "It can't be.").await.unwrap();
    let rest = store.claim_one(2, 101).await;
    assert_eq!(rest.events, claim.events[1..]);
    store.finish(&rest).await;
    assert!(store.claim(2, 10_000).await.is_empty());

    let parked = store.outbox.parked(10).await.unwrap();
    assert_eq!(parked.len(), 1);
    assert_eq!((parked[0].projection, parked[0].event), (Projection::Index, claim.events[0].event));
    assert_eq!((parked[0].attempts, parked[0].reason.as_str()), (1, "It can't be."));
    store.edit(post, "A third", 200).await;
    assert_eq!(names(&store.claim_one(1, 201).await.events), ["post.updated"]);
}

pub(super) async fn a_retried_event_waits_again(store: Fixture) {
    let posts = [store.publish_at(1, 10).await, store.publish_at(2, 20).await, store.publish_at(3, 30).await];
    for claim in store.claim(1, 100).await {
        store.outbox.park(Projection::Index, &ids(&claim.events), "No.").await.unwrap();
    }
    let first = store.outbox.parked(10).await.unwrap()[0].event;
    assert_eq!(store.outbox.retry_parked(Some(first.id), moment(200)).await.unwrap(), 1);
    assert_eq!(store.outbox.parked(10).await.unwrap().len(), 2);
    assert!(store.claim(1, 199).await.is_empty());
    let claim = store.claim_one(1, 200).await;
    assert_eq!((claim.aggregate, claim.events[0].event), (posts[0].into(), first));

    assert_eq!(store.outbox.retry_parked(None, moment(200)).await.unwrap(), 2);
    assert!(store.outbox.parked(10).await.unwrap().is_empty());
    let mut aggregates: Vec<_> = store.claim(2, 200).await.iter().map(|claim| claim.aggregate).collect();
    aggregates.sort();
    let mut expected = [posts[1].into(), posts[2].into()];
    expected.sort();
    assert_eq!(aggregates, expected, "the first is still claimed");
    assert_eq!(store.outbox.retry_parked(None, moment(200)).await.unwrap(), 0);
}

pub(super) async fn a_dropped_event_is_gone(store: Fixture) {
    store.publish_at(1, 10).await;
    let claim = store.claim_one(1, 100).await;
    store.outbox.park(Projection::Index, &ids(&claim.events), "No.").await.unwrap();
    let event = claim.events[0].event.id;
    assert!(store.outbox.drop_parked(event).await.unwrap());
    assert!(!store.outbox.drop_parked(event).await.unwrap());
    assert_eq!(store.outbox.retry_parked(Some(event), moment(100)).await.unwrap(), 0);
    assert!(store.outbox.parked(10).await.unwrap().is_empty());
    assert_eq!(store.outbox.backlog(Projection::Index).await.unwrap(), Backlog::default());
}

pub(super) async fn only_what_is_parked_is_retried_or_dropped(store: Fixture) {
    store.publish_at(1, 10).await;
    let claim = store.claim_one(1, 100).await;
    let event = claim.events[0].event.id;
    assert_eq!(store.outbox.retry_parked(Some(event), moment(100)).await.unwrap(), 0);
    assert_eq!(store.outbox.retry_parked(None, moment(100)).await.unwrap(), 0);
    assert!(!store.outbox.drop_parked(event).await.unwrap());
    assert!(store.claim(2, 101).await.is_empty(), "it is still claimed");
}

pub(super) async fn parked_events_are_listed_from_the_oldest(store: Fixture) {
    for (n, second) in [(1, 30), (2, 10), (3, 20)] {
        store.publish_at(n, second).await;
    }
    for claim in store.claim(1, 100).await {
        store.outbox.park(Projection::Index, &ids(&claim.events), "No.").await.unwrap();
    }
    let moments = |parked: Vec<polygraph::ports::Parked>| parked.iter().map(|p| p.event.at).collect::<Vec<_>>();
    assert_eq!(moments(store.outbox.parked(10).await.unwrap()), [moment(10), moment(20), moment(30)]);
    assert_eq!(moments(store.outbox.parked(2).await.unwrap()), [moment(10), moment(20)]);
}

pub(super) async fn a_backlog_is_counted(store: Fixture) {
    let backlog = || async { store.outbox.backlog(Projection::Index).await.unwrap() };
    assert_eq!(backlog().await, Backlog::default());
    let post = store.publish_at(1, 20).await;
    store.like(post, 0..5, 30).await;
    store.publish_at(2, 10).await;
    assert_eq!(backlog().await, Backlog { waiting: 7, parked: 0, oldest: Some(moment(10)) });
    let claims = store.claim(1, 100).await;
    assert_eq!(backlog().await.waiting, 7, "what is claimed is not done yet");
    let (first, second) = (&claims[0], &claims[1]);
    assert_eq!((first.events.len(), second.events.len()), (1, 6));
    store.outbox.park(Projection::Index, &ids(&first.events), "No.").await.unwrap();
    assert_eq!(backlog().await, Backlog { waiting: 6, parked: 1, oldest: Some(moment(20)) });
    store.outbox.postpone(Projection::Index, &ids(&second.events), moment(500)).await.unwrap();
    assert_eq!(backlog().await, Backlog { waiting: 6, parked: 1, oldest: Some(moment(20)) });
    store.finish(second).await;
    assert_eq!(backlog().await, Backlog { waiting: 0, parked: 1, oldest: None });
}
