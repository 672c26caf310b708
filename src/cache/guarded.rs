//! The cache, used only in a life that every store of the truth names.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::trust::Trust;
use crate::ports::{
    AsOf, Backend, Bypass, CacheKey, CacheState, CachedBody, Invalidated, Life, Lookup, ResultCache, StoreResult,
    TagSet,
};

/// A cache that is bypassed in any life but the one that is confirmed.
pub struct Guarded {
    cache: Arc<dyn ResultCache>,
    trust: Arc<Trust>,
}

impl Guarded {
    /// The cache, guarded.
    pub fn new(cache: Arc<dyn ResultCache>, trust: Arc<Trust>) -> Self {
        Self { cache, trust }
    }
}

#[async_trait]
impl Backend for Guarded {
    fn kind(&self) -> &'static str {
        self.cache.kind()
    }

    async fn check(&self) -> StoreResult<String> {
        self.cache.check().await
    }
}

#[async_trait]
impl ResultCache for Guarded {
    fn is_remote(&self) -> bool {
        self.cache.is_remote()
    }

    async fn lookup(&self, key: CacheKey) -> StoreResult<Lookup> {
        let found = self.cache.lookup(key).await?;
        let life = match &found {
            Lookup::Hit { life, .. } => *life,
            Lookup::Miss(as_of) => as_of.life,
            Lookup::Bypass(_) => return Ok(found),
        };
        Ok(if self.trust.confirms(life) { found } else { Lookup::Bypass(Bypass::Unconfirmed) })
    }

    async fn claim(&self, key: CacheKey) -> StoreResult<bool> {
        self.cache.claim(key).await
    }

    async fn abandon(&self, key: CacheKey) -> StoreResult<()> {
        self.cache.abandon(key).await
    }

    async fn store(
        &self,
        key: CacheKey,
        as_of: AsOf,
        tags: &TagSet,
        body: &CachedBody,
        ttl: Duration,
    ) -> StoreResult<()> {
        self.cache.store(key, as_of, tags, body, ttl).await
    }

    async fn invalidate(&self, what: &Invalidated) -> StoreResult<Option<Life>> {
        self.cache.invalidate(what).await
    }

    async fn life(&self) -> StoreResult<Option<Life>> {
        self.cache.life().await
    }

    async fn begin(&self, life: Life, instead_of: Option<Life>) -> StoreResult<bool> {
        self.cache.begin(life, instead_of).await
    }

    async fn state(&self) -> StoreResult<CacheState> {
        self.cache.state().await
    }
}
