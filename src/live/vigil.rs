//! Watches the sessions of those who are connected: one that was ended ends what it was opened for.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::domain::Timestamp;
use crate::ports::{Clock, TokenHash};
use crate::services::identity::{Identified, Identity};

/// How often it is looked. A session that was ended is noticed within this and the time of one statement.
const LOOK: Duration = Duration::from_secs(1);
/// How long before its end a session's holder is warned.
const WARNING: Duration = Duration::from_secs(60);
/// How many sessions are asked about at once.
const TOGETHER: usize = 5_000;

/// How a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionState {
    /// It goes on.
    Valid,
    /// It ends at this moment, which is not far.
    EndsSoon(Timestamp),
    /// It was ended, or is over.
    Ended,
}

/// Watches sessions.
pub struct Vigil {
    identity: Arc<dyn Identity>,
    clock: Arc<dyn Clock>,
    watched: Mutex<Ring>,
}

#[derive(Default)]
struct Ring {
    next: u64,
    watched: HashMap<u64, Entry>,
}

struct Entry {
    session: Option<TokenHash>,
    expires_at: Option<Timestamp>,
    state: watch::Sender<SessionState>,
}

/// A session that is watched until this is dropped.
pub struct Watched {
    vigil: Arc<Vigil>,
    number: u64,
    state: watch::Receiver<SessionState>,
}

impl Watched {
    /// Comes when the session's state has changed, and then it is that.
    pub async fn changed(&mut self) -> SessionState {
        match self.state.changed().await {
            Ok(()) => *self.state.borrow_and_update(),
            // The vigil is kept by this, so its end never closes the channel.
            Err(_) => std::future::pending().await,
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.vigil.ring().watched.remove(&self.number);
    }
}

impl Vigil {
    /// Watches nobody yet.
    pub fn new(identity: Arc<dyn Identity>, clock: Arc<dyn Clock>) -> Self {
        Self { identity, clock, watched: Mutex::default() }
    }

    /// Watches what somebody was identified by.
    pub fn watch(self: &Arc<Self>, identified: &Identified) -> Watched {
        let state = watch::Sender::new(SessionState::Valid);
        let receiver = state.subscribe();
        let mut ring = self.ring();
        let number = ring.next;
        ring.next += 1;
        let entry = Entry { session: identified.session, expires_at: identified.expires_at, state };
        ring.watched.insert(number, entry);
        drop(ring);
        Watched { vigil: Arc::clone(self), number, state: receiver }
    }

    /// Looks every second until `stop`.
    pub async fn run(&self, stop: CancellationToken) {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => self.look().await,
                () = stop.cancelled() => return,
            }
        }
    }

    /// Looks at all sessions once. Where the store does not answer, those go on that are not over by the clock.
    pub(crate) async fn look(&self) {
        let sessions: HashSet<TokenHash> = self.ring().watched.values().filter_map(|entry| entry.session).collect();
        let sessions: Vec<TokenHash> = sessions.into_iter().collect();
        let mut known: HashMap<TokenHash, Option<Timestamp>> = HashMap::new();
        for together in sessions.chunks(TOGETHER) {
            match self.identity.living(together).await {
                Ok(living) => known.extend(together.iter().map(|session| (*session, living.get(session).copied()))),
                Err(error) => {
                    tracing::debug!(%error, "whether sessions were ended can't be told");
                    break;
                }
            }
        }
        let now = self.clock.now();
        for entry in self.ring().watched.values_mut() {
            let found = entry.session.and_then(|session| known.get(&session));
            if let Some(Some(end)) = found {
                entry.expires_at = Some(*end);
            }
            let state = match entry.expires_at {
                _ if found == Some(&None) => SessionState::Ended,
                Some(end) if end <= now => SessionState::Ended,
                Some(end) if end <= after(now, WARNING) => SessionState::EndsSoon(end),
                _ => SessionState::Valid,
            };
            entry.state.send_if_modified(|known| std::mem::replace(known, state) != state);
        }
    }

    /// Nothing that holds the lock can panic half-way through a change.
    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn after(at: Timestamp, duration: Duration) -> Timestamp {
    Timestamp::from_millis(at.millis().saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests;
