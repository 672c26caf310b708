//! Several workers and writers at once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use polygraph::domain::event::Aggregate;
use polygraph::ports::{Claim, ErrorKind, Projection};

use super::helpers::lease;
use crate::fixture::Fixture;

pub(super) async fn claimers_at_once_never_get_the_same_event(store: Fixture) {
    for n in 0..60 {
        let post = store.publish_at(n, 10).await;
        store.like(post, 0..3, 11).await;
    }
    let worker = |worker: u128| {
        let store = &store;
        async move {
            let mut claimed = Vec::new();
            loop {
                let claims = claim(store, worker, 7).await;
                if claims.is_empty() {
                    return claimed;
                }
                claimed.extend(claims);
            }
        }
    };
    let claims: Vec<Claim> = join_all((1..=6).map(worker)).await.into_iter().flatten().collect();
    let mut events: Vec<_> = claims.iter().flat_map(|claim| &claim.events).map(|waiting| waiting.event.id).collect();
    assert_eq!((claims.len(), events.len()), (60, 240));
    events.sort();
    events.dedup();
    assert_eq!(events.len(), 240, "each event is given once");
    assert!(claims.iter().all(|claim| claim.events.len() == 4), "an aggregate's events come together");
}

pub(super) async fn nothing_is_lost_while_writers_and_workers_meet(store: Fixture) {
    const WRITERS: usize = 4;
    const POSTS: u64 = 5;
    let mut posts = Vec::new();
    for n in 0..POSTS {
        posts.push(store.publish_at(n, 10).await);
    }
    let writing = AtomicUsize::new(WRITERS);
    let writers = (0..WRITERS as u64).map(|n| {
        let (store, posts, writing) = (&store, &posts, &writing);
        async move {
            for (round, post) in (0..).zip([&posts[..], &posts[..]].concat()) {
                let first = 100 * n + 10 * round;
                store.like(post, first..first + 3, 11).await;
            }
            writing.fetch_sub(1, Ordering::SeqCst);
        }
    });
    let workers = (1..=3).map(|worker: u128| {
        let (store, writing) = (&store, &writing);
        async move {
            let mut done = Vec::new();
            loop {
                let last_look = writing.load(Ordering::SeqCst) == 0;
                let claims = claim(store, worker, 2).await;
                if claims.is_empty() && last_look {
                    return done;
                }
                for claim in claims {
                    store.finish(&claim).await;
                    done.push(claim);
                }
                tokio::task::yield_now().await;
            }
        }
    });
    let (done, _) = futures::join!(join_all(workers), join_all(writers));

    let backlog = store.outbox.backlog(Projection::Index).await.unwrap();
    assert_eq!(backlog.waiting, 0);
    let mut versions: HashMap<Aggregate, Vec<u64>> = HashMap::new();
    for claim in done.iter().flatten() {
        let those = claim.events.iter().map(|waiting| waiting.event.version);
        assert!(those.is_sorted());
        versions.entry(claim.aggregate).or_default().extend(claim.events.iter().map(|waiting| waiting.event.version));
    }
    assert_eq!(versions.len() as u64, POSTS);
    for versions in versions.values_mut() {
        versions.sort_unstable();
        assert_eq!(*versions, Vec::from_iter(1..=1 + 2 * 3 * WRITERS as u64), "each event exactly once");
    }
}

/// A claim that lost against others may be tried again: a store may say so rather than try for ever.
async fn claim(store: &Fixture, worker: u128, limit: u32) -> Vec<Claim> {
    loop {
        match store.outbox.claim(Projection::Index, limit, lease(worker, 100)).await {
            Err(error) if error.kind == ErrorKind::Conflict => tokio::task::yield_now().await,
            claims => return claims.unwrap(),
        }
    }
}
