//! The signal between whatever wakes a request and the driver that polls it.
//!
//! `tests/interleavings.rs` compiles this file once more, with loom's parts as [`super::sync`], and explores every
//! order in which two threads may run it.

use std::sync::{Arc, PoisonError};
use std::task::{Wake, Waker};

use super::sync::{AtomicU8, Mutex, Ordering};

/// The request wants to be polled.
const WOKEN: u8 = 1;
/// The driver is at work, and will look for [`WOKEN`] before it leaves.
const DRIVING: u8 = 2;

/// Whether the request wants to be polled, and whom to tell.
///
/// While the driver is at work it looks for itself, so a wake then costs no second wake of the whole task. Both flags
/// are one atomic: whoever changes one sees the other as it was at that instant, so a wake is seen by one side at least.
pub(super) struct Signal {
    flags: AtomicU8,
    task: Mutex<Option<Waker>>,
}

impl Default for Signal {
    fn default() -> Self {
        // A request is polled once without having been woken.
        Self { flags: AtomicU8::new(WOKEN), task: Mutex::new(None) }
    }
}

impl Signal {
    /// Lets the driver begin: it is polled by `task`.
    pub(super) fn enter(&self, task: &Waker) {
        let mut held = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if !held.as_ref().is_some_and(|waker| waker.will_wake(task)) {
            *held = Some(task.clone());
        }
        self.flags.fetch_or(DRIVING, Ordering::AcqRel);
    }

    /// Whether the request was woken since the last time.
    pub(super) fn take(&self) -> bool {
        self.flags.fetch_and(!WOKEN, Ordering::AcqRel) & WOKEN != 0
    }

    /// Lets the driver go, unless the request was woken meanwhile. Returns whether it went.
    pub(super) fn leave(&self) -> bool {
        self.flags.compare_exchange(DRIVING, 0, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.flags.fetch_or(WOKEN, Ordering::AcqRel) & DRIVING == 0 {
            let task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(task) = task.as_ref() {
                task.wake_by_ref();
            }
        }
    }
}
