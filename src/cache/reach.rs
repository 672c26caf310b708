//! Whether the cache can be reached: one that fails is not asked again until it has answered somebody for whom no
//! request waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::in_time;
use crate::ports::ResultCache;

/// The pause after an attempt that failed. The first is made at once: one lost connection is no outage.
const PAUSE: Duration = Duration::from_millis(500);

/// What is known of a cache's reach. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Reach(Arc<AtomicBool>);

impl Reach {
    /// Whether asking the cache would only cost time.
    pub(super) fn is_lost(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Notes that the cache has failed, and looks out for it until it answers within `patience`.
    pub(super) fn lose(&self, cache: &Arc<dyn ResultCache>, patience: Duration) {
        if self.0.swap(true, Ordering::Relaxed) {
            return;
        }
        let (cache, is_lost) = (Arc::downgrade(cache), Arc::clone(&self.0));
        tokio::spawn(async move {
            // Without those who would use it there is nothing to look out for.
            while let Some(cache) = cache.upgrade() {
                if in_time(patience, cache.life()).await.is_ok() {
                    break;
                }
                drop(cache);
                tokio::time::sleep(PAUSE).await;
            }
            is_lost.store(false, Ordering::Relaxed);
        });
    }
}
