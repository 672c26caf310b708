//! Guards, on a store that does as it is told, in time that passes when the test says so.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::future::join_all;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

use super::{Call, Guard, GuardLimits, Policy};
use crate::ports::deadline::within;
use crate::ports::{Entropy, ErrorKind, Role, StoreError, StoreResult};

const SECOND: Duration = Duration::from_secs(1);
const LIMITS: GuardLimits = GuardLimits {
    timeout: Duration::from_secs(5),
    retries: 2,
    retry_pause: Duration::from_millis(100),
    breaker_failures: 4,
    breaker_pause: SECOND,
    at_once: 2,
    waiting: 1,
};

/// Always the longest pause.
struct Longest;

impl Entropy for Longest {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0xff);
    }
}

fn now() -> std::time::Instant {
    Instant::now().into_std()
}

fn guard() -> Guard {
    Guard::new(Role::Posts, LIMITS, Arc::new(Longest), now)
}

fn read() -> Call {
    Call::read(Role::Posts, "posts_by_id")
}

fn scan() -> Call {
    Call::scan(Role::Posts, "posts_with")
}

fn set() -> Call {
    Call::set(Role::Posts, "set_likes")
}

fn write() -> Call {
    Call::write(Role::Posts, "publish")
}

fn failure(kind: ErrorKind) -> StoreError {
    StoreError::new(Role::Posts, kind, "as it was told")
}

/// A store that fails like this so many times, and answers then. It counts its calls.
struct Flaky {
    kind: ErrorKind,
    failures: u32,
    calls: AtomicU32,
}

impl Flaky {
    fn new(kind: ErrorKind, failures: u32) -> Self {
        Self { kind, failures, calls: AtomicU32::new(0) }
    }

    async fn ask(&self) -> StoreResult<u64> {
        yield_now().await;
        let before = self.calls.fetch_add(1, Ordering::Relaxed);
        if before < self.failures { Err(failure(self.kind)) } else { Ok(u64::from(before)) }
    }

    /// What became of the call, and how many it took.
    async fn through(&self, guard: &Guard, call: Call) -> (Option<ErrorKind>, u32) {
        let answer = guard.around(call, || self.ask()).await;
        (answer.err().map(|error| error.kind), self.calls.swap(0, Ordering::Relaxed))
    }
}

/// What becomes of a call that is never answered.
async fn hang(guard: &Guard, call: Call) -> StoreError {
    guard.around(call, pending::<StoreResult<()>>).await.expect_err("it hangs")
}

#[tokio::test(start_paused = true)]
async fn what_was_not_made_is_made_again_where_that_does_no_harm() {
    let begun = Instant::now();
    assert_eq!(Flaky::new(ErrorKind::Unavailable, 2).through(&guard(), read()).await, (None, 3));
    assert_eq!(begun.elapsed(), Duration::from_millis(100 + 200), "pauses double");
    assert_eq!(Flaky::new(ErrorKind::Unavailable, 2).through(&guard(), set()).await, (None, 3));
    let unavailable = Some(ErrorKind::Unavailable);
    assert_eq!(Flaky::new(ErrorKind::Unavailable, 9).through(&guard(), read()).await, (unavailable, 3), "three in all");
    assert_eq!(Flaky::new(ErrorKind::Unavailable, 9).through(&guard(), write()).await, (unavailable, 1));
    for kind in [ErrorKind::Timeout, ErrorKind::OutcomeUnknown, ErrorKind::Conflict, ErrorKind::Internal] {
        assert_eq!(Flaky::new(kind, 9).through(&guard(), read()).await, (Some(kind), 1));
        assert_eq!(Flaky::new(kind, 9).through(&guard(), set()).await, (Some(kind), 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_has_as_long_as_the_store_may_take_or_the_request_has_left() {
    let begun = Instant::now();
    let error = hang(&guard(), read()).await;
    assert_eq!((error.kind, error.is_late_request(), begun.elapsed()), (ErrorKind::Timeout, false, 5 * SECOND));

    let begun = Instant::now();
    let guard = guard();
    let (first, second, third) = within(now, 8 * SECOND, async {
        (hang(&guard, read()).await, hang(&guard, write()).await, hang(&guard, read()).await)
    })
    .await;
    assert_eq!((first.kind, first.is_late_request()), (ErrorKind::Timeout, false), "the store's five seconds");
    assert_eq!((second.kind, second.is_late_request()), (ErrorKind::OutcomeUnknown, true), "the request's other three");
    assert_eq!((third.kind, third.is_late_request()), (ErrorKind::Timeout, true), "nothing was left");
    assert_eq!(begun.elapsed(), 8 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn no_other_try_goes_beyond_the_deadline() {
    let flaky = Flaky::new(ErrorKind::Unavailable, 9);
    let begun = Instant::now();
    let ended = within(now, Duration::from_millis(250), flaky.through(&guard(), read())).await;
    assert_eq!(ended, (Some(ErrorKind::Unavailable), 2), "the second pause would have been too long");
    assert_eq!(begun.elapsed(), Duration::from_millis(100));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_is_left_alone_and_found_again() {
    let guard = guard();
    for _ in 0..2 {
        join_all([hang(&guard, read()), hang(&guard, read())]).await;
    }
    let begun = Instant::now();
    let error = hang(&guard, write()).await;
    assert_eq!((error.kind, begun.elapsed()), (ErrorKind::Unavailable, Duration::ZERO), "refused at once, not made");
    // It hangs on: somebody finds out at each pause, and nobody else waits for that.
    sleep(SECOND).await;
    let probe = async { (hang(&guard, read()).await.kind, begun.elapsed()) };
    let others = async {
        sleep(Duration::from_millis(500)).await;
        (hang(&guard, read()).await.kind, begun.elapsed())
    };
    let (probe, other) = futures::future::join(probe, others).await;
    assert_eq!(probe, (ErrorKind::Timeout, 6 * SECOND));
    assert_eq!(other, (ErrorKind::Unavailable, Duration::from_millis(1_500)));
    // It is back.
    sleep(SECOND).await;
    assert_eq!(Flaky::new(ErrorKind::Timeout, 0).through(&guard, read()).await, (None, 1));
    assert_eq!(Flaky::new(ErrorKind::Timeout, 0).through(&guard, write()).await, (None, 1));
}

#[tokio::test(start_paused = true)]
async fn what_no_store_was_asked_says_nothing_of_it() {
    let guard = guard();
    for _ in 0..2 {
        join_all([hang(&guard, read()), hang(&guard, read())]).await;
    }
    sleep(SECOND).await;
    assert!(guard.around(read(), async || Ok(0_u64)).await.is_ok(), "as a list without keys is answered");
    assert_eq!(hang(&guard, read()).await.kind, ErrorKind::Unavailable, "it is still left alone");
}

#[tokio::test(start_paused = true)]
async fn what_a_store_says_no_to_it_has_answered() {
    let guard = guard();
    for kind in [ErrorKind::Internal, ErrorKind::Conflict, ErrorKind::NotReady] {
        let flaky = Flaky::new(kind, 100);
        for _ in 0..10 {
            assert_eq!(flaky.through(&guard, read()).await.0, Some(kind));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn requests_in_a_hurry_say_nothing_of_the_store() {
    let guard = guard();
    for _ in 0..10 {
        let error = within(now, SECOND, hang(&guard, read())).await;
        assert!(error.is_late_request());
    }
    assert_eq!(Flaky::new(ErrorKind::Timeout, 0).through(&guard, read()).await, (None, 1));
}

#[tokio::test(start_paused = true)]
async fn beyond_those_at_once_and_those_who_wait_calls_are_refused_at_once() {
    let guard = guard();
    let slow = async || {
        sleep(SECOND).await;
        Ok(1_u64)
    };
    let begun = Instant::now();
    let reads = join_all((0..4).map(async |_| {
        let kind = guard.around(read(), slow).await.err().map(|error| error.kind);
        (kind, begun.elapsed())
    }));
    let (ended, written) = futures::future::join(reads, guard.around(write(), slow)).await;
    assert_eq!(
        ended,
        [(None, SECOND), (None, SECOND), (None, 2 * SECOND), (Some(ErrorKind::Overloaded), Duration::ZERO)]
    );
    assert!(written.is_ok(), "writes have places of their own");
}

#[tokio::test(start_paused = true)]
async fn who_is_dropped_leaves_its_place() {
    let guard = guard();
    for _ in 0..10 {
        let _ = tokio::time::timeout(SECOND, hang(&guard, read())).await;
    }
    assert_eq!(Flaky::new(ErrorKind::Timeout, 0).through(&guard, read()).await, (None, 1));
}

#[tokio::test(start_paused = true)]
async fn scans_have_few_places_and_leave_those_of_others_alone() {
    let guard = guard();
    let scans = join_all([hang(&guard, scan()), hang(&guard, scan()), hang(&guard, scan())]);
    let (scans, others) = tokio::join!(scans, async {
        let flaky = Flaky::new(ErrorKind::Unavailable, 0);
        let others = join_all([flaky.through(&guard, read()), flaky.through(&guard, write())]);
        others.await.into_iter().all(|(error, _)| error.is_none())
    });
    let kinds = scans.iter().map(|error| error.kind);
    let expected = [ErrorKind::Timeout, ErrorKind::Timeout, ErrorKind::Overloaded];
    assert_eq!(kinds.collect::<Vec<_>>(), expected, "one is made, one waits, and the third is one too many");
    assert!(others);
}

#[tokio::test(start_paused = true)]
async fn scans_that_take_too_long_say_nothing_of_the_store() {
    let guard = guard();
    for _ in 0..2 * LIMITS.breaker_failures {
        assert_eq!(hang(&guard, scan()).await.kind, ErrorKind::Timeout);
    }
    let timed_out = Flaky::new(ErrorKind::Timeout, 9);
    for _ in 0..2 * LIMITS.breaker_failures {
        assert_eq!(timed_out.through(&guard, scan()).await, (Some(ErrorKind::Timeout), 1));
    }
    assert_eq!(Flaky::new(ErrorKind::Unavailable, 0).through(&guard, read()).await, (None, 1));
    for _ in 0..LIMITS.breaker_failures {
        Flaky::new(ErrorKind::Unavailable, 9).through(&guard, scan()).await;
    }
    assert_eq!(Flaky::new(ErrorKind::Unavailable, 0).through(&guard, read()).await, (Some(ErrorKind::Unavailable), 0));
}
