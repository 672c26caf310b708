//! What stands between requests and one store: a bulkhead, a circuit breaker, a deadline, and another try.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout_at};

use super::breaker::Breaker;
use super::bulkhead::{Bulkhead, Full};
use super::policy::{Call, Policy, log};
use super::{Effect, Rows};
use crate::ports::deadline::{self, DeadlinePassed};
use crate::ports::{Entropy, ErrorKind, Role, StoreError, StoreResult};

/// The longest pause before another try.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Of so many places one is for calls that scan, and so many of these wait for each: the store has its own work to do, and
/// so have those who wait for places in the gateway.
const PLACES_FOR_A_SCAN: usize = 8;
const WAITING_FOR_A_SCAN: usize = 4;

/// What a store is allowed, and what is done where it takes more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuardLimits {
    /// How long a call may take, waiting and other tries included. Where the request has less time left, that counts.
    pub timeout: Duration,
    /// How often a call that a store was not there for is made again.
    pub retries: u32,
    /// The longest pause before the first of them; it doubles with each, up to a second.
    pub retry_pause: Duration,
    /// After how many failures in a row no call is made for a pause.
    pub breaker_failures: u32,
    /// How long that pause is, and how long it is from one probe to the next.
    pub breaker_pause: Duration,
    /// How many calls that read, and how many that write, are under way at once. Of calls that scan, an eighth of it.
    pub at_once: usize,
    /// How many more of each may wait.
    pub waiting: usize,
}

/// Guards one store. Clones are the same guard: all ports of a store share it.
///
/// - A call whose store has failed again and again is not made: [`ErrorKind::Unavailable`].
/// - One that finds all places taken waits; where too many wait it is not made: [`ErrorKind::Overloaded`].
/// - One that takes too long is dropped: [`ErrorKind::Timeout`], or if it writes [`ErrorKind::OutcomeUnknown`]. The
///   error's source is [`DeadlinePassed`] where the request had less time than the store.
/// - One that scans has few places, and taking long says nothing of the store: what stands in for an index that is down
///   must not take along the store that it asks.
/// - One that found the store unavailable is made again after a pause of random length, if it may be.
#[derive(Clone)]
pub struct Guard(Arc<Inner>);

struct Inner {
    limits: GuardLimits,
    breaker: Breaker,
    /// Apart from each other, since writes may have to wait for each other and reads need not wait for them.
    reads: Bulkhead,
    writes: Bulkhead,
    scans: Bulkhead,
    entropy: Arc<dyn Entropy>,
    now: fn() -> Instant,
}

impl Guard {
    /// A guard of the store that plays this part. `entropy` decides how long pauses are; `now` is the present on a clock
    /// that never goes back.
    pub fn new(role: Role, limits: GuardLimits, entropy: Arc<dyn Entropy>, now: fn() -> Instant) -> Self {
        let scans = (limits.at_once / PLACES_FOR_A_SCAN).max(1);
        Self(Arc::new(Inner {
            limits,
            breaker: Breaker::new(role, limits.breaker_failures, limits.breaker_pause, now),
            reads: Bulkhead::new(limits.at_once, limits.waiting),
            writes: Bulkhead::new(limits.at_once, limits.waiting),
            scans: Bulkhead::new(scans, limits.waiting.min(scans * WAITING_FOR_A_SCAN)),
            entropy,
            now,
        }))
    }
}

impl Policy for Guard {
    async fn around<T, F>(&self, call: Call, attempt: impl Fn() -> F + Send + Sync) -> StoreResult<T>
    where
        T: Rows + Send,
        F: Future<Output = StoreResult<T>> + Send,
    {
        let Inner { limits, breaker, reads, writes, scans, now, .. } = &*self.0;
        let patience = Patience::of(limits.timeout, now());
        if breaker.refuses() {
            return Err(left_alone(call));
        }
        let bulkhead = match call.effect {
            Effect::Reads => reads,
            Effect::Scans => scans,
            Effect::Sets | Effect::Writes => writes,
        };
        let _place = match timeout_at(patience.end.into(), bulkhead.enter()).await {
            Ok(Ok(place)) => place,
            Ok(Err(Full)) => {
                let error = StoreError::new(call.role, ErrorKind::Overloaded, "too many calls wait for the store");
                return Err(logged(call, error));
            }
            Err(_) => return Err(logged(call, patience.is_over(call, ErrorKind::Timeout))),
        };
        let mut tries = 0;
        loop {
            // It may have failed others while this one waited.
            if !breaker.admits() {
                return Err(left_alone(call));
            }
            let error = match self.attempt(call, patience, attempt()).await {
                Err(error) if error.kind == ErrorKind::Unavailable && call.effect != Effect::Writes => error,
                Err(error) => return Err(logged(call, error)),
                answer => return answer,
            };
            let pause = self.pause(tries);
            if tries == limits.retries || breaker.refuses() || now() + pause >= patience.end {
                return Err(logged(call, error));
            }
            tracing::debug!(role = call.role.name(), method = call.method, ?pause, "a call is made again");
            sleep(pause).await;
            tries += 1;
        }
    }
}

impl Guard {
    /// Makes the call once, and lets the breaker know what came of it.
    async fn attempt<T>(
        &self,
        call: Call,
        patience: Patience,
        attempt: impl Future<Output = StoreResult<T>>,
    ) -> StoreResult<T> {
        let Inner { limits, breaker, now, .. } = &*self.0;
        let begun = now();
        let (mut attempt, mut has_waited) = (pin!(attempt), false);
        let watched = poll_fn(|cx| {
            let polled = attempt.as_mut().poll(cx);
            has_waited |= polled.is_pending();
            polled
        });
        let Ok(answer) = timeout_at(patience.end.into(), deadline::until(*now, patience.end, watched)).await else {
            // A request in a hurry says nothing of the store; one that has waited for long does.
            if call.effect != Effect::Scans && now().saturating_duration_since(begun) >= limits.timeout / 2 {
                breaker.failed();
            }
            let kind = if call.writes() { ErrorKind::OutcomeUnknown } else { ErrorKind::Timeout };
            return Err(patience.is_over(call, kind));
        };
        match answer.as_ref().err().map(|error| error.kind) {
            Some(ErrorKind::Timeout) if call.effect == Effect::Scans => {}
            Some(ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::OutcomeUnknown) => breaker.failed(),
            // What is answered at once is answered by the adapter, as an empty list of keys is.
            _ if !has_waited => {}
            _ => breaker.succeeded(),
        }
        answer
    }

    /// A pause before another try, of random length ("full jitter"): those who failed together don't come back together.
    fn pause(&self, tries: u32) -> Duration {
        let Inner { limits, entropy, .. } = &*self.0;
        let longest = limits.retry_pause.saturating_mul(1 << tries.min(16)).min(LONGEST_PAUSE);
        let mut random = [0; 4];
        entropy.fill(&mut random);
        longest.mul_f64(f64::from(u32::from_le_bytes(random)) / f64::from(u32::MAX))
    }
}

/// How long a call is waited for, and whose patience that is.
#[derive(Clone, Copy)]
struct Patience {
    end: Instant,
    is_the_requests: bool,
}

impl Patience {
    fn of(store: Duration, now: Instant) -> Self {
        let end = now + store;
        match deadline::ends().filter(|earlier| *earlier < end) {
            Some(end) => Self { end, is_the_requests: true },
            None => Self { end, is_the_requests: false },
        }
    }

    fn is_over(self, call: Call, kind: ErrorKind) -> StoreError {
        match self.is_the_requests {
            true => StoreError::new(call.role, kind, DeadlinePassed),
            false => StoreError::new(call.role, kind, format!("{} took too long", call.method)),
        }
    }
}

/// Of calls that are not made nothing is logged: of the breaker's opening and closing it was.
fn left_alone(call: Call) -> StoreError {
    StoreError::new(call.role, ErrorKind::Unavailable, "the store has failed a moment ago, and is left alone")
}

fn logged(call: Call, error: StoreError) -> StoreError {
    log(call, &error);
    error
}
