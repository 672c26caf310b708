//! The cache in process, on a clock that the tests turn.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use polygraph::ports::{CacheKey, ResultCache};
use polygraph::stores::memory::MemoryCache;

use super::{MINUTE, World, body, cache_contract};
use crate::support::{MILLISECOND, TurnedClock};

struct InProcess {
    clock: Arc<TurnedClock>,
    cache: Arc<MemoryCache>,
}

impl InProcess {
    fn new() -> Self {
        let clock = Arc::new(TurnedClock::default());
        let cache = Arc::new(MemoryCache::new(clock.clone(), 64 << 20));
        Self { clock, cache }
    }
}

#[async_trait]
impl World for InProcess {
    fn cache(&self) -> Arc<dyn ResultCache> {
        self.cache.clone()
    }

    fn neighbour(&self) -> Arc<dyn ResultCache> {
        Arc::new(MemoryCache::new(self.clock.clone(), 64 << 20))
    }

    async fn pass(&self, duration: Duration, _key: CacheKey) {
        self.clock.turn(duration);
    }
}

cache_contract!(super::memory::InProcess::new());

#[tokio::test]
async fn a_body_is_there_until_its_last_millisecond() {
    let world = InProcess::new();
    let kept = world.alive().await;
    kept.keep("key", &[], &body("kept")).await;
    world.clock.turn(MINUTE - MILLISECOND);
    assert_eq!(kept.get("key").await, Some(body("kept")));
    world.clock.turn(MILLISECOND);
    assert_eq!(kept.get("key").await, None);
}
