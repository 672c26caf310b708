//! What the scheduler promises: the batches of each level, counted.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::{join_all, try_join_all};
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _};

use super::{BatchPanicked, Lane, Scope};

/// The sizes of the batches that were sent, in order.
type Sent = Arc<Mutex<Vec<usize>>>;

/// A lane that answers `key * 10` a moment later, and none for negative keys.
fn tens(scope: &mut Scope, sent: &Sent) -> Lane<i64, i64> {
    let sent = Arc::clone(sent);
    scope.lane("tens", move |keys: Vec<i64>| {
        sent.lock().unwrap().push(keys.len());
        async move {
            tokio::task::yield_now().await;
            keys.into_iter().filter(|key| *key >= 0).map(|key| (key, key * 10)).collect::<HashMap<_, _>>()
        }
        .boxed()
    })
}

fn sent_by(sent: &Sent) -> Vec<usize> {
    sent.lock().unwrap().clone()
}

#[tokio::test]
async fn one_batch_per_level_for_any_number_of_siblings() {
    for siblings in [1, 30, 31, 500, 5_000] {
        let (mut scope, sent) = (Scope::default(), Sent::default());
        let lane = tens(&mut scope, &sent);
        // Two levels: each sibling loads a child of what it loaded.
        let request = try_join_all((0..siblings).map(|key| {
            let lane = lane.clone();
            async move {
                let first = lane.load(key).await?.expect("a value");
                lane.load(first + 1_000_000).await
            }
        }));
        let values = scope.run(request).await.expect("no panic");
        assert_eq!(values.len(), siblings as usize);
        assert_eq!(sent_by(&sent), [siblings as usize, siblings as usize], "{siblings} siblings");
    }
}

#[tokio::test]
async fn nested_lists_make_one_batch_per_level() {
    let (mut scope, sent) = (Scope::default(), Sent::default());
    let lane = tens(&mut scope, &sent);
    let request = join_all((0..40).map(|parent| {
        let lane = lane.clone();
        async move {
            lane.load(parent).await.ok();
            join_all((0..40).map(|child| lane.load(1_000 + parent * 40 + child))).await
        }
    }));
    scope.run(request).await;
    assert_eq!(sent_by(&sent), [40, 1_600]);
}

#[tokio::test]
async fn key_spaces_of_a_level_go_side_by_side() {
    let (mut scope, one, other) = (Scope::default(), Sent::default(), Sent::default());
    let (a, b) = (tens(&mut scope, &one), tens(&mut scope, &other));
    let request = join_all((0..50).map(|key| futures::future::join(a.load(key), b.load(key + 100))));
    scope.run(request).await;
    assert_eq!((sent_by(&one), sent_by(&other)), (vec![50], vec![50]));
}

#[tokio::test]
async fn a_key_is_asked_for_once_and_kept() {
    let (mut scope, sent) = (Scope::default(), Sent::default());
    let lane = tens(&mut scope, &sent);
    lane.prime(7, 77);
    let values = scope.run(async {
        let together = join_all([lane.load(1), lane.load(1), lane.load(7)]).await;
        (together, lane.load(1).await)
    });
    let (together, again) = values.await;
    assert_eq!(together, [Ok(Some(10)), Ok(Some(10)), Ok(Some(77))]);
    assert_eq!(again, Ok(Some(10)));
    assert_eq!(sent_by(&sent), [1]);
}

#[tokio::test]
async fn what_was_forgotten_is_asked_for_again() {
    let (mut scope, sent) = (Scope::default(), Sent::default());
    let lane = tens(&mut scope, &sent);
    let twice = async {
        lane.load(1).await?;
        scope.forget();
        lane.load(1).await
    };
    assert_eq!(scope.run(twice).await, Ok(Some(10)));
    assert_eq!(sent_by(&sent), [1, 1]);
}

#[tokio::test]
async fn a_key_without_a_value_is_none() {
    let (mut scope, sent) = (Scope::default(), Sent::default());
    let lane = tens(&mut scope, &sent);
    assert_eq!(scope.run(lane.load(-1)).await, Ok(None));
}

#[tokio::test]
async fn a_level_that_is_known_already_sends_nothing() {
    let (mut scope, sent) = (Scope::default(), Sent::default());
    let lane = tens(&mut scope, &sent);
    (0..40).for_each(|key| lane.prime(key, key));
    let level = async {
        let first = try_join_all((0..40).map(|key| lane.load(key))).await?;
        // One of them is not known: it goes alone.
        try_join_all(first.into_iter().flatten().chain([99]).map(|key| lane.load(key))).await
    };
    assert_eq!(scope.run(level).await.map(|values| values.len()), Ok(41));
    assert_eq!(sent_by(&sent), [1]);
}

/// As a subscription runs its events: each is a request of its own. A level of an event is one batch, and what one event
/// read is not taken for true in the next.
#[tokio::test]
async fn each_event_of_a_stream_is_batched_by_itself() {
    let sent = Sent::default();
    let events = futures::stream::iter(0..3).then(|_| {
        let mut scope = Scope::default();
        let lane = tens(&mut scope, &sent);
        async move {
            let siblings = (0..50).map(|key| {
                let lane = lane.clone();
                async move {
                    let first = lane.load(key).await?.expect("a value");
                    lane.load(first + 1_000_000).await
                }
            });
            scope.run(try_join_all(siblings)).await
        }
    });
    let values: Vec<_> = events.try_collect().await.expect("no panic");
    assert_eq!(values.iter().map(Vec::len).collect::<Vec<_>>(), [50; 3]);
    assert_eq!(sent_by(&sent), [50; 6], "two levels an event");
}

#[tokio::test]
async fn a_request_that_loads_nothing_sends_nothing() {
    let (mut scope, sent) = (Scope::default(), Sent::default());
    let lane = tens(&mut scope, &sent);
    let answer = scope.run(async {
        drop(lane.load(1));
        42
    });
    assert_eq!(answer.await, 42);
    assert!(sent_by(&sent).is_empty());
}

#[tokio::test(start_paused = true)]
async fn other_io_is_not_waited_for() {
    let (mut scope, sent) = (Scope::default(), Sent::default());
    let lane = tens(&mut scope, &sent);
    let (tell, told) = tokio::sync::oneshot::channel::<()>();
    // The left side can only go on once the right one has its value: waiting for a fuller batch would deadlock.
    let request = futures::future::join(
        async {
            told.await.expect("told");
            lane.load(2).await
        },
        async {
            let value = lane.load(1).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            tell.send(()).expect("still there");
            value
        },
    );
    assert_eq!(scope.run(request).await, (Ok(Some(20)), Ok(Some(10))));
    assert_eq!(sent_by(&sent), [1, 1]);
}

#[tokio::test]
async fn siblings_that_finish_apart_do_not_hold_each_other_up() {
    let mut scope = Scope::default();
    let (release, gate) = tokio::sync::oneshot::channel::<()>();
    let gate = Mutex::new(Some(gate));
    let slow = scope.lane("slow", move |keys: Vec<i64>| {
        let gate = gate.lock().unwrap().take().expect("one batch");
        async move {
            gate.await.expect("released");
            keys.into_iter().map(|key| (key, key)).collect()
        }
        .boxed()
    });
    let sent = Sent::default();
    let fast = tens(&mut scope, &sent);
    let request = futures::future::join(slow.load(1), async {
        // The whole of this chain runs while the slow batch is in flight.
        let second = fast.load(fast.load(1).await.unwrap().unwrap()).await;
        release.send(()).expect("the slow batch is in flight");
        second
    });
    assert_eq!(scope.run(request).await, (Ok(Some(1)), Ok(Some(100))));
    assert_eq!(sent_by(&sent), [1, 1]);
}

#[tokio::test]
async fn a_panicking_batch_fails_its_keys_only() {
    let (mut scope, sent) = (Scope::default(), Sent::default());
    let good = tens(&mut scope, &sent);
    let bad = scope.lane("bad", |_: Vec<i64>| -> futures::future::BoxFuture<'static, HashMap<i64, i64>> {
        panic!("a defect in a batch function")
    });
    let answers = scope.run(futures::future::join(bad.load(1), good.load(1))).await;
    assert_eq!(answers, (Err(BatchPanicked), Ok(Some(10))));
}

#[tokio::test]
async fn dropping_the_request_drops_its_batches() {
    struct Guard(Arc<Mutex<bool>>);
    impl Drop for Guard {
        fn drop(&mut self) {
            *self.0.lock().unwrap() = true;
        }
    }
    let dropped = Arc::new(Mutex::new(false));
    let mut scope = Scope::default();
    let held = Arc::clone(&dropped);
    let lane = scope.lane("never", move |_: Vec<i64>| {
        let guard = Guard(Arc::clone(&held));
        async move {
            let _guard = guard;
            std::future::pending::<HashMap<i64, i64>>().await
        }
        .boxed()
    });
    {
        let mut request = std::pin::pin!(scope.run(lane.load(1)));
        assert!(futures::poll!(request.as_mut()).is_pending());
        assert!(!*dropped.lock().unwrap(), "the batch is in flight");
    }
    assert!(*dropped.lock().unwrap(), "and gone with the request");
}
