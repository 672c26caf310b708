//! How long somebody still waits for what is under way: handed down within the task, from the request to the adapters, so
//! that no method needs an argument for it.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

tokio::task_local! {
    static ENDS: Instant;
}

/// A request's own deadline has passed: what a [`StoreError`](super::StoreError) has as its source where the store is not
/// to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request's own deadline has passed")]
pub struct DeadlinePassed;

/// Lets `work` know that it is waited for this long at most. It is not cut off: who calls a store sees to that.
pub async fn within<F: Future>(patience: Duration, work: F) -> F::Output {
    until(Instant::now() + patience, work).await
}

/// As [`within`], until this moment; an earlier one that was handed down stays.
pub async fn until<F: Future>(end: Instant, work: F) -> F::Output {
    ENDS.scope(ends().map_or(end, |earlier| earlier.min(end)), work).await
}

/// When nobody waits any more for what this task does; `None` where nobody is in a hurry.
pub fn ends() -> Option<Instant> {
    ENDS.try_with(|end| *end).ok()
}

/// How long until then.
pub fn time_left() -> Option<Duration> {
    ends().map(|end| end.saturating_duration_since(Instant::now()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_deadline_shrinks_as_it_is_spent_and_is_never_put_off() {
        assert_eq!(time_left(), None);
        let left = within(10 * SECOND, async {
            tokio::time::sleep(4 * SECOND).await;
            (time_left(), within(SECOND, async { time_left() }).await, within(60 * SECOND, async { time_left() }).await)
        });
        assert_eq!(left.await, (Some(6 * SECOND), Some(SECOND), Some(6 * SECOND)));
        let late = within(SECOND, async {
            tokio::time::sleep(2 * SECOND).await;
            time_left()
        });
        assert_eq!(late.await, Some(Duration::ZERO));
    }
}
