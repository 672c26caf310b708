//! Resolved results: whole responses to queries, kept for a time.
//!
//! This is its first form: a result lives for a fixed time, and a write does not end it. That is why it is off unless
//! `result_cache_ttl` is set. Errors and partial answers are never kept.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::domain::{GlobalId, Viewer};
use crate::ports::{CachedBody, ErrorKind, ResultCache, Role, StoreError, StoreResult};

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

/// What a result is kept under: a hash of all that it depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultKey(String);

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
    ) -> ResultKey {
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
        ResultKey(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Reads the result kept under `key`. A cache that fails is one that has nothing.
    pub async fn fetch(&self, key: &ResultKey) -> Option<Bytes> {
        match in_time(self.cache.get(&key.0)).await {
            Ok(body) => body.map(|CachedBody(bytes)| bytes),
            Err(error) => {
                tracing::debug!(%error, "the result cache was not read");
                None
            }
        }
    }

    /// Keeps a result.
    pub async fn store(&self, key: &ResultKey, body: Bytes) {
        if let Err(error) = in_time(self.cache.put(&key.0, CachedBody(body), self.ttl)).await {
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
    use crate::ports::Backend;

    struct Nothing;

    #[async_trait]
    impl Backend for Nothing {
        fn kind(&self) -> &'static str {
            "nothing"
        }
        async fn check(&self) -> StoreResult<String> {
            Ok(String::new())
        }
    }

    #[async_trait]
    impl ResultCache for Nothing {
        async fn get(&self, _: &str) -> StoreResult<Option<CachedBody>> {
            Ok(None)
        }
        async fn put(&self, _: &str, _: CachedBody, _: Duration) -> StoreResult<()> {
            Ok(())
        }
        async fn clear(&self) -> StoreResult<()> {
            Ok(())
        }
    }

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
        async fn get(&self, _: &str) -> StoreResult<Option<CachedBody>> {
            std::future::pending().await
        }
        async fn put(&self, _: &str, _: CachedBody, _: Duration) -> StoreResult<()> {
            std::future::pending().await
        }
        async fn clear(&self) -> StoreResult<()> {
            std::future::pending().await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_cache_that_hangs_is_one_that_has_nothing() {
        let results = Results::new(Arc::new(Stuck), Duration::from_secs(1), "type Query { a: Int }");
        let key = results.key(Viewer::Anonymous, "{ a }", None, &serde_json::Map::new());
        let begun = tokio::time::Instant::now();
        results.store(&key, Bytes::from_static(b"{}")).await;
        assert_eq!(results.fetch(&key).await, None);
        assert!(begun.elapsed() <= 2 * PATIENCE);
    }

    fn key(viewer: Viewer, query: &str, name: Option<&str>, variables: Value) -> ResultKey {
        let results = Results::new(Arc::new(Nothing), Duration::from_secs(1), "type Query { a: Int }");
        results.key(viewer, query, name, variables.as_object().expect("an object"))
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
