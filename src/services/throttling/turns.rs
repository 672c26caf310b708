//! Turns: how many tries that count for the same are judged at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many keys are remembered before those that nobody waits for are forgotten.
const SWEEP_AT: usize = 1_024;

/// A turn for each key. A try counts as failed until it is judged, so without turns many right ones at once would be
/// taken for as many wrong ones.
#[derive(Default)]
pub(super) struct Turns(Mutex<HashMap<String, Weak<Semaphore>>>);

impl Turns {
    /// Waits until fewer than `at_once` others have a turn for this key. It is over when what is returned is dropped.
    pub(super) async fn wait(&self, key: &str, at_once: u32) -> Option<OwnedSemaphorePermit> {
        // It is never closed, so there always is a permit in the end.
        self.of(key, at_once).acquire_owned().await.ok()
    }

    fn of(&self, key: &str, at_once: u32) -> Arc<Semaphore> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = turns.get(key).and_then(Weak::upgrade) {
            return known;
        }
        if turns.len() >= SWEEP_AT {
            turns.retain(|_, known| known.strong_count() > 0);
        }
        let made = Arc::new(Semaphore::new(at_once.max(1) as usize));
        turns.insert(key.to_owned(), Arc::downgrade(&made));
        made
    }
}
