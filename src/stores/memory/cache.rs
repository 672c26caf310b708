//! The cache of resolved results in process, on `moka`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ahash::RandomState;
use async_trait::async_trait;
use bytes::Bytes;
use moka::sync::Cache;

use crate::domain::Timestamp;
use crate::ports::{
    AsOf, Backend, Bypass, CacheKey, CacheState, CacheTag, CachedBody, Clock, Invalidated, LARGEST_BODY, Life, Lookup,
    MOST_TAGS, ResultCache, StoreResult, TagSet,
};

/// About what an entry costs beside its tags and body: its key, moka's own nodes and this module's entry.
const ENTRY_OVERHEAD: usize = 300;

#[derive(Clone)]
struct Entry {
    as_of: AsOf,
    tags: Arc<[CacheTag]>,
    mark: u128,
    body: Bytes,
    expires_at: Timestamp,
}

/// What was invalidated in one life.
///
/// An invalidation counts itself in `now` before it says so under its tags. So whoever notes `now` without it is told
/// of it later, and whoever notes it with it began to read after the write that it is about.
struct Invalidations {
    life: Life,
    now: AtomicU64,
    /// The last of everything.
    floor: AtomicU64,
    /// The last of each tag.
    last: Box<[AtomicU64]>,
}

impl Invalidations {
    fn of(life: Life) -> Self {
        let last = std::iter::repeat_with(AtomicU64::default).take(CacheTag::COUNT).collect();
        Self { life, now: AtomicU64::default(), floor: AtomicU64::default(), last }
    }

    fn moment(&self) -> AsOf {
        AsOf { life: self.life, now: self.now.load(Ordering::SeqCst) }
    }

    fn last(&self, tag: CacheTag) -> &AtomicU64 {
        &self.last[usize::from(tag.0)]
    }

    fn note(&self, what: &Invalidated) {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        match what {
            Invalidated::Tags(tags) => tags.iter().for_each(|tag| {
                self.last(tag).fetch_max(now, Ordering::SeqCst);
            }),
            Invalidated::Everything => {
                self.floor.fetch_max(now, Ordering::SeqCst);
            }
        }
    }

    fn spare(&self, entry: &Entry) -> bool {
        entry.as_of.life == self.life
            && self.floor.load(Ordering::SeqCst) <= entry.as_of.now
            && entry.tags.iter().all(|tag| self.last(*tag).load(Ordering::SeqCst) <= entry.as_of.now)
    }
}

/// Whole results, in this process alone, within a bound of bytes. Each instance is a namespace of its own.
pub struct MemoryCache {
    clock: Arc<dyn Clock>,
    max_bytes: u64,
    entries: Cache<[u8; 32], Entry, RandomState>,
    invalidations: RwLock<Option<Arc<Invalidations>>>,
}

impl MemoryCache {
    /// An empty cache in no life that holds about `max_bytes` of results.
    ///
    /// moka only bounds the memory. Its notion of expiry runs on the ambient time, so an entry's last moment is kept
    /// beside its body and compared to `clock`; what has expired and is not asked for leaves when room is needed.
    pub fn new(clock: Arc<dyn Clock>, max_bytes: u64) -> Self {
        let weigh = |_: &[u8; 32], entry: &Entry| {
            u32::try_from(size_of_val(&*entry.tags) + entry.body.len() + ENTRY_OVERHEAD).unwrap_or(u32::MAX)
        };
        let entries = Cache::builder().max_capacity(max_bytes).weigher(weigh).build_with_hasher(RandomState::new());
        Self { clock, max_bytes, entries, invalidations: RwLock::new(None) }
    }

    /// The same, in a life.
    #[must_use]
    pub fn in_life(self, life: Life) -> Self {
        Self { invalidations: RwLock::new(Some(Arc::new(Invalidations::of(life)))), ..self }
    }

    /// Nothing that holds the lock can panic half-way through a change.
    fn invalidations(&self) -> Option<Arc<Invalidations>> {
        self.invalidations.read().unwrap_or_else(PoisonError::into_inner).clone()
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
    fn is_remote(&self) -> bool {
        false
    }

    async fn lookup(&self, CacheKey(key): CacheKey) -> StoreResult<Lookup> {
        let Some(invalidations) = self.invalidations() else { return Ok(Lookup::Bypass(Bypass::Lifeless)) };
        // Before the entry is looked for: what is read after this miss was read after this moment.
        let moment = invalidations.moment();
        let Some(entry) = self.entries.get(&key) else { return Ok(Lookup::Miss(moment)) };
        if invalidations.spare(&entry) && self.clock.now() < entry.expires_at {
            let body = CachedBody { mark: entry.mark, bytes: entry.body };
            return Ok(Lookup::Hit { life: invalidations.life, body });
        }
        Ok(Lookup::Miss(moment))
    }

    /// Nobody else uses this cache.
    async fn claim(&self, _: CacheKey) -> StoreResult<bool> {
        Ok(true)
    }

    async fn abandon(&self, _: CacheKey) -> StoreResult<()> {
        Ok(())
    }

    async fn store(
        &self,
        CacheKey(key): CacheKey,
        as_of: AsOf,
        tags: &TagSet,
        body: &CachedBody,
        ttl: Duration,
    ) -> StoreResult<()> {
        if ttl.is_zero() || body.bytes.len() > LARGEST_BODY || tags.len() > MOST_TAGS {
            // What was there before must not survive.
            self.entries.invalidate(&key);
            return Ok(());
        }
        let millis = i64::try_from(ttl.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX);
        let expires_at = Timestamp::from_millis(self.clock.now().millis().saturating_add(millis));
        let (mark, body) = (body.mark, body.bytes.clone());
        self.entries.insert(key, Entry { as_of, tags: tags.iter().collect(), mark, body, expires_at });
        Ok(())
    }

    async fn invalidate(&self, what: &Invalidated) -> StoreResult<Option<Life>> {
        let Some(invalidations) = self.invalidations() else { return Ok(None) };
        invalidations.note(what);
        Ok(Some(invalidations.life))
    }

    async fn life(&self) -> StoreResult<Option<Life>> {
        Ok(self.invalidations().map(|invalidations| invalidations.life))
    }

    async fn begin(&self, life: Life, instead_of: Option<Life>) -> StoreResult<bool> {
        let mut present = self.invalidations.write().unwrap_or_else(PoisonError::into_inner);
        let begins = present.as_ref().map(|invalidations| invalidations.life) == instead_of;
        if begins {
            *present = Some(Arc::new(Invalidations::of(life)));
        }
        Ok(begins)
    }

    async fn state(&self) -> StoreResult<CacheState> {
        self.entries.run_pending_tasks();
        let moment = self.invalidations().map(|invalidations| invalidations.moment());
        Ok(CacheState {
            life: moment.map(|moment| moment.life),
            now: moment.map_or(0, |moment| moment.now),
            entries: Some(self.entries.entry_count()),
            bytes: Some(self.entries.weighted_size()),
            max_bytes: Some(self.max_bytes),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Standing;
    use super::*;

    #[tokio::test]
    async fn it_stays_within_its_bytes() {
        let cache = MemoryCache::new(Arc::new(Standing), 100_000).in_life(Life(1));
        let as_of = AsOf { life: Life(1), now: 0 };
        for n in 0..1_000_u64 {
            let body = CachedBody { mark: 0, bytes: Bytes::from(vec![b'x'; 1_000]) };
            let mut key = [0; 32];
            key[..8].copy_from_slice(&n.to_be_bytes());
            cache.store(CacheKey(key), as_of, &TagSet::default(), &body, Duration::from_secs(60)).await.unwrap();
        }
        let state = cache.state().await.unwrap();
        assert!(state.bytes <= Some(100_000) && state.entries > Some(50), "{state:?}");
    }
}
