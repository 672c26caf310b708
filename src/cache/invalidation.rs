//! What a write owes to those who ask after it was acknowledged: that no result from before it is answered.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::trust::Trust;
use crate::domain::tag::VOCABULARY;
use crate::ports::{ErrorKind, Invalidated, Life, ResultCache, Role, StoreError, StoreResult};

/// How long the cache may take to be told of a write. Longer is taken for an outage, which costs everybody more than
/// this wait.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a cache that has just failed is left alone.
const AWAY: Duration = Duration::from_secs(1);
/// How often it is tried to agree with the register.
const TRIES: u32 = 20;
/// The pause between two tries.
const BREATH: Duration = Duration::from_millis(100);

/// Tells the cache what was written. Cheap to clone.
#[derive(Clone)]
pub struct Invalidation {
    /// The cache that gateways share, or this one's own; none where it has none.
    cache: Option<Arc<dyn ResultCache>>,
    trust: Arc<Trust>,
    away_since: Arc<RwLock<Option<Instant>>>,
}

impl Invalidation {
    /// Invalidates in `cache`, and where that can't be done makes sure that no gateway answers from it.
    pub fn new(cache: Option<Arc<dyn ResultCache>>, trust: Arc<Trust>) -> Self {
        Self { cache, trust, away_since: Arc::default() }
    }

    /// Returns when no gateway answers any more what was read before this call from the store that plays `role`. To be
    /// called after a commit there and before it is acknowledged. One round trip to the cache, as long as it is well.
    ///
    /// Where the cache can't be told, its life is suspended in the store that was written to, and all who counted on it
    /// are waited for; while it stays suspended, nothing needs to be waited for again.
    ///
    /// # Errors
    /// That of the store, where it can't be asked: then nobody knows what others may answer.
    pub async fn settle(&self, role: Role, what: &Invalidated) -> StoreResult<()> {
        if let Some(settled_at) = self.assure(role, what).await? {
            tokio::time::sleep(settled_at.saturating_duration_since(self.trust.now())).await;
        }
        Ok(())
    }

    /// As [`settle`](Self::settle), but does not wait: what was read before is not answered any more from the moment on
    /// that is returned, or from now on where there is none.
    ///
    /// # Errors
    /// As there.
    pub async fn assure(&self, role: Role, what: &Invalidated) -> StoreResult<Option<Instant>> {
        let mut told = self.tell(what).await;
        if told.is_some_and(|life| self.trust.confirms(life)) {
            return Ok(None);
        }
        let Some((role, register)) = self.trust.register_of(role) else { return Ok(None) };
        let (mut told_again, mut failure) = (false, None);
        for _ in 0..TRIES {
            let asked_at = self.trust.now();
            let said = match register.registered().await {
                Ok(said) => said,
                Err(error) => {
                    failure = Some(error);
                    tokio::time::sleep(BREATH).await;
                    continue;
                }
            };
            match said.active {
                None => return Ok(Some(self.trust.settles(*role, said.generation))),
                // As good as confirmed: what this store says is all that a write to it needs to know.
                Some(life) if told == Some(life) && self.trust.counts(asked_at) => return Ok(None),
                // Another life may have begun in between. Or the store was so slow to say it that it does not count any
                // more, and would be so again.
                Some(_) if told.is_some() && !told_again => {
                    told = self.tell(what).await;
                    told_again = true;
                }
                Some(_) => {
                    tracing::warn!(%role, "the cache of results can't be told of a write, and is suspended");
                    failure = self.trust.suspend(*role, said).await.err();
                }
            }
        }
        let unsettled = "the cache of results could be neither told of a write nor suspended";
        Err(failure.unwrap_or_else(|| StoreError::internal(*role, unsettled)))
    }

    /// As [`assure`](Self::assure), for what was read from any store, and for those whom nobody waits for.
    ///
    /// # Errors
    /// As there.
    pub async fn forget(&self, what: &Invalidated) -> StoreResult<()> {
        if self.tell(what).await.is_some_and(|life| self.trust.confirms(life)) {
            return Ok(());
        }
        for (role, _) in self.trust.registers() {
            self.assure(*role, what).await?;
        }
        Ok(())
    }

    /// Tells the cache, and returns the life in which it knows now; `None` where it can't be told.
    pub async fn tell(&self, what: &Invalidated) -> Option<Life> {
        let cache = self.cache.as_ref().filter(|_| !self.is_away())?;
        let tell = async {
            let told = match cache.invalidate(what).await {
                // One lost connection is no outage yet.
                Err(_) => cache.invalidate(what).await,
                told => told,
            };
            match told {
                // A gateway of another version tags what it keeps by other words.
                Ok(Some(life)) if life.vocabulary() != VOCABULARY => cache.invalidate(&Invalidated::Everything).await,
                told => told,
            }
        };
        let late = || StoreError::new(Role::Cache, ErrorKind::Timeout, "no answer in time");
        let told = tokio::time::timeout(PATIENCE, tell).await.unwrap_or_else(|_| Err(late()));
        told.unwrap_or_else(|error| {
            tracing::debug!(%error, "the cache of results was not told of a write");
            *self.away_since.write().unwrap_or_else(PoisonError::into_inner) = Some(self.trust.now());
            None
        })
    }

    /// Whether the cache has just failed.
    fn is_away(&self) -> bool {
        let since = *self.away_since.read().unwrap_or_else(PoisonError::into_inner);
        since.is_some_and(|since| self.trust.now().saturating_duration_since(since) < AWAY)
    }
}
