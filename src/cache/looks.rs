//! One look for all who ask for the same at once.
//!
//! Nobody may be told what was found before they asked. So while a look is under way, those who come wait for its end,
//! and share the next one, which begins after the last of them came: under any load there is one look at a time for a
//! key, and nobody waits for more than two.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

use crate::ports::{CacheKey, Lookup};

/// The looks that are under way or waited for, by key. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Looks(Arc<Mutex<HashMap<CacheKey, Arc<Queue>>>>);

/// Those who look for one key.
#[derive(Default)]
struct Queue {
    /// The look that has not begun yet: whoever comes may share it.
    next: Mutex<Arc<OnceCell<Lookup>>>,
    /// Held while a look is under way.
    turn: tokio::sync::Mutex<()>,
}

/// A place in a queue, which ends with the last one.
struct Place {
    looks: Looks,
    key: CacheKey,
    queue: Arc<Queue>,
}

impl Looks {
    /// What `look` finds, or what another finds that begins from now on; and whether it was `look`. Where the one who
    /// looks is dropped meanwhile, another who waits takes over.
    pub(super) async fn look(&self, key: CacheKey, look: impl Future<Output = Lookup>) -> (Lookup, bool) {
        let place = self.enter(key);
        let queue = &place.queue;
        let shared = Arc::clone(&lock(&queue.next));
        let mut is_own = false;
        let first = async {
            is_own = true;
            let _turn = queue.turn.lock().await;
            // From here on whoever comes is too late for this look.
            *lock(&queue.next) = Arc::default();
            look.await
        };
        let found = shared.get_or_init(|| first).await.clone();
        (found, is_own)
    }

    #[cfg(test)]
    pub(super) fn is_idle(&self) -> bool {
        lock(&self.0).is_empty()
    }

    fn enter(&self, key: CacheKey) -> Place {
        let queue = Arc::clone(lock(&self.0).entry(key).or_default());
        Place { looks: self.clone(), key, queue }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut queues = lock(&self.looks.0);
        // Ours and the map's: nobody else has a place, and nobody gets one while the map is locked.
        if Arc::strong_count(&self.queue) == 2 {
            queues.remove(&self.key);
        }
    }
}

/// Nothing that holds such a lock can panic half-way through a change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
