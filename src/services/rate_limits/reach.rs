//! Whether the shared budgets can be reached: a store that failed is not asked again until it has answered somebody for
//! whom no request waits. The same as the result cache does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::in_time;
use crate::ports::{RateLimiter, StoreError};

/// The pause after an attempt that failed. The first is made at once: one lost connection is no outage.
const PAUSE: Duration = Duration::from_millis(500);

/// What is known of a store's reach. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Reach(Arc<AtomicBool>);

impl Reach {
    /// Whether asking would only cost time.
    pub(super) fn is_lost(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Notes that the store has failed, and looks out for it until it answers within `patience`.
    pub(super) fn lose(&self, store: &Arc<dyn RateLimiter>, patience: Duration, error: &StoreError) {
        if self.0.swap(true, Ordering::Relaxed) {
            return;
        }
        tracing::warn!(%error, "budgets of rate limits are kept in this process alone");
        let (store, is_lost) = (Arc::downgrade(store), Arc::clone(&self.0));
        tokio::spawn(async move {
            // Without those who would use it there is nothing to look out for.
            while let Some(store) = store.upgrade() {
                if in_time(patience, store.check()).await.is_ok() {
                    break;
                }
                drop(store);
                tokio::time::sleep(PAUSE).await;
            }
            is_lost.store(false, Ordering::Relaxed);
        });
    }
}
