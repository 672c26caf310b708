//! Counts of tries in memory, in windows that never end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;

use super::Faults;
use crate::ports::{Backend, Limit, Role, StoreResult, Throttle};

/// A throttle whose windows end when a test takes a new one.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) faults: Arc<Faults>,
    tries: Mutex<HashMap<String, u32>>,
}

impl Counts {
    /// What was counted, by the kind of its key, in order.
    pub(crate) fn by_kind(&self) -> Vec<(String, u32)> {
        let tries = self.tries.lock().unwrap();
        let counted = tries.iter().filter(|(_, count)| **count > 0);
        let kind = |key: &str| key.split(':').next().unwrap_or_default().to_owned();
        let mut kinds: Vec<_> = counted.map(|(key, count)| (kind(key), *count)).collect();
        kinds.sort();
        kinds
    }
}

#[async_trait]
impl Backend for Counts {
    fn kind(&self) -> &'static str {
        "memory"
    }

    async fn check(&self) -> StoreResult<String> {
        Ok("of tests".to_owned())
    }
}

#[async_trait]
impl Throttle for Counts {
    async fn try_once(&self, limits: &[Limit<'_>]) -> StoreResult<Result<(), Duration>> {
        self.faults.call(Role::Cache)?;
        let mut tries = self.tries.lock().unwrap();
        let is_full = |limit: &Limit<'_>| tries.get(limit.key).is_some_and(|tries| *tries >= limit.tries);
        if let Some(limit) = limits.iter().find(|limit| is_full(limit)) {
            return Ok(Err(limit.window));
        }
        for limit in limits {
            *tries.entry(limit.key.to_owned()).or_default() += 1;
        }
        Ok(Ok(()))
    }

    async fn clear(&self, key: &str) -> StoreResult<()> {
        self.faults.call(Role::Cache)?;
        self.tries.lock().unwrap().remove(key);
        Ok(())
    }

    async fn give_back(&self, key: &str) -> StoreResult<()> {
        self.faults.call(Role::Cache)?;
        if let Some(tries) = self.tries.lock().unwrap().get_mut(key) {
            *tries = tries.saturating_sub(1);
        }
        Ok(())
    }
}
