//! The real clock and the real randomness: the only place where either is read.

use std::time::Instant;

use crate::domain::Timestamp;
use crate::ports::{Clock, Entropy, Stores, Trail};
use crate::stores::layer;

/// The system's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that is handed in everywhere else")]
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(chrono::Utc::now().timestamp_millis())
    }
}

/// The operating system's random bytes.
#[derive(Debug, Clone, Copy)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::expect_used, reason = "a system without randomness can't hand out secrets: better to stop")]
    fn fill(&self, bytes: &mut [u8]) {
        use rand::TryRng as _;
        rand::rngs::SysRng.try_fill_bytes(bytes).expect("the operating system has random bytes");
    }
}

/// The present of the process, on a clock that never goes back.
pub(super) fn monotonic() -> Instant {
    Instant::now()
}

/// The stores for one request, and the trail that its calls leave.
pub(super) fn traced(stores: &Stores) -> (Stores, Trail) {
    let trail = Trail::new(monotonic);
    (layer::traced(stores, &trail), trail)
}
