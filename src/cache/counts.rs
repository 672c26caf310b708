//! How often what was found, since the gateway was started.

use std::sync::atomic::{AtomicU64, Ordering};

/// Something that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// An answer was kept already.
    Hit,
    /// An answer was to be made.
    Miss,
    /// An answer was made by another request meanwhile.
    Coalesced,
    /// The cache could not be used.
    Bypass,
    /// An answer was put there.
    Kept,
}

/// The counts of one gateway.
#[derive(Debug, Default)]
pub struct Counts([AtomicU64; 5]);

impl Counts {
    /// How often it happened.
    pub fn of(&self, what: Count) -> u64 {
        self.0[what as usize].load(Ordering::Relaxed)
    }

    pub(super) fn add(&self, what: Count) {
        self.0[what as usize].fetch_add(1, Ordering::Relaxed);
    }
}
