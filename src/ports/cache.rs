//! The port to the cache of resolved results.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::{Backend, StoreResult};

/// A response body as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedBody(pub Bytes);

/// Whole results of queries, kept for a time. It may forget anything at any moment.
#[async_trait]
pub trait ResultCache: Backend {
    /// The body kept under `key`, if it still is.
    async fn get(&self, key: &str) -> StoreResult<Option<CachedBody>>;

    /// Keeps `body` under `key` for `ttl`, rounded up to whole milliseconds.
    async fn put(&self, key: &str, body: CachedBody, ttl: Duration) -> StoreResult<()>;

    /// Forgets everything that this cache's namespace holds.
    async fn clear(&self) -> StoreResult<()>;
}
