//! Single-flight: of those who ask for the same at once, one makes the answer.
//!
//! Who follows must not be given an answer that is older than their question. So the one who leads looks once more when
//! the answer is kept and nobody joins any more: what is found then, everybody who joined would have found.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::ports::{CacheKey, CachedBody};

/// How often a request waits for what others make before it makes its own: more than once, since what was made may have
/// been outdated by a write; not for ever, since it may be time and again.
pub(super) const OTHERS_ARE_WAITED_FOR: usize = 2;

/// What is being made at the moment. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Flights(Arc<Mutex<HashMap<CacheKey, watch::Sender<Outcome>>>>);

/// What came of a flight; `None` inside where those who wait have to see for themselves.
type Outcome = Option<Option<CachedBody>>;

/// What somebody who asks is to do.
pub(super) enum Joined {
    /// Make the answer.
    Leads(Lead),
    /// Wait for who makes it.
    Follows(Follow),
}

/// The duty to make an answer. Dropping it lets those who wait go on without.
pub(super) struct Lead {
    flights: Flights,
    /// `None` once the flight has ended.
    key: Option<CacheKey>,
}

/// A wait for who makes the answer.
pub(super) struct Follow(watch::Receiver<Outcome>);

/// A flight that nobody joins any more, and somebody waits for.
pub(super) struct Landed(watch::Sender<Outcome>);

impl Flights {
    /// Leads where nobody makes this yet, and follows otherwise.
    pub(super) fn join(&self, key: CacheKey) -> Joined {
        let mut flights = self.lock();
        if let Some(flight) = flights.get(&key) {
            return Joined::Follows(Follow(flight.subscribe()));
        }
        flights.insert(key, watch::Sender::new(None));
        Joined::Leads(Lead { flights: self.clone(), key: Some(key) })
    }

    /// Nothing that holds the lock can panic half-way through a change.
    fn lock(&self) -> MutexGuard<'_, HashMap<CacheKey, watch::Sender<Outcome>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lead {
    /// Ends the flight; `None` where nobody waits for it.
    pub(super) fn land(mut self) -> Option<Landed> {
        let flight = self.end()?;
        (flight.receiver_count() > 0).then(|| Landed(flight))
    }

    fn end(&mut self) -> Option<watch::Sender<Outcome>> {
        let key = self.key.take()?;
        self.flights.lock().remove(&key)
    }
}

impl Follow {
    /// The answer; `None` where it was not kept, or counts no more.
    pub(super) async fn wait(mut self) -> Option<CachedBody> {
        let outcome = self.0.wait_for(Option::is_some).await.ok()?;
        outcome.clone().flatten()
    }
}

impl Landed {
    /// Gives those who wait what they would have found.
    pub(super) fn tell(self, found: Option<CachedBody>) {
        self.0.send_replace(Some(found));
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        // Those who wait are told by the sender's end.
        self.end();
    }
}
