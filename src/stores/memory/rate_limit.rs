//! Budgets in process, within a bound of keys.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::ports::{Backend, Clock, Quota, RateLimiter, Spent, StoreResult};

/// Spends budgets of this process alone. Each instance is a namespace of its own.
pub struct MemoryRateLimiter {
    clock: Arc<dyn Clock>,
    max_keys: usize,
    /// When each budget is full again, in microseconds since the epoch.
    budgets: Mutex<HashMap<String, u64>>,
}

impl MemoryRateLimiter {
    /// All budgets are full, and no more than `max_keys` are remembered that are not: where there are too many, those are
    /// forgotten that are full first.
    pub fn new(clock: Arc<dyn Clock>, max_keys: usize) -> Self {
        Self { clock, max_keys: max_keys.max(1), budgets: Mutex::default() }
    }

    /// Makes room for a key. An eighth goes at once, so that this need not be done for each.
    fn make_room(&self, budgets: &mut HashMap<String, u64>, now: u64) {
        if budgets.len() < self.max_keys {
            return;
        }
        budgets.retain(|_, full_at| *full_at > now);
        if budgets.len() < self.max_keys {
            return;
        }
        let mut moments: Vec<u64> = budgets.values().copied().collect();
        let mut surplus = self.max_keys.div_ceil(8);
        let (_, &mut last, _) = moments.select_nth_unstable(surplus - 1);
        budgets.retain(|_, full_at| {
            let goes = *full_at <= last && surplus > 0;
            surplus -= usize::from(goes);
            !goes
        });
    }
}

#[async_trait]
impl Backend for MemoryRateLimiter {
    fn kind(&self) -> &'static str {
        "memory"
    }

    async fn check(&self) -> StoreResult<String> {
        Ok("in process".to_owned())
    }
}

#[async_trait]
impl RateLimiter for MemoryRateLimiter {
    async fn spend(&self, key: &str, units: u64, quota: Quota) -> StoreResult<Spent> {
        let now = u64::try_from(self.clock.now().millis()).unwrap_or(0) * 1_000;
        let (price, window) = (quota.price_micros(units), quota.window_micros());
        // Nothing that holds the lock can panic half-way through a change.
        let mut budgets = self.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        // A moment further away than a window is of a longer one, or of a clock that was put back.
        let debt = budgets.get(key).map_or(0, |full_at| full_at.saturating_sub(now).min(window));
        let wait = (debt + price).saturating_sub(window);
        if wait > 0 {
            return Ok(quota.spent(debt, wait));
        }
        let debt = debt + price;
        match budgets.get_mut(key) {
            Some(full_at) => *full_at = now + debt,
            None => {
                self.make_room(&mut budgets, now);
                budgets.insert(key.to_owned(), now + debt);
            }
        }
        Ok(quota.spent(debt, 0))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::testing::Standing;
    use super::*;

    #[tokio::test]
    async fn its_memory_is_bounded_and_the_emptiest_budgets_are_remembered() {
        let limiter = MemoryRateLimiter::new(Arc::new(Standing), 100);
        let quota = Quota { units: 1_000, window: Duration::from_secs(60) };
        for units in 1..=1_000 {
            let spent = limiter.spend(&format!("key-{units}"), units, quota).await.expect("memory answers");
            assert_eq!(spent.remaining, 1_000 - units);
            assert!(limiter.budgets.lock().unwrap().len() <= 100);
        }
        assert!(limiter.spend("key-1000", 1, quota).await.expect("memory answers").refused_for.is_some());
        assert_eq!(limiter.spend("key-1", 1, quota).await.expect("memory answers").remaining, 999, "it was forgotten");
    }

    #[tokio::test]
    async fn of_budgets_that_are_all_alike_an_eighth_goes_at_a_time() {
        let limiter = MemoryRateLimiter::new(Arc::new(Standing), 16);
        let quota = Quota { units: 1, window: Duration::from_secs(60) };
        for n in 0..100 {
            limiter.spend(&format!("key-{n}"), 1, quota).await.expect("memory answers");
            let remembered = limiter.budgets.lock().unwrap().len();
            assert!(remembered <= 16 && (n < 15 || remembered >= 15), "{remembered} after {n}");
        }
    }
}
