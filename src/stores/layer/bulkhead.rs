//! A bulkhead: so many calls at once, so many that wait, and no more.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

/// A bulkhead. Those who wait are let in in the order in which they came.
pub(super) struct Bulkhead {
    places: Semaphore,
    waiting: AtomicUsize,
    most_waiting: usize,
}

/// Too many wait already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

/// One of those who wait, for as long as it does.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Bulkhead {
    pub(super) fn new(most_at_once: usize, most_waiting: usize) -> Self {
        Self { places: Semaphore::new(most_at_once), waiting: AtomicUsize::new(0), most_waiting }
    }

    /// A place, for as long as it is kept.
    pub(super) async fn enter(&self) -> Result<SemaphorePermit<'_>, Full> {
        if let Ok(place) = self.places.try_acquire() {
            return Ok(place);
        }
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.waiting);
        if before >= self.most_waiting {
            return Err(Full);
        }
        // It is never closed.
        self.places.acquire().await.map_err(|_| Full)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn who_finds_no_place_waits_and_who_finds_no_place_to_wait_is_refused() {
        let bulkhead = Bulkhead::new(2, 1);
        let first = bulkhead.enter().await.expect("a place");
        let _second = bulkhead.enter().await.expect("a place");
        let mut third = Box::pin(bulkhead.enter());
        assert!((&mut third).now_or_never().is_none(), "it waits");
        assert_eq!(bulkhead.enter().now_or_never().map(|entered| entered.err()), Some(Some(Full)));
        drop(first);
        assert!(third.now_or_never().is_some_and(|entered| entered.is_ok()));
    }

    #[tokio::test]
    async fn who_gives_up_waiting_leaves_room() {
        let bulkhead = Bulkhead::new(1, 1);
        let place = bulkhead.enter().await.expect("a place");
        for _ in 0..3 {
            assert!(bulkhead.enter().now_or_never().is_none(), "it waited, and is gone");
        }
        drop(place);
        assert!(bulkhead.enter().await.is_ok());
    }
}
