//! How long somebody still waits for what is under way: handed down within the task, from the request to the adapters, so
//! that no method needs an argument for it.

use std::future::Future;
use std::time::{Duration, Instant};

/// Until when somebody waits, and the clock that this is told by.
#[derive(Clone, Copy)]
struct Deadline {
    ends: Instant,
    now: fn() -> Instant,
}

tokio::task_local! {
    static DEADLINE: Deadline;
}

/// A request's own deadline has passed: what a [`StoreError`](super::StoreError) has as its source where the store is not
/// to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request's own deadline has passed")]
pub struct DeadlinePassed;

/// Lets `work` know that it is waited for this long at most, from now on. It is not cut off: who calls a store sees to
/// that. `now` is the present on a clock that never goes back.
///
/// No `async fn`, and neither is [`until`]: each would hold `work` twice, and it is copied with every move.
pub fn within<F: Future>(now: fn() -> Instant, patience: Duration, work: F) -> impl Future<Output = F::Output> {
    until(now, now() + patience, work)
}

/// As [`within`], until this moment; an earlier one that was handed down stays.
pub fn until<F: Future>(now: fn() -> Instant, end: Instant, work: F) -> impl Future<Output = F::Output> {
    let ends = ends().map_or(end, |earlier| earlier.min(end));
    DEADLINE.scope(Deadline { ends, now }, work)
}

/// When nobody waits any more for what this task does; `None` where nobody is in a hurry.
pub fn ends() -> Option<Instant> {
    DEADLINE.try_with(|deadline| deadline.ends).ok()
}

/// How long until then.
pub fn time_left() -> Option<Duration> {
    DEADLINE.try_with(|deadline| deadline.ends.saturating_duration_since((deadline.now)())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn now() -> Instant {
        tokio::time::Instant::now().into_std()
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_shrinks_as_it_is_spent_and_is_never_put_off() {
        assert_eq!(time_left(), None);
        let left = within(now, 10 * SECOND, async {
            tokio::time::sleep(4 * SECOND).await;
            (
                time_left(),
                within(now, SECOND, async { time_left() }).await,
                within(now, 60 * SECOND, async { time_left() }).await,
            )
        });
        assert_eq!(left.await, (Some(6 * SECOND), Some(SECOND), Some(6 * SECOND)));
        let late = within(now, SECOND, async {
            tokio::time::sleep(2 * SECOND).await;
            time_left()
        });
        assert_eq!(late.await, Some(Duration::ZERO));
    }
}
