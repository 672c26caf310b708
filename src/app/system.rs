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

/// Random bytes fit for secrets: of a generator for each thread that the operating system seeds, again and again. To ask
/// the system itself would be a call of it for each request's id.
#[derive(Debug, Clone, Copy)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "this is the randomness that is handed in everywhere else")]
    fn fill(&self, bytes: &mut [u8]) {
        use rand::Rng as _;
        rand::rng().fill_bytes(bytes);
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
