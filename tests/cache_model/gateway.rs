//! A gateway: one question, one write, its looks at the register, and its part in beginning lives.

use crate::server::{AsOf, Life, Value};
use crate::state::Registers;

/// Waits that are under way, as a set of bits: the writer's and the beginner's of each gateway.
pub type Waits = u8;

/// What a look at the register showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Look {
    /// The life that every store named.
    pub life: Life,
    /// Whether the answer has arrived: then it counts until it lapses.
    pub has_arrived: bool,
    /// The waits that began since the look did: when one of them is over, this has lapsed.
    pub outlived_by: Waits,
}

/// A question on its way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Reader {
    #[default]
    Idle,
    /// Asked when this value was acknowledged.
    Asked { at_least: Value },
    /// The cache has answered.
    Looked { at_least: Value, as_of: AsOf, found: Option<Value> },
    /// It had nothing, and it may be kept what is read now.
    Misses { as_of: AsOf },
    /// The truth was read.
    Holds { as_of: AsOf, value: Value },
}

/// A write on its way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Writer {
    #[default]
    Idle,
    /// About to be committed; steps that belong after it may have been made before.
    Early { told: Option<Life>, found: Option<u8> },
    /// Committed; the cache may have been told, in this life.
    Committed { value: Value, told: Option<Life> },
    /// The register of the store of this write named the life in which the cache was told.
    Found { value: Value, outlived_by: Waits },
    /// The store of this write was found suspended, in this generation, and it is waited.
    Waits { value: Value, generation: u8 },
}

/// The beginning of a life.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Beginner {
    #[default]
    Idle,
    /// Every store was found suspended, and it is waited.
    Waits { seen: Registers },
    /// Long enough.
    Waited { seen: Registers },
    /// The life began at a server.
    Begun { seen: Registers, life: Life },
}

/// A gateway.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Gateway {
    /// The server that it reaches.
    pub link: Option<u8>,
    /// The last look at the register, if every store named the same life.
    pub look: Option<Look>,
    pub reader: Reader,
    pub writer: Writer,
    pub beginner: Beginner,
    /// The generation in which the first store is known to be suspended for long enough.
    pub waited: Option<u8>,
}

impl Gateway {
    /// Whether a life is confirmed here.
    pub fn confirms(&self, life: Life) -> bool {
        self.look.is_some_and(|look| look.has_arrived && look.life == life)
    }
}
