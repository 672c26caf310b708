//! The port to what a store of the truth says about the cache: whether its results may be answered.
//!
//! Each store of the truth has one register. A life of the cache is active where every store's register names it. Who
//! writes and can't tell the cache of it suspends the life in the register of the store that it wrote to; so does who
//! finds that the cache has forgotten its life. Then another life begins.

use async_trait::async_trait;

use super::{Backend, Life, StoreResult};

/// What a register says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Registered {
    /// Grows with every change; 0 where nothing was ever said.
    pub generation: u64,
    /// The life that is active; none while the cache is suspended.
    pub active: Option<Life>,
}

/// The register of a store of the truth.
#[async_trait]
pub trait CacheRegister: Backend {
    /// What it says: nothing older than any change that was acknowledged before this call, whoever made it.
    async fn registered(&self) -> StoreResult<Registered>;

    /// Says something else, in the next generation, unless that is not the one after `generation`. Returns whether it
    /// did.
    async fn register(&self, generation: u64, active: Option<Life>) -> StoreResult<bool>;
}
