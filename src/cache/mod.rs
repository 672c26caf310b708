//! Resolved results: whole responses to queries, kept for a time.
//!
//! This is its first form: a result lives for a fixed time, and a write does not end it. That is why it is off unless
//! `result_cache_ttl` is set. Errors and partial answers are never kept.

mod guarded;
mod invalidation;
mod keeper;
mod reads;
mod telling;
mod trust;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

pub use guarded::Guarded;
pub use invalidation::Invalidation;
pub use keeper::Keeper;
pub use telling::Telling;
pub use trust::Trust;

use crate::domain::{GlobalId, Viewer};
use crate::ports::{AsOf, CacheKey, CachedBody, ErrorKind, Lookup, ResultCache, Role, StoreError, StoreResult, TagSet};

pub use reads::{Reads, noting};

/// How long the cache may take for one command. One that takes longer costs more than it saves: it must not make
/// requests wait for as long as a store may.
const PATIENCE: Duration = Duration::from_millis(250);

/// Keeps results in a [`ResultCache`].
#[derive(Clone)]
pub struct Results {
    cache: Arc<dyn ResultCache>,
    ttl: Duration,
    schema: [u8; 32],
}

/// What the cache has for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The body of the answer.
    Body(Bytes),
    /// Nothing; the answer may be kept as of this moment.
    Nothing(AsOf),
    /// Nothing, and the answer may not be kept.
    Unusable,
}

impl Results {
    /// Keeps results of the schema `sdl` for `ttl`. Another schema never sees them.
    pub fn new(cache: Arc<dyn ResultCache>, ttl: Duration, sdl: &str) -> Self {
        Self { cache, ttl, schema: Sha256::digest(sdl).into() }
    }

    /// The key of an operation's result for a viewer. The order of variables makes no difference.
    pub fn key(
        &self,
        viewer: Viewer,
        query: &str,
        name: Option<&str>,
        variables: &serde_json::Map<String, Value>,
    ) -> CacheKey {
        let mut hash = Sha256::new();
        hash.update(self.schema);
        let viewer = viewer.id().map(|id| GlobalId::from(id).to_string()).unwrap_or_default();
        let mut canonical = String::new();
        write_object(variables, &mut canonical);
        for part in [viewer.as_str(), query, name.unwrap_or_default(), canonical.as_str()] {
            // The length keeps two neighbouring parts from passing for two others.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        CacheKey(hash.finalize().into())
    }

    /// Looks for the result kept under `key`. A cache that fails is one that has nothing.
    pub async fn fetch(&self, key: CacheKey) -> Found {
        match in_time(self.cache.lookup(key)).await {
            Ok(Lookup::Hit { body, .. }) => Found::Body(body.bytes),
            Ok(Lookup::Miss(as_of)) => Found::Nothing(as_of),
            Ok(Lookup::Bypass(_)) => Found::Unusable,
            Err(error) => {
                tracing::debug!(%error, "the result cache was not read");
                Found::Unusable
            }
        }
    }

    /// Keeps a result that was read after `as_of`.
    pub async fn store(&self, key: CacheKey, as_of: AsOf, bytes: Bytes) {
        let body = CachedBody { mark: 0, bytes };
        if let Err(error) = in_time(self.cache.store(key, as_of, &TagSet::default(), &body, self.ttl)).await {
            tracing::debug!(%error, "the result cache was not written");
        }
    }
}

async fn in_time<T>(command: impl Future<Output = StoreResult<T>>) -> StoreResult<T> {
    let late = |_| Err(StoreError::new(Role::Cache, ErrorKind::Timeout, "no answer while it was worth waiting"));
    tokio::time::timeout(PATIENCE, command).await.unwrap_or_else(late)
}

fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Object(object) => write_object(object, out),
        Value::Array(items) => {
            out.push('[');
            for item in items {
                write_value(item, out);
                out.push(',');
            }
            out.push(']');
        }
        plain => out.push_str(&plain.to_string()),
    }
}

fn write_object(object: &serde_json::Map<String, Value>, out: &mut String) {
    let mut entries: Vec<_> = object.iter().collect();
    entries.sort_unstable_by_key(|(name, _)| *name);
    out.push('{');
    for (name, value) in entries {
        out.push_str(&Value::String(name.clone()).to_string());
        out.push(':');
        write_value(value, out);
        out.push(',');
    }
    out.push('}');
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::domain::UserId;
    use crate::ports::{Backend, CacheState, Invalidated, Life};

    /// Never answers.
    struct Stuck;

    #[async_trait]
    impl Backend for Stuck {
        fn kind(&self) -> &'static str {
            "stuck"
        }
        async fn check(&self) -> StoreResult<String> {
            std::future::pending().await
        }
    }

    #[async_trait]
    impl ResultCache for Stuck {
        async fn lookup(&self, _: CacheKey) -> StoreResult<Lookup> {
            std::future::pending().await
        }
        async fn store(&self, _: CacheKey, _: AsOf, _: &TagSet, _: &CachedBody, _: Duration) -> StoreResult<()> {
            std::future::pending().await
        }
        async fn invalidate(&self, _: &Invalidated) -> StoreResult<Option<Life>> {
            std::future::pending().await
        }
        async fn life(&self) -> StoreResult<Option<Life>> {
            std::future::pending().await
        }
        async fn begin(&self, _: Life, _: Option<Life>) -> StoreResult<bool> {
            std::future::pending().await
        }
        async fn state(&self) -> StoreResult<CacheState> {
            std::future::pending().await
        }
    }

    fn results() -> Results {
        Results::new(Arc::new(Stuck), Duration::from_secs(1), "type Query { a: Int }")
    }

    #[tokio::test(start_paused = true)]
    async fn a_cache_that_hangs_is_one_that_has_nothing() {
        let results = results();
        let key = results.key(Viewer::Anonymous, "{ a }", None, &serde_json::Map::new());
        let begun = tokio::time::Instant::now();
        results.store(key, AsOf { life: Life(1), now: 0 }, Bytes::from_static(b"{}")).await;
        assert_eq!(results.fetch(key).await, Found::Unusable);
        assert!(begun.elapsed() <= 2 * PATIENCE);
    }

    fn key(viewer: Viewer, query: &str, name: Option<&str>, variables: Value) -> CacheKey {
        results().key(viewer, query, name, variables.as_object().expect("an object"))
    }

    #[test]
    fn a_key_depends_on_all_that_the_result_does() {
        let nobody = Viewer::Anonymous;
        let base = key(nobody, "{ a }", None, json!({"x": 1, "y": {"b": 2, "a": [1]}}));
        assert_eq!(base, key(nobody, "{ a }", None, json!({"y": {"a": [1], "b": 2}, "x": 1})));
        let somebody = Viewer::User(UserId(Uuid::nil()));
        let others = [
            key(somebody, "{ a }", None, json!({"x": 1, "y": {"b": 2, "a": [1]}})),
            key(nobody, "{ b }", None, json!({"x": 1, "y": {"b": 2, "a": [1]}})),
            key(nobody, "{ a }", Some("A"), json!({"x": 1, "y": {"b": 2, "a": [1]}})),
            key(nobody, "{ a }", None, json!({"x": "1", "y": {"b": 2, "a": [1]}})),
        ];
        assert!(others.iter().all(|other| *other != base));
    }
}
