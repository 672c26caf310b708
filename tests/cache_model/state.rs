//! The state of the world.

use crate::gateway::Gateway;
use crate::server::{Life, Server, Value};

/// What a store of the truth says about the cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Register {
    /// Grows with every change.
    pub generation: u8,
    /// The life that is active; none while the cache is suspended.
    pub active: Option<Life>,
}

/// The register of each store; of one that is not there, always the same.
pub type Registers = [Register; 2];

/// Everything, at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    /// How often the thing was written, in the first store.
    pub truth: Value,
    /// How often that was acknowledged.
    pub acknowledged: Value,
    pub registers: Registers,
    pub servers: Vec<Server>,
    pub gateways: Vec<Gateway>,
    /// How many lives have begun.
    pub lives: Life,
    /// How many processes there were.
    pub runs: u8,
    /// How many more faults there may be.
    pub faults: u8,
    /// An answer was older than an acknowledged write.
    pub is_stale: bool,
    /// A value that was written was answered from the cache.
    pub is_used: bool,
}
