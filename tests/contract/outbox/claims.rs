//! Claims: who is given which events, in which order, and until when.

use polygraph::domain::event::{Aggregate, Happened};
use polygraph::ports::{Backlog, Projection};

use super::helpers::{LEASE, at, ids, lease, names};
use crate::fixture::Fixture;
use crate::posts::world::{moment, user};

pub(super) async fn an_event_waits_until_it_is_done_with(store: Fixture) {
    assert!(store.claim(1, 100).await.is_empty(), "nothing has happened yet");
    let post = store.publish_at(1, 10).await;
    let claim = store.claim_one(1, 100).await;
    assert_eq!(claim.aggregate, Aggregate::Post(post.0));
    let waiting = claim.events[0];
    assert_eq!((claim.events.len(), waiting.attempts), (1, 0));
    assert_eq!((waiting.event.at, waiting.event.version), (moment(10), 1));
    assert_eq!(waiting.event.happened, Happened::PostCreated { author: user(1).0 });
    store.finish(&claim).await;
    assert!(store.claim(1, 10_000).await.is_empty());
    assert_eq!(store.outbox.backlog(Projection::Index).await.unwrap(), Backlog::default());
    store.finish(&claim).await;
}

pub(super) async fn an_aggregate_is_claimed_by_one_worker_at_a_time(store: Fixture) {
    let post = store.publish_at(1, 10).await;
    let claim = store.claim_one(1, 100).await;
    assert!(store.claim(2, 100).await.is_empty());
    store.edit(post, "Meanwhile", 101).await;
    assert!(store.claim(2, 102).await.is_empty(), "what comes after belongs to the same aggregate");
    assert!(store.claim(1, 102).await.is_empty(), "nor is anything claimed twice by the same worker");
    store.publish_at(2, 102).await;
    assert_eq!(names(&store.claim_one(2, 103).await.events), ["post.created"], "others are free");
    store.finish(&claim).await;
    assert_eq!(names(&store.claim_one(2, 103).await.events), ["post.updated"]);
}

pub(super) async fn a_lease_ends(store: Fixture) {
    let post = store.publish_at(1, 10).await;
    let claim = store.claim_one(1, 100).await;
    store.edit(post, "Meanwhile", 101).await;
    assert!(store.claim(2, 99 + LEASE).await.is_empty());
    let other = store.claim_one(2, 100 + LEASE).await;
    assert_eq!(other.events[0], claim.events[0], "a crash is no try that failed");
    assert_eq!(names(&other.events), ["post.created", "post.updated"]);
    assert!(store.claim(1, 101 + LEASE).await.is_empty());
    store.finish(&other).await;
    assert!(store.claim(1, 10_000).await.is_empty());
}

pub(super) async fn all_leases_can_be_ended_at_once(store: Fixture) {
    let posts = [store.publish_at(1, 10).await, store.publish_at(2, 11).await];
    assert_eq!(store.claim(1, 100).await.len(), 2);
    store.edit(posts[0], "Meanwhile", 101).await;
    assert!(store.claim(2, 102).await.is_empty(), "the first may still be at it");
    assert_eq!(store.outbox.end_leases(Projection::Index, moment(102)).await.unwrap(), 2);
    let claims = store.claim(2, 102).await;
    let events: Vec<_> = claims.iter().flat_map(|claim| names(&claim.events)).collect();
    assert_eq!(events, ["post.created", "post.updated", "post.created"]);
    assert!(claims.iter().all(|claim| claim.events[0].attempts == 0), "a crash is no try that failed");
    for claim in &claims {
        store.finish(claim).await;
    }
    assert_eq!(store.outbox.end_leases(Projection::Index, moment(103)).await.unwrap(), 0);
    assert!(store.claim(1, 10_000).await.is_empty());
}

pub(super) async fn events_of_an_aggregate_come_in_order(store: Fixture) {
    let post = store.publish_at(1, 10).await;
    store.like(post, 0..3, 11).await;
    store.edit(post, "Another", 12).await;
    store.publish_at(2, 12).await;
    store.publishing.delete(post, user(1), crate::fixture::stamp(13)).await.unwrap();
    let claims = store.claim(1, 100).await;
    assert_eq!(claims.len(), 2);
    let events = &claims.iter().find(|claim| claim.aggregate == post.into()).unwrap().events;
    let expected = ["post.created", "post.liked", "post.liked", "post.liked", "post.updated", "post.deleted"];
    assert_eq!(names(events), expected);
    let versions: Vec<u64> = events.iter().map(|waiting| waiting.event.version).collect();
    assert_eq!(versions, [1, 2, 3, 4, 5, 6]);
    assert!(at(events).is_sorted());
}

pub(super) async fn those_that_waited_longest_come_first(store: Fixture) {
    let (second, third, first) =
        (store.publish_at(1, 20).await, store.publish_at(2, 30).await, store.publish_at(3, 10).await);
    store.edit(third, "Later", 40).await;
    let mut given = Vec::new();
    for worker in 1..=4 {
        let claims = store.outbox.claim(Projection::Index, 1, lease(worker, 100)).await.unwrap();
        given.extend(claims.iter().map(|claim| claim.aggregate));
    }
    assert_eq!(given, [first.into(), second.into(), third.into()]);
}

pub(super) async fn a_postponed_event_is_tried_again_when_it_is_due(store: Fixture) {
    let post = store.publish_at(1, 10).await;
    let claim = store.claim_one(1, 100).await;
    store.outbox.postpone(Projection::Index, &ids(&claim.events), moment(200)).await.unwrap();
    store.edit(post, "Meanwhile", 101).await;
    assert!(store.claim(2, 199).await.is_empty(), "what comes after waits with it");
    let claim = store.claim_one(2, 200).await;
    assert_eq!(names(&claim.events), ["post.created", "post.updated"]);
    assert_eq!((claim.events[0].attempts, claim.events[1].attempts), (1, 0));
    store.outbox.postpone(Projection::Index, &ids(&claim.events), moment(300)).await.unwrap();
    let claim = store.claim_one(1, 300).await;
    assert_eq!((claim.events[0].attempts, claim.events[1].attempts), (2, 1));
    store.finish(&claim).await;
    assert!(store.claim(1, 10_000).await.is_empty());
}

pub(super) async fn a_thousand_events_of_one_aggregate_come_in_parts(store: Fixture) {
    let post = store.publish_at(1, 10).await;
    store.like(post, 0..1_000, 11).await;
    let mut versions = Vec::new();
    for part in [500, 500, 1] {
        let claim = store.claim_one(1, 100).await;
        assert_eq!(claim.events.len(), part);
        versions.extend(claim.events.iter().map(|waiting| waiting.event.version));
        store.finish(&claim).await;
    }
    assert_eq!(versions, Vec::from_iter(1..=1_001));
    assert!(store.claim(1, 100).await.is_empty());
}

pub(super) async fn no_events_are_settled_without_a_word(store: Fixture) {
    store.publish_at(1, 10).await;
    let unknown = [crate::fixture::stamp(10).event];
    for events in [&[][..], &unknown[..]] {
        store.outbox.finish(Projection::Index, events).await.unwrap();
        store.outbox.postpone(Projection::Index, events, moment(500)).await.unwrap();
        store.outbox.park(Projection::Index, events, "no reason").await.unwrap();
    }
    assert!(store.outbox.parked(10).await.unwrap().is_empty());
    assert_eq!(store.claim_one(1, 100).await.events.len(), 1);
}
