//! Sessions near at hand: most requests are told from here who asks, and none by a session that was ended.
//!
//! Why that holds, store by store and outage by outage, is told in `docs/decisions/0015-session-fast-path.md`.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::after;
use crate::domain::{Timestamp, UserId};
use crate::ports::{Kept, Look, Mark, Session, SessionCache, StoreResult, TokenHash, in_time};

/// How long a session counts as valid without asking the truth again. It bounds what any failure of the cache can do,
/// and what a revocation that can't reach the cache has to wait.
const FRESH: Duration = Duration::from_secs(2);
/// How long such a revocation waits: what was read before it is not fresh any more then, on whatever gateway, even if
/// clocks run at rates of their own.
const SETTLED: Duration = Duration::from_millis(2_500);
/// How long a session is kept for the case that the truth goes away.
const KEPT: Duration = Duration::from_secs(15 * 60);
/// How long the cache may take for one command; to wait longer would cost more than it saves.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long what has just failed is left alone.
const AWAY: Duration = Duration::from_secs(1);
/// The pause between two tries to reach the cache with a revocation.
const BREATH: Duration = Duration::from_millis(100);

/// Sessions in a [`SessionCache`]. Cheap to clone; clones share what they know of outages.
#[derive(Clone)]
pub(super) struct FastPath {
    cache: Arc<dyn SessionCache>,
    known: Arc<Known>,
}

/// What is known of outages.
#[derive(Default)]
struct Known {
    cache_away: Away,
    truth_away: Away,
    /// Users whose sessions were ended while the cache could not be reached, until when that matters. They are revoked
    /// before the cache is used again.
    owed: Mutex<HashMap<UserId, Timestamp>>,
}

/// Something that failed a moment ago, and is left alone until this moment (in milliseconds).
#[derive(Default)]
struct Away(AtomicI64);

impl Away {
    fn is(&self, now: Timestamp) -> bool {
        now.millis() < self.0.load(Ordering::Relaxed)
    }

    fn went(&self, now: Timestamp) {
        self.0.store(after(now, AWAY).millis(), Ordering::Relaxed);
    }
}

/// Whether the truth need not be asked about what is kept.
pub(super) fn is_fresh(kept: &Kept) -> bool {
    kept.age < FRESH
}

impl FastPath {
    pub(super) fn new(cache: Arc<dyn SessionCache>) -> Self {
        Self { cache, known: Arc::default() }
    }

    /// What is kept of a session; `None` where the cache can't tell: then nothing may be kept, either.
    pub(super) async fn look(&self, token: TokenHash, now: Timestamp) -> Option<Look> {
        if self.known.cache_away.is(now) {
            return None;
        }
        let look = async {
            self.pay(now).await?;
            self.cache.look(token).await
        };
        match in_time(PATIENCE, look).await {
            Ok(look) => Some(look),
            Err(error) => {
                tracing::warn!(%error, "sessions are read from their store for a moment");
                self.known.cache_away.went(now);
                None
            }
        }
    }

    /// Keeps a session that the truth showed after `mark` was noted.
    pub(super) async fn keep(&self, session: &Session, mark: Mark) {
        if let Err(error) = in_time(PATIENCE, self.cache.keep(session, mark, KEPT)).await {
            tracing::debug!(%error, "a session was not kept near at hand");
        }
    }

    /// Makes sure that no gateway takes a session of `user` for valid that was ended before. Where the cache can't be
    /// reached that takes until nothing from before is fresh, and the cache hears of it later.
    pub(super) async fn revoke(&self, user: UserId, now: Timestamp) {
        let reach = async {
            while let Err(error) = in_time(PATIENCE, self.cache.revoke(user)).await {
                tracing::debug!(%error, "a revocation did not reach the sessions near at hand");
                tokio::time::sleep(BREATH).await;
            }
        };
        if tokio::time::timeout(SETTLED, reach).await.is_err() {
            tracing::warn!("sessions were ended while those near at hand could not be reached: it was waited for");
            self.owed().insert(user, after(now, KEPT + SETTLED));
        }
    }

    /// Whether the truth has just failed to answer.
    pub(super) fn truth_is_away(&self, now: Timestamp) -> bool {
        self.known.truth_away.is(now)
    }

    /// The truth fails to answer: it is not asked again for a moment about what is kept.
    pub(super) fn truth_went_away(&self, now: Timestamp) {
        self.known.truth_away.went(now);
    }

    /// Revokes what could not be revoked when it should have been.
    async fn pay(&self, now: Timestamp) -> StoreResult<()> {
        loop {
            let owed = {
                let mut owed = self.owed();
                owed.retain(|_, until| now < *until);
                owed.iter().next().map(|(user, until)| (*user, *until))
            };
            let Some((user, until)) = owed else { return Ok(()) };
            self.cache.revoke(user).await?;
            // What is owed again since then stays owed.
            self.owed().retain(|other, other_until| (*other, *other_until) != (user, until));
        }
    }

    /// Nothing that holds the lock can panic half-way through a change.
    fn owed(&self) -> MutexGuard<'_, HashMap<UserId, Timestamp>> {
        self.known.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
