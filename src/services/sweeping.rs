//! Forgets what has had its time: sessions that ended, and keys of posts published long ago.
//!
//! None of it is seen by anybody any more: sweeping only gives the room back. Every gateway does it, each at moments of
//! its own, and what one has swept another does not find.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::publishing::keys_count_from;
use super::stamps::Stamps;
use crate::ports::{AccountStore, PublishingStore, StoreResult};

/// How often a gateway sweeps, on the average: one pause is between half and one and a half of this.
const INTERVAL: Duration = Duration::from_secs(10 * 60);
/// How many portions are swept of each kind in a row, before the stores have a rest.
const PORTIONS: usize = 100;

/// Sweeps the stores of a gateway from time to time.
pub struct Sweeper {
    accounts: Arc<dyn AccountStore>,
    publishing: Arc<dyn PublishingStore>,
    stamps: Stamps,
}

impl Sweeper {
    /// Sweeps these stores, by the clock of `stamps`.
    pub fn new(accounts: Arc<dyn AccountStore>, publishing: Arc<dyn PublishingStore>, stamps: Stamps) -> Self {
        Self { accounts, publishing, stamps }
    }

    /// Sweeps until `stop`. What a store refuses is swept the next time.
    pub async fn run(self, stop: CancellationToken) {
        let sweeping = async {
            loop {
                tokio::time::sleep(self.pause()).await;
                tell("sessions", self.sweep_sessions().await);
                tell("idempotency keys", self.sweep_keys().await);
            }
        };
        // A portion that is dropped half-way is one statement, which is made or is not.
        stop.run_until_cancelled(sweeping).await;
    }

    /// Gateways that were started together don't sweep together.
    fn pause(&self) -> Duration {
        let most = u64::try_from(INTERVAL.as_millis()).unwrap_or(u64::MAX);
        INTERVAL / 2 + Duration::from_millis(u64::from_le_bytes(self.stamps.random()) % most)
    }

    async fn sweep_sessions(&self) -> StoreResult<u64> {
        let now = self.stamps.now();
        portions(|| self.accounts.sweep_sessions(now)).await
    }

    async fn sweep_keys(&self) -> StoreResult<u64> {
        let before = keys_count_from(self.stamps.now());
        portions(|| self.publishing.sweep_keys(before)).await
    }
}

/// Sweeps portion by portion until none is left.
async fn portions<F: Future<Output = StoreResult<u64>>>(sweep: impl Fn() -> F) -> StoreResult<u64> {
    let mut all = 0;
    for _ in 0..PORTIONS {
        match sweep().await? {
            0 => break,
            swept => all += swept,
        }
    }
    Ok(all)
}

fn tell(what: &str, swept: StoreResult<u64>) {
    match swept {
        Ok(0) => {}
        Ok(swept) => tracing::debug!(what, swept, "swept"),
        Err(error) => tracing::warn!(what, %error, "not swept, and tried again later"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::testing::{Counted, MemoryAccounts, MemoryPosts, TurnedClock};

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn it_sweeps_from_time_to_time_until_it_is_stopped() {
        let (accounts, posts) = (Arc::new(MemoryAccounts::default()), Arc::new(MemoryPosts::default()));
        let clock = Arc::new(TurnedClock::default());
        let sweeper = |entropy| Sweeper::new(accounts.clone(), posts.clone(), Stamps::new(clock.clone(), entropy));
        let stop = CancellationToken::new();
        // Two gateways at once, as there may be.
        let running = [(); 2].map(|()| tokio::spawn(sweeper(Arc::new(Counted::default())).run(stop.clone())));
        accounts.sweepable(2_500);
        tokio::time::sleep(4 * MINUTE).await;
        assert_eq!((accounts.swept(), posts.swept_before()), (0, None), "not at once");
        tokio::time::sleep(12 * MINUTE).await;
        assert_eq!(accounts.swept(), 2_500, "all of them, once");
        assert_eq!(posts.swept_before(), Some(keys_count_from(sweeper(Arc::new(Counted::default())).stamps.now())));

        accounts.sweepable(1);
        accounts.faults.fail_after(0);
        tokio::time::sleep(60 * MINUTE).await;
        assert_eq!(accounts.swept(), 2_501, "after a failure, too");
        stop.cancel();
        for gateway in running {
            gateway.await.expect("it stops");
        }
        accounts.sweepable(1);
        tokio::time::sleep(60 * MINUTE).await;
        assert_eq!(accounts.swept(), 2_501);
    }

    #[tokio::test]
    async fn gateways_sweep_at_moments_of_their_own() {
        let accounts = Arc::new(MemoryAccounts::default());
        let stamps = Stamps::new(Arc::new(TurnedClock::default()), Arc::new(Far::default()));
        let sweeper = Sweeper::new(accounts, Arc::new(MemoryPosts::default()), stamps);
        let pauses: Vec<_> = (0..8).map(|_| sweeper.pause()).collect();
        assert!(pauses.iter().all(|pause| (INTERVAL / 2..INTERVAL * 3 / 2).contains(pause)), "{pauses:?}");
        assert!(pauses.iter().any(|pause| *pause != pauses[0]), "{pauses:?}");
    }

    /// Bytes that differ much from draw to draw.
    #[derive(Default)]
    struct Far(Counted);

    impl crate::ports::Entropy for Far {
        fn fill(&self, bytes: &mut [u8]) {
            self.0.fill(bytes);
            bytes.reverse();
            bytes[1] = bytes[0].wrapping_mul(97);
        }
    }
}
