//! Counts of tries in Redis: `{namespace}:throttle:{key}` is how often a key was tried, and is gone with its window.

use std::time::Duration;

use async_trait::async_trait;
use bb8_redis::redis::cmd;

use super::Redis;
use crate::ports::{Limit, StoreResult, Throttle};

/// Counts a try for every key unless one has reached its limit; then it returns the milliseconds to wait.
/// `ARGV` has limit and window of each key in turn.
const TRY_ONCE: &str = "
local wait = 0
for i, key in ipairs(KEYS) do
  if tonumber(redis.call('GET', key) or 0) >= tonumber(ARGV[2 * i - 1]) then
    local left = redis.call('PTTL', key)
    if left < 0 then left = tonumber(ARGV[2 * i]) end
    wait = math.max(wait, left, 1)
  end
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do
  if redis.call('INCR', key) == 1 and redis.call('PTTL', key) < 0 then
    redis.call('PEXPIRE', key, ARGV[2 * i])
  end
end
return 0";

/// Takes back one try, within the same window.
const GIVE_BACK: &str = "
if tonumber(redis.call('GET', KEYS[1]) or 0) > 0 then redis.call('DECR', KEYS[1]) end
return 0";

impl Redis {
    fn throttle_key(&self, key: &str) -> String {
        format!("{}:throttle:{key}", self.namespace)
    }
}

#[async_trait]
impl Throttle for Redis {
    async fn try_once(&self, limits: &[Limit<'_>]) -> StoreResult<Result<(), Duration>> {
        if limits.is_empty() {
            return Ok(Ok(()));
        }
        let mut command = cmd("EVAL");
        command.arg(TRY_ONCE).arg(limits.len());
        for limit in limits {
            command.arg(self.throttle_key(limit.key));
        }
        for limit in limits {
            // Redis adds its own time to this and refuses what does not fit 63 bits then; and Lua's numbers are exact
            // to 53 bits.
            let window = limit.window.as_nanos().div_ceil(1_000_000).clamp(1, 1 << 52);
            command.arg(limit.tries).arg(u64::try_from(window).unwrap_or(1 << 52));
        }
        let wait: u64 = self.run(&command).await?;
        Ok(if wait == 0 { Ok(()) } else { Err(Duration::from_millis(wait)) })
    }

    async fn clear(&self, key: &str) -> StoreResult<()> {
        self.run(cmd("UNLINK").arg(self.throttle_key(key))).await
    }

    async fn give_back(&self, key: &str) -> StoreResult<()> {
        self.run(cmd("EVAL").arg(GIVE_BACK).arg(1).arg(self.throttle_key(key))).await
    }
}
