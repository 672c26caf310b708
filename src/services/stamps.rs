//! Stamps of writes, ids and secrets: moments and randomness, as they are handed in.

use std::sync::Arc;

use uuid::Uuid;

use crate::domain::Timestamp;
use crate::domain::event::Stamp;
use crate::domain::id::uuid_v7;
use crate::ports::{Clock, Entropy};

/// Makes what every write needs of time and randomness. Cheap to clone.
#[derive(Clone)]
pub struct Stamps {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Stamps {
    /// Stamps of this clock and this randomness.
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { clock, entropy }
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A stamp of the present moment.
    pub fn stamp(&self) -> Stamp {
        Stamp::new(self.now(), self.random())
    }

    /// The id of something that comes into being at `at`.
    pub fn id(&self, at: Timestamp) -> Uuid {
        uuid_v7(at, self.random())
    }

    /// Random bytes, fit for secrets.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }
}
