//! Whether a store that can be done without can be reached: one that fails is not asked again until it has answered
//! somebody for whom no request waits.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{ErrorKind, Role, StoreError, StoreResult};

/// The pause after an attempt that failed. The first is made at once: one lost connection is no outage.
const PAUSE: Duration = Duration::from_millis(500);

/// What is known of a store's reach. Clones share it.
#[derive(Clone, Default)]
pub struct Reach(Arc<AtomicBool>);

impl Reach {
    /// Whether asking the store would only cost time.
    pub fn is_lost(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Notes that the store has failed, and looks out for it until `look` is answered within `patience`. Returns whether
    /// that was news.
    pub fn lose<S, T, F>(&self, store: &Arc<S>, patience: Duration, look: impl Fn(Arc<S>) -> F + Send + 'static) -> bool
    where
        S: ?Sized + Send + Sync + 'static,
        T: Send,
        F: Future<Output = StoreResult<T>> + Send,
    {
        if self.0.swap(true, Ordering::Relaxed) {
            return false;
        }
        let (store, is_lost) = (Arc::downgrade(store), Arc::clone(&self.0));
        tokio::spawn(async move {
            // Without those who would use it there is nothing to look out for.
            while let Some(store) = store.upgrade() {
                if in_time(patience, look(store)).await.is_ok() {
                    break;
                }
                tokio::time::sleep(PAUSE).await;
            }
            is_lost.store(false, Ordering::Relaxed);
        });
        true
    }
}

/// What a call comes to that is worth waiting for so long.
///
/// # Errors
/// The call's, or [`ErrorKind::Timeout`] where it takes longer.
pub async fn in_time<T>(patience: Duration, call: impl Future<Output = StoreResult<T>>) -> StoreResult<T> {
    let late = |_| Err(StoreError::new(Role::Cache, ErrorKind::Timeout, "no answer while it was worth waiting"));
    tokio::time::timeout(patience, call).await.unwrap_or_else(late)
}
