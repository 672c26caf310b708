//! What the tests of these adapters share.

use crate::domain::Timestamp;
use crate::ports::Clock;

/// A clock that stands still.
pub(super) struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(0)
    }
}
