//! The write side, put together: use cases, sessions, and the relay that carries what they leave behind.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::keys::{FileKeys, UrlKeys};
use super::stores::THROTTLE_KEYS;
use super::{OpenStores, SystemEntropy};
use crate::cache::{Invalidation, Telling};
use crate::config::{Config, KeysChoice, OutsideConfig};
use crate::domain::UserId;
use crate::ports::{AccountStore, Clock, Invalidated, KeySource, PostStore, Projection, PublishingStore, StoreResult};
use crate::services::accounts::Accounts;
use crate::services::deletion::{Deletion, finish_closed_account};
use crate::services::follows::Follows;
use crate::services::identity::Identity;
use crate::services::outside::{Issuer, OutsideTokens};
use crate::services::passwords::{HashingLimits, Passwords};
use crate::services::publishing::Publishing;
use crate::services::rate_limits::RateLimits;
use crate::services::sessions::{SessionLimits, Sessions};
use crate::services::stamps::Stamps;
use crate::services::sweeping::Sweeper;
use crate::services::throttling::{ThrottleRules, Throttling};
use crate::services::use_cases::UseCases;
use crate::stores::layer::{Call, Deadline, Layered, Policy, Rows};
use crate::stores::memory::{MemoryRateLimiter, MemoryThrottle};
use crate::sync::{
    BusProjection, ClosedAccounts, DeletionProjection, Forgets, IndexProjection, Invalidating, Projector, Relay, Wake,
};

/// The write side of a gateway.
pub(super) struct Writing {
    pub use_cases: UseCases,
    pub identity: Arc<dyn Identity>,
}

impl Writing {
    /// The write side on these stores, as configured. Nothing is fetched for it.
    pub fn new(config: &Config, stores: &OpenStores, clock: &Arc<dyn Clock>) -> Self {
        let guards = &stores.guards;
        let store: Arc<dyn AccountStore> = Layered::new(Arc::clone(&stores.accounts), guards.users.clone());
        let store: Arc<dyn AccountStore> = Layered::new(store, Waking(stores.wake.clone()));
        let store: Arc<dyn AccountStore> = Telling::new(store, stores.invalidation.clone());
        let publishing: Arc<dyn PublishingStore> = Layered::new(Arc::clone(&stores.publishing), guards.posts.clone());
        let publishing: Arc<dyn PublishingStore> = Layered::new(publishing, Waking(stores.wake.clone()));
        let publishing: Arc<dyn PublishingStore> = Telling::new(publishing, stores.invalidation.clone());
        let stamps = Stamps::new(Arc::clone(clock), Arc::new(SystemEntropy));
        let sessions = Sessions::new(Arc::clone(&store), stamps.clone(), SessionLimits::default());
        let sessions = match &stores.sessions {
            Some(cache) => sessions.with_fast_path(Arc::clone(cache)),
            None => sessions,
        };
        let passwords = Passwords::new(stamps.clone(), HashingLimits::default());
        let local = Arc::new(MemoryThrottle::new(Arc::clone(clock), THROTTLE_KEYS));
        let throttling = Throttling::new(Arc::clone(&stores.throttle), local, throttle_rules(config));
        let accounts = Accounts::new(Arc::clone(&store), sessions.clone(), passwords, throttling, stamps.clone());
        let identity: Arc<dyn Identity> = match &config.tokens.outside {
            None => Arc::new(sessions),
            Some(outside) => Arc::new(OutsideTokens::new(
                Arc::new(sessions),
                Issuer {
                    name: outside.issuer.clone(),
                    audience: outside.audience.clone(),
                    clock_skew: outside.clock_skew,
                },
                keys_of(outside, config.stores.store_timeout),
                Arc::clone(&store),
                Arc::clone(clock),
            )),
        };
        let use_cases = UseCases {
            accounts,
            publishing: Publishing::new(publishing, stamps.clone()),
            follows: Follows::new(store, stamps),
        };
        Self { use_cases, identity }
    }
}

/// Wakes the relay after each call that may have written something.
struct Waking(Wake);

impl Policy for Waking {
    async fn around<T, F>(&self, call: Call, attempt: impl Fn() -> F + Send + Sync) -> StoreResult<T>
    where
        T: Rows + Send,
        F: Future<Output = StoreResult<T>> + Send,
    {
        let answer = attempt().await;
        match call.method {
            "close_account" => self.0.closed(),
            _ if call.writes() => self.0.written(),
            _ => {}
        }
        answer
    }
}

/// Where the outside issuer's keys are.
fn keys_of(outside: &OutsideConfig, timeout: Duration) -> Arc<dyn KeySource> {
    match &outside.keys {
        KeysChoice::File(path) => Arc::new(FileKeys(path.clone())),
        KeysChoice::Url(url) => Arc::new(UrlKeys::new(url.clone(), timeout)),
    }
}

/// What forgets things in these stores that have had their time.
pub(super) fn sweeper(config: &Config, stores: &OpenStores, clock: &Arc<dyn Clock>) -> Sweeper {
    let deadline = Deadline(config.stores.store_timeout);
    Sweeper::new(
        Layered::new(Arc::clone(&stores.accounts), deadline),
        Layered::new(Arc::clone(&stores.publishing), deadline),
        Stamps::new(Arc::clone(clock), Arc::new(SystemEntropy)),
    )
}

/// Which limits the configuration asks for.
fn throttle_rules(config: &Config) -> ThrottleRules {
    match (config.limits.rate_limits, config.server.production) {
        (false, _) => ThrottleRules::OFF,
        (true, false) => ThrottleRules::DEVELOPMENT,
        (true, true) => ThrottleRules::PRODUCTION,
    }
}

/// The budgets of those who ask, where the configuration limits what operations cost.
pub(super) fn rate_limits(config: &Config, stores: &OpenStores, clock: &Arc<dyn Clock>) -> Option<RateLimits> {
    let traffic = &config.traffic;
    (config.limits.rate_limits && config.server.production).then(|| {
        let local = Arc::new(MemoryRateLimiter::new(Arc::clone(clock), THROTTLE_KEYS));
        let (viewer, address) = (traffic.rate_limit_viewer, traffic.rate_limit_address);
        RateLimits::new(Arc::clone(&stores.rate_limiter), local, viewer, address, traffic.rate_limit_timeout)
    })
}

/// The relay of these stores' outboxes. Deletions go through `publishing`, the one that requests use: its likes are
/// committed in groups with theirs.
pub(super) fn relay(config: &Config, stores: &OpenStores, publishing: Publishing, clock: &Arc<dyn Clock>) -> Relay {
    let index = IndexProjection::new(Arc::clone(&stores.users), Arc::clone(&stores.posts), Arc::clone(&stores.search));
    let closed = Closed {
        accounts: Telling::new(Arc::clone(&stores.accounts), stores.invalidation.clone()),
        posts: Arc::clone(&stores.posts),
        publishing,
        stamps: Stamps::new(Arc::clone(clock), Arc::new(SystemEntropy)),
    };
    let results = Arc::new(Forgetting(stores.invalidation.clone()));
    let bus = BusProjection::new(Arc::clone(&stores.events), results, config.stores.store_timeout);
    Relay::new(stores.outboxes.clone(), Arc::clone(clock), Arc::new(SystemEntropy))
        .woken_by(stores.wake.clone())
        .with_lease(config.server.relay_lease)
        .alone(stores.are_ours_alone)
        .with(Projection::Index, Arc::new(forgetting(index, stores)))
        .with(Projection::Bus, Arc::new(bus))
        .with(Projection::Deletion, Arc::new(DeletionProjection::new(Arc::new(closed))))
}

/// The projection to the index, which also lets results be forgotten.
pub(super) fn forgetting(index: impl Projector + 'static, stores: &OpenStores) -> Invalidating {
    Invalidating::new(Arc::new(index), Arc::new(Forgetting(stores.invalidation.clone())))
}

/// Results, as the relay lets them be forgotten.
struct Forgetting(Invalidation);

#[async_trait]
impl Forgets for Forgetting {
    async fn forget(&self, what: &Invalidated) -> StoreResult<()> {
        self.0.forget(what).await
    }
}

/// Deletes what belongs to closed accounts.
struct Closed {
    accounts: Arc<dyn AccountStore>,
    posts: Arc<dyn PostStore>,
    publishing: Publishing,
    stamps: Stamps,
}

#[async_trait]
impl ClosedAccounts for Closed {
    async fn finish(&self, user: UserId) -> StoreResult<()> {
        let (accounts, posts) = (&*self.accounts, &*self.posts);
        while finish_closed_account(user, accounts, posts, &self.publishing, &self.stamps).await?
            == Deletion::Unfinished
        {
            tracing::debug!(%user, "an account is being deleted");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::services::testing::{MemoryAccounts, stamps};

    #[tokio::test]
    async fn deletions_are_woken_by_closed_accounts_alone() {
        let wake = Wake::default();
        let mut loops = [Projection::Index, Projection::Deletion].map(|projection| wake.subscribe(projection));
        let mut woken = move || {
            loops.each_mut().map(|woken| {
                let changed = woken.has_changed().expect("the relay can be woken");
                woken.mark_unchanged();
                changed
            })
        };
        let store: Arc<dyn AccountStore> = Layered::new(Arc::new(MemoryAccounts::default()) as _, Waking(wake));
        let (user, other) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        store.user_of_subject("issuer", "subject").await.expect("read");
        assert_eq!(woken(), [false, false]);
        store.follow(user, other, stamps().stamp()).await.expect("written");
        assert_eq!(woken(), [true, false]);
        store.close_account(user, stamps().stamp()).await.expect("written");
        assert_eq!(woken(), [true, true]);
    }
}
