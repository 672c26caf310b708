//! The port that counts tries: what is tried too often has to wait.

use std::time::Duration;

use async_trait::async_trait;

use super::{Backend, StoreResult};

/// Counts tries by key in fixed windows that begin with a key's first try.
#[async_trait]
pub trait Throttle: Backend {
    /// Counts a try for each key, unless one of them has been tried as often as its limit allows: then none is counted,
    /// and the time until all may be tried again is returned. Atomic over all keys.
    async fn try_once(&self, limits: &[Limit<'_>]) -> StoreResult<Result<(), Duration>>;

    /// Takes back all counts of a key.
    async fn clear(&self, key: &str) -> StoreResult<()>;

    /// Takes back one count of a key, if there is one.
    async fn give_back(&self, key: &str) -> StoreResult<()>;
}

/// How often a key may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit<'a> {
    /// What is tried: hashed by the caller where it is private.
    pub key: &'a str,
    /// How many tries a window allows.
    pub tries: u32,
    /// How long a window lasts.
    pub window: Duration,
}
