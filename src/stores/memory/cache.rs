//! The cache of resolved results in process, on `moka`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use moka::sync::Cache;

use crate::domain::Timestamp;
use crate::ports::{Backend, CachedBody, Clock, ResultCache, StoreResult};

/// About what an entry costs beside its key and body: moka's own nodes and this module's entry.
const ENTRY_OVERHEAD: usize = 200;

#[derive(Clone)]
struct Entry {
    body: Bytes,
    expires_at: Timestamp,
}

/// Whole results, in this process alone, within a bound of bytes. Each instance is a namespace of its own.
pub struct MemoryCache {
    clock: Arc<dyn Clock>,
    entries: Cache<String, Entry>,
}

impl MemoryCache {
    /// An empty cache that holds about `max_bytes` of keys and bodies.
    ///
    /// moka only bounds the memory. Its notion of expiry runs on the ambient time, so an entry's last moment is kept
    /// beside its body and compared to `clock`; what has expired and is not asked for leaves when room is needed.
    pub fn new(clock: Arc<dyn Clock>, max_bytes: u64) -> Self {
        let weigh = |key: &String, entry: &Entry| {
            u32::try_from(key.len() + entry.body.len() + ENTRY_OVERHEAD).unwrap_or(u32::MAX)
        };
        Self { clock, entries: Cache::builder().max_capacity(max_bytes).weigher(weigh).build() }
    }
}

#[async_trait]
impl Backend for MemoryCache {
    fn kind(&self) -> &'static str {
        "memory"
    }

    async fn check(&self) -> StoreResult<String> {
        Ok("in process".to_owned())
    }
}

#[async_trait]
impl ResultCache for MemoryCache {
    async fn get(&self, key: &str) -> StoreResult<Option<CachedBody>> {
        let Some(entry) = self.entries.get(key) else { return Ok(None) };
        if self.clock.now() < entry.expires_at {
            return Ok(Some(CachedBody(entry.body)));
        }
        self.entries.invalidate(key);
        Ok(None)
    }

    async fn put(&self, key: &str, body: CachedBody, ttl: Duration) -> StoreResult<()> {
        let millis = i64::try_from(ttl.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX);
        let expires_at = Timestamp::from_millis(self.clock.now().millis().saturating_add(millis));
        self.entries.insert(key.to_owned(), Entry { body: body.0, expires_at });
        Ok(())
    }

    async fn clear(&self) -> StoreResult<()> {
        self.entries.invalidate_all();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Midnight;

    impl Clock for Midnight {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(0)
        }
    }

    #[tokio::test]
    async fn it_stays_within_its_bytes() {
        let cache = MemoryCache::new(Arc::new(Midnight), 100_000);
        for n in 0..1_000 {
            let body = CachedBody(Bytes::from(vec![b'x'; 1_000]));
            cache.put(&format!("key-{n}"), body, Duration::from_secs(60)).await.unwrap();
        }
        cache.entries.run_pending_tasks();
        assert!(cache.entries.weighted_size() <= 100_000, "{} bytes", cache.entries.weighted_size());
        assert!(cache.entries.entry_count() > 50, "{} entries", cache.entries.entry_count());
    }

    #[tokio::test]
    async fn what_is_found_expired_gives_its_memory_back() {
        let cache = MemoryCache::new(Arc::new(Midnight), 100_000);
        cache.put("key", CachedBody(Bytes::from_static(b"body")), Duration::ZERO).await.unwrap();
        assert_eq!(cache.get("key").await.unwrap(), None);
        cache.entries.run_pending_tasks();
        assert_eq!(cache.entries.entry_count(), 0);
    }
}
