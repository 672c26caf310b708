//! Budgets in Redis: `{namespace}:budget:{key}` is the moment at which a budget is full again, in microseconds by the
//! server's clock, and is gone when it is.

use std::sync::LazyLock;

use async_trait::async_trait;
use bb8_redis::redis::Script;

use super::Redis;
use crate::ports::{Quota, RateLimiter, Spent, StoreResult};

/// Spends `ARGV[1]` microseconds of a window of `ARGV[2]`. Answers after how many the budget is full, and how many to wait
/// before as much can be spent. A moment further away than a window is of a longer one, or of a clock that was put
/// back: it counts as a window.
static SPEND: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local price, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local debt = math.min(math.max(tonumber(redis.call('GET', KEYS[1]) or 0) - now, 0), window)
local wait = debt + price - window
if wait > 0 then return { debt, wait } end
debt = debt + price
redis.call('SET', KEYS[1], string.format('%.0f', now + debt), 'PX', math.ceil(debt / 1000))
return { debt, 0 }",
    )
});

#[async_trait]
impl RateLimiter for Redis {
    async fn spend(&self, key: &str, units: u64, quota: Quota) -> StoreResult<Spent> {
        let mut connection = self.connection().await?;
        let mut call = SPEND.key(format!("{}:budget:{key}", self.namespace));
        call.arg(quota.price_micros(units)).arg(quota.window_micros());
        let answer = call.invoke_async(connection.link()).await;
        let (debt, wait): (u64, u64) = connection.outcome(answer)?;
        Ok(quota.spent(debt, wait))
    }
}
