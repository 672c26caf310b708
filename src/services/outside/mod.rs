//! Tokens of an outside issuer: who it says is there is a user if somebody linked the two.

mod keys;
#[cfg(test)]
mod tests;
mod token;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use self::keys::Key;
use self::token::{Claims, Signed};
use super::identity::{Identified, Identity, IdentityError};
use crate::domain::Timestamp;
use crate::ports::{AccountStore, Clock, ErrorKind, KeySource, Role, StoreError, StoreResult, TokenHash};

/// How old keys may become before they are fetched again: a key that was taken back is trusted for so long.
const FRESH: Duration = Duration::from_secs(5 * 60);
/// How old they may become where they can't be fetched.
const STALE: Duration = Duration::from_secs(60 * 60);
/// How often they are fetched at most, whatever tokens ask for.
const PAUSE: Duration = Duration::from_secs(10);

/// Whose tokens are accepted, and for whom they must be meant.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// The claim `iss`.
    pub name: String,
    /// What must be in the claim `aud`.
    pub audience: String,
    /// How far the issuer's clock and ours may be apart.
    pub clock_skew: Duration,
}

/// Tells whom a token of an outside issuer stands for, and asks `ours` about all others.
pub struct OutsideTokens {
    ours: Arc<dyn Identity>,
    issuer: Issuer,
    source: Arc<dyn KeySource>,
    accounts: Arc<dyn AccountStore>,
    clock: Arc<dyn Clock>,
    known: Mutex<Known>,
    /// One fetches, and only those wait who have no key without it.
    fetching: tokio::sync::Mutex<()>,
}

/// The keys as they were last fetched.
#[derive(Default)]
struct Known {
    keys: Vec<Arc<Key>>,
    fetched_at: Option<Timestamp>,
    tried_at: Option<Timestamp>,
}

impl OutsideTokens {
    /// Tokens of `issuer`, whose keys are at `source` and whose subjects `accounts` knows. Nothing is fetched yet.
    pub fn new(
        ours: Arc<dyn Identity>,
        issuer: Issuer,
        source: Arc<dyn KeySource>,
        accounts: Arc<dyn AccountStore>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { ours, issuer, source, accounts, clock, known: Mutex::default(), fetching: tokio::sync::Mutex::default() }
    }

    /// The claims of a token that one of the issuer's keys signed; `None` where none did.
    async fn verified(&self, signed: &Signed<'_>) -> StoreResult<Option<Claims>> {
        let now = self.clock.now();
        let (key, is_fresh) = {
            let known = self.known();
            (known.choose(signed), !known.is_older(FRESH, now))
        };
        let key = match key {
            Some(key) if is_fresh => Some(key),
            Some(_) => {
                // While another fetches, the keys that there are will do.
                if let Ok(_turn) = self.fetching.try_lock() {
                    self.fetch(now).await;
                }
                self.known().of_use(now)?.choose(signed)
            }
            None => {
                // The issuer may have a new key.
                let _turn = self.fetching.lock().await;
                self.fetch(now).await;
                self.known().of_use(now)?.choose(signed)
            }
        };
        Ok(key.and_then(|key| signed.verified_by(&key)))
    }

    /// Fetches the keys, unless that was tried a moment ago. Those that are not published any more are gone. Whoever
    /// calls has the turn.
    async fn fetch(&self, now: Timestamp) {
        {
            let mut known = self.known();
            if known.tried_at.is_some_and(|at| !is_past(at, PAUSE, now)) {
                return;
            }
            known.tried_at = Some(now);
        }
        let fetched = self.source.fetch().await.and_then(|json| {
            keys::read(&json).ok_or_else(|| StoreError::new(Role::Users, ErrorKind::Unavailable, "no key set"))
        });
        match fetched {
            Ok(keys) => {
                let mut known = self.known();
                known.keys = keys.into_iter().map(Arc::new).collect();
                known.fetched_at = Some(now);
            }
            Err(error) => {
                tracing::warn!(source = ?std::error::Error::source(&error), "the issuer's keys were not fetched")
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn is_older(&self, age: Duration, now: Timestamp) -> bool {
        self.fetched_at.is_none_or(|at| is_past(at, age, now))
    }

    /// The keys, where they are not too old: those that could not be fetched again do for a while.
    fn of_use(&mut self, now: Timestamp) -> StoreResult<&Self> {
        if self.is_older(STALE, now) {
            self.keys.clear();
            return Err(StoreError::new(Role::Users, ErrorKind::Unavailable, "the issuer's keys can't be had"));
        }
        Ok(self)
    }

    /// The key that must have signed a token: the one that it names, or the only one there is of its kind.
    fn choose(&self, signed: &Signed<'_>) -> Option<Arc<Key>> {
        let mut fitting = self.keys.iter().filter(|key| {
            let is_named = signed.header.kid.as_ref().is_none_or(|kid| key.id.as_ref() == Some(kid));
            is_named && key.algorithm() == signed.header.alg
        });
        fitting.next().filter(|_| fitting.next().is_none()).cloned()
    }
}

/// Whether `age` has passed since `at`; a clock that went back says that it has.
fn is_past(at: Timestamp, age: Duration, now: Timestamp) -> bool {
    let elapsed = u64::try_from(now.millis().saturating_sub(at.millis())).ok().map(Duration::from_millis);
    elapsed.is_none_or(|elapsed| elapsed >= age)
}

#[async_trait]
impl Identity for OutsideTokens {
    async fn identify(&self, token: &str) -> Result<Identified, IdentityError> {
        if !token::may_be(token) {
            return self.ours.identify(token).await;
        }
        let signed = Signed::parse(token).ok_or(IdentityError::Invalid)?;
        let claims = self.verified(&signed).await?.ok_or(IdentityError::Invalid)?;
        let Issuer { name, audience, clock_skew } = &self.issuer;
        let skew = i64::try_from(clock_skew.as_millis()).unwrap_or(i64::MAX);
        if !claims.hold(name, audience, self.clock.now(), skew) {
            return Err(IdentityError::Invalid);
        }
        let user = self.accounts.user_of_subject(name, &claims.sub).await?.ok_or(IdentityError::NotLinked)?;
        let expires_at = Some(claims.ends_at(skew));
        Ok(Identified { user, session: None, expires_at, is_confirmed: true })
    }

    async fn living(&self, sessions: &[TokenHash]) -> StoreResult<HashMap<TokenHash, Timestamp>> {
        self.ours.living(sessions).await
    }
}
