//! How much may be asked for: what operations cost, taken from the budget of whoever asks.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::throttling::network;
use crate::domain::{UserId, Viewer};
use crate::ports::{Quota, RateLimiter, Reach, Spent, StoreResult, in_time};

/// In how much time an empty budget is full again.
const WINDOW: Duration = Duration::from_secs(60);

/// Whose budget pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Payer {
    /// That of who is signed in, wherever they are.
    Viewer(UserId),
    /// That of all strangers at one address.
    Stranger(IpAddr),
}

impl Payer {
    /// Who pays for what `viewer` asks from `address`.
    pub fn of(viewer: Viewer, address: IpAddr) -> Self {
        viewer.id().map_or(Self::Stranger(address), Self::Viewer)
    }
}

/// What was taken from a budget, or why nothing was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// The name of the rule that applies, as clients see it.
    pub policy: &'static str,
    /// The budget as a whole.
    pub quota: Quota,
    /// What is left of it.
    pub spent: Spent,
}

/// The budgets of those who ask, kept where all gateways keep them, or in this process alone while that does not answer:
/// a store that is down must neither lock everybody out nor let everybody through. Cheap to clone.
#[derive(Clone)]
pub struct RateLimits {
    shared: Arc<dyn RateLimiter>,
    local: Arc<dyn RateLimiter>,
    viewer: Quota,
    stranger: Quota,
    patience: Duration,
    reach: Reach,
}

impl RateLimits {
    /// Budgets of so many units a minute for each viewer, and for all strangers at one address, in `shared`; in `local`
    /// where that fails, or takes longer than `patience`.
    pub fn new(
        shared: Arc<dyn RateLimiter>,
        local: Arc<dyn RateLimiter>,
        per_viewer: u64,
        per_address: u64,
        patience: Duration,
    ) -> Self {
        let [viewer, stranger] = [per_viewer, per_address].map(|units| Quota { units, window: WINDOW });
        Self { shared, local, viewer, stranger, patience, reach: Reach::default() }
    }

    /// Takes what something costs from the budget of who pays, at least 1. Where too little is left, nothing is taken,
    /// and [`Spent::refused_for`] says how long to wait. `None` where nobody can tell.
    pub async fn charge(&self, payer: Payer, cost: u64) -> Option<Charge> {
        let (policy, key, quota) = match payer {
            Payer::Viewer(user) => ("viewer", format!("user:{user}"), self.viewer),
            Payer::Stranger(address) => ("address", format!("address:{}", network(address)), self.stranger),
        };
        let spent = self.spend(&key, cost.max(1), quota).await.ok()?;
        Some(Charge { policy, quota, spent })
    }

    async fn spend(&self, key: &str, cost: u64, quota: Quota) -> StoreResult<Spent> {
        if !self.reach.is_lost() {
            match in_time(self.patience, self.shared.spend(key, cost, quota)).await {
                Ok(spent) => return Ok(spent),
                Err(error) => {
                    if self.reach.lose(&self.shared, self.patience, |shared| async move { shared.check().await }) {
                        tracing::warn!(%error, "budgets of rate limits are kept in this process alone");
                    }
                }
            }
        }
        self.local.spend(key, cost, quota).await
    }
}

#[cfg(test)]
mod tests;
