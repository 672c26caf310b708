//! A circuit breaker: a store that failed again and again is left alone, but for a call now and then that finds out
//! whether it is back.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::ports::Role;

/// A circuit breaker. While it is closed, a call costs it one load, and one more when the call ends.
///
/// Half open, it lets one call through for each pause, whether the one before has come back or not: against a store
/// that hangs, a probe takes as long as any call, and the next must not wait for it.
pub(super) struct Breaker {
    role: Role,
    /// How many failures in a row open it.
    most_failures: u32,
    pause: Duration,
    epoch: Instant,
    now: fn() -> Instant,
    failures: AtomicU32,
    /// Until when nobody is let through, in milliseconds since `epoch`; 0 while it is closed.
    refuses_until: AtomicU64,
}

impl Breaker {
    pub(super) fn new(role: Role, most_failures: u32, pause: Duration, now: fn() -> Instant) -> Self {
        let (failures, refuses_until) = (AtomicU32::new(0), AtomicU64::new(0));
        Self { role, most_failures, pause, epoch: now(), now, failures, refuses_until }
    }

    /// Whether a call would be refused now. Unlike [`Self::admits`] it uses up no probe.
    pub(super) fn refuses(&self) -> bool {
        match self.refuses_until.load(Ordering::Relaxed) {
            0 => false,
            until => self.millis() < until,
        }
    }

    /// Whether a call may be made now: always while closed, as a probe once the pause is over.
    pub(super) fn admits(&self) -> bool {
        match self.refuses_until.load(Ordering::Relaxed) {
            0 => true,
            until => {
                let now = self.millis();
                // Of all who come when the pause is over, the first moves its end, and is the probe.
                now >= until && self.refuse_from(now, until)
            }
        }
    }

    /// The store has answered, whatever it said.
    pub(super) fn succeeded(&self) {
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
        if self.refuses_until.load(Ordering::Relaxed) != 0 && self.refuses_until.swap(0, Ordering::Relaxed) != 0 {
            tracing::info!(role = self.role.name(), "calls go to the store again");
        }
    }

    /// The store did not answer a call.
    pub(super) fn failed(&self) {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if failures < self.most_failures {
            return;
        }
        let (until, now) = (self.refuses_until.load(Ordering::Relaxed), self.millis());
        // A probe that took longer than the pause begins the next one: a client that comes alone would else be the
        // probe each time.
        if until <= now && self.refuse_from(now, until) && until == 0 {
            let role = self.role.name();
            tracing::warn!(role, failures, "calls of the store are refused at once, until it answers");
        }
    }

    /// Refuses for a pause, unless somebody else has changed that meanwhile.
    fn refuse_from(&self, now: u64, instead_of: u64) -> bool {
        let pause = u64::try_from(self.pause.as_millis()).unwrap_or(u64::MAX);
        let until = now.saturating_add(pause).max(1);
        self.refuses_until.compare_exchange(instead_of, until, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    fn millis(&self) -> u64 {
        let since = (self.now)().saturating_duration_since(self.epoch);
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const PAUSE: Duration = Duration::from_secs(1);

    fn now() -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn opened() -> Breaker {
        let breaker = Breaker::new(Role::Posts, 3, PAUSE, now);
        for _ in 0..3 {
            assert!(breaker.admits() && !breaker.refuses());
            breaker.failed();
        }
        breaker
    }

    #[tokio::test(start_paused = true)]
    async fn failures_in_a_row_open_it_and_others_do_not() {
        let breaker = Breaker::new(Role::Posts, 3, PAUSE, now);
        for _ in 0..10 {
            breaker.failed();
            breaker.failed();
            breaker.succeeded();
        }
        assert!(breaker.admits());
        assert!(opened().refuses());
        assert!(!opened().admits());
    }

    #[tokio::test(start_paused = true)]
    async fn after_each_pause_one_call_finds_out() {
        let breaker = opened();
        for _ in 0..3 {
            advance(PAUSE).await;
            assert!(!breaker.refuses(), "somebody may try");
            assert!(breaker.admits(), "the probe");
            assert!(!breaker.admits() && breaker.refuses(), "one is enough, whether it has failed yet or not");
            breaker.failed();
            assert!(!breaker.admits());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_failed_late_begins_the_pause() {
        let breaker = opened();
        advance(PAUSE).await;
        assert!(breaker.admits());
        advance(3 * PAUSE).await;
        breaker.failed();
        assert!(breaker.refuses() && !breaker.admits());
        advance(PAUSE).await;
        assert!(breaker.admits());
    }

    #[tokio::test(start_paused = true)]
    async fn one_answer_closes_it() {
        let breaker = opened();
        advance(PAUSE).await;
        assert!(breaker.admits());
        breaker.succeeded();
        assert!(breaker.admits() && breaker.admits() && !breaker.refuses());
        breaker.failed();
        breaker.failed();
        assert!(breaker.admits(), "failures are counted anew");
    }
}
