//! The cache of resolved results in Redis: `{namespace}:result:{key}` holds a body, byte for byte, until its `PX`
//! runs out.

use std::time::Duration;

use async_trait::async_trait;
use bb8_redis::redis::cmd;
use bytes::Bytes;

use super::Redis;
use crate::ports::{Backend, CachedBody, ResultCache, StoreResult};

/// How many keys `clear` looks at, and forgets, in one command.
const CLEAR_BATCH: usize = 1_000;

impl Redis {
    fn result_key(&self, key: &str) -> String {
        format!("{}:result:{key}", self.namespace)
    }
}

#[async_trait]
impl Backend for Redis {
    fn kind(&self) -> &'static str {
        "redis"
    }

    async fn check(&self) -> StoreResult<String> {
        let info: String = self.run(cmd("INFO").arg("server")).await?;
        let version = info.lines().find_map(|line| line.strip_prefix("redis_version:"));
        Ok(version.unwrap_or("of unknown version").to_owned())
    }
}

#[async_trait]
impl ResultCache for Redis {
    async fn get(&self, key: &str) -> StoreResult<Option<CachedBody>> {
        let body: Option<Bytes> = self.run(cmd("GET").arg(self.result_key(key))).await?;
        Ok(body.map(CachedBody))
    }

    async fn put(&self, key: &str, body: CachedBody, ttl: Duration) -> StoreResult<()> {
        let key = self.result_key(key);
        match ttl.as_nanos().div_ceil(1_000_000) {
            // Redis refuses `PX 0`, and what was there before must not survive.
            0 => self.run(cmd("UNLINK").arg(key)).await,
            // Redis adds its own time to this and refuses what does not fit 63 bits then.
            millis => {
                let millis = i64::try_from(millis).unwrap_or(i64::MAX).min(i64::MAX / 2);
                self.run(cmd("SET").arg(key).arg(&body.0[..]).arg("PX").arg(millis)).await
            }
        }
    }

    async fn clear(&self) -> StoreResult<()> {
        let pattern = self.result_key("*");
        let mut cursor = 0_u64;
        loop {
            let mut scan = cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(CLEAR_BATCH);
            let (next, keys): (u64, Vec<Vec<u8>>) = self.run(&scan).await?;
            if !keys.is_empty() {
                self.run::<()>(cmd("UNLINK").arg(keys)).await?;
            }
            if next == 0 {
                return Ok(());
            }
            cursor = next;
        }
    }
}
