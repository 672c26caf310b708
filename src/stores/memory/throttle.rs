//! Counts of tries in process, within a bound of keys.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::domain::Timestamp;
use crate::ports::{Backend, Clock, Limit, StoreResult, Throttle};

/// Tries of one key since its window began.
#[derive(Clone, Copy)]
struct Window {
    tries: u32,
    ends_at: Timestamp,
}

type Windows = HashMap<String, Window>;

/// Counts tries in this process alone. Each instance is a namespace of its own.
pub struct MemoryThrottle {
    clock: Arc<dyn Clock>,
    max_keys: usize,
    windows: Mutex<Windows>,
}

impl MemoryThrottle {
    /// Counts nothing yet, and never more than about `max_keys` keys: where there are too many, those whose windows end
    /// first are forgotten.
    pub fn new(clock: Arc<dyn Clock>, max_keys: usize) -> Self {
        Self { clock, max_keys: max_keys.max(1), windows: Mutex::default() }
    }

    /// Nothing that holds the lock can panic half-way through a change.
    fn windows(&self) -> MutexGuard<'_, Windows> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes room for `more` keys. An eighth goes at once, so that this need not be done for each.
    fn make_room(&self, windows: &mut Windows, more: usize, now: Timestamp) {
        if windows.len() + more <= self.max_keys {
            return;
        }
        windows.retain(|_, window| now < window.ends_at);
        if windows.len() + more <= self.max_keys {
            return;
        }
        let mut ends: Vec<_> = windows.iter().map(|(key, window)| (window.ends_at, key.clone())).collect();
        ends.sort_unstable();
        let kept = (self.max_keys - self.max_keys.div_ceil(8)).saturating_sub(more);
        for (_, key) in &ends[..ends.len().saturating_sub(kept)] {
            windows.remove(key);
        }
    }
}

#[async_trait]
impl Backend for MemoryThrottle {
    fn kind(&self) -> &'static str {
        "memory"
    }

    async fn check(&self) -> StoreResult<String> {
        Ok("in process".to_owned())
    }
}

#[async_trait]
impl Throttle for MemoryThrottle {
    async fn try_once(&self, limits: &[Limit<'_>]) -> StoreResult<Result<(), Duration>> {
        let now = self.clock.now();
        let mut windows = self.windows();
        let full = limits.iter().filter_map(|limit| match windows.get(limit.key).filter(|open| now < open.ends_at) {
            Some(open) if open.tries >= limit.tries => Some(between(now, open.ends_at)),
            None if limit.tries == 0 => Some(limit.window),
            _ => None,
        });
        if let Some(wait) = full.max() {
            return Ok(Err(wait));
        }
        self.make_room(&mut windows, limits.len(), now);
        for limit in limits {
            let begins = Window { tries: 0, ends_at: after(now, limit.window) };
            let window = windows.entry(limit.key.to_owned()).or_insert(begins);
            if now >= window.ends_at {
                *window = begins;
            }
            window.tries += 1;
        }
        Ok(Ok(()))
    }

    async fn clear(&self, key: &str) -> StoreResult<()> {
        self.windows().remove(key);
        Ok(())
    }

    async fn give_back(&self, key: &str) -> StoreResult<()> {
        if let Some(window) = self.windows().get_mut(key) {
            window.tries = window.tries.saturating_sub(1);
        }
        Ok(())
    }
}

fn after(at: Timestamp, duration: Duration) -> Timestamp {
    let millis = i64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX);
    Timestamp::from_millis(at.millis().saturating_add(millis))
}

fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::from_millis(to.millis().abs_diff(from.millis()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::Standing;
    use super::*;

    #[tokio::test]
    async fn its_memory_is_bounded_and_the_latest_windows_are_kept() {
        let throttle = MemoryThrottle::new(Arc::new(Standing), 100);
        for n in 0..1_000_u64 {
            let (key, window) = (format!("key-{n}"), Duration::from_secs(60 + n));
            let limit = Limit { key: &key, tries: 1, window };
            assert_eq!(throttle.try_once(&[limit]).await.expect("memory answers"), Ok(()));
            assert!(throttle.windows().len() <= 100);
        }
        let limit = |key| Limit { key, tries: 1, window: Duration::from_secs(60) };
        assert!(throttle.try_once(&[limit("key-999")]).await.expect("memory answers").is_err());
        assert_eq!(throttle.try_once(&[limit("key-0")]).await.expect("memory answers"), Ok(()));
    }
}
