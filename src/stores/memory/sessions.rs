//! Sessions near at hand, in process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::domain::UserId;
use crate::ports::{Backend, Clock, Kept, Look, Mark, Session, SessionCache, StoreResult, TokenHash};

/// How many epochs are told apart: users who share one cost each other a miss.
const SLOTS: usize = 4_096;

/// Sessions in this process alone: right only where no other gateway ends them.
pub struct MemorySessions {
    clock: Arc<dyn Clock>,
    max_sessions: usize,
    state: Mutex<State>,
}

struct State {
    /// How many epochs have begun; the epoch of a slot is its number.
    now: u64,
    epochs: Vec<u64>,
    entries: HashMap<TokenHash, Entry>,
}

#[derive(Clone, Copy)]
struct Entry {
    session: Session,
    mark: Mark,
    ttl: Duration,
}

impl MemorySessions {
    /// Keeps nothing yet, and never more than `max_sessions`: where there are too many, all are forgotten.
    pub fn new(clock: Arc<dyn Clock>, max_sessions: usize) -> Self {
        let state = State { now: 0, epochs: vec![0; SLOTS], entries: HashMap::new() };
        Self { clock, max_sessions: max_sessions.max(1), state: Mutex::new(state) }
    }

    /// Nothing that holds the lock can panic half-way through a change.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.clock.now().millis()).unwrap_or(0)
    }
}

fn slot(user: UserId) -> usize {
    // The last bytes of a UUIDv7 are random.
    let [.., high, low] = *user.0.as_bytes();
    usize::from(u16::from_be_bytes([high, low])) % SLOTS
}

#[async_trait]
impl Backend for MemorySessions {
    fn kind(&self) -> &'static str {
        "memory"
    }

    async fn check(&self) -> StoreResult<String> {
        Ok("in process".to_owned())
    }
}

#[async_trait]
impl SessionCache for MemorySessions {
    async fn look(&self, token: TokenHash) -> StoreResult<Look> {
        let at = self.now();
        let mut state = self.state();
        let mark = Mark { incarnation: 0, as_of: state.now, at };
        let Some(&Entry { session, mark: read, ttl }) = state.entries.get(&token) else {
            return Ok(Look { mark, found: None });
        };
        // A clock that went back says nothing about ages.
        let age = at.checked_sub(read.at).map(Duration::from_millis).filter(|age| *age < ttl);
        let found = age.filter(|_| state.epochs[slot(session.user)] <= read.as_of).map(|age| Kept { session, age });
        if found.is_none() {
            state.entries.remove(&token);
        }
        Ok(Look { mark, found })
    }

    async fn keep(&self, session: &Session, mark: Mark, ttl: Duration) -> StoreResult<()> {
        let mut state = self.state();
        if state.entries.len() >= self.max_sessions {
            state.entries.clear();
        }
        state.entries.insert(session.token, Entry { session: *session, mark, ttl });
        Ok(())
    }

    async fn revoke(&self, user: UserId) -> StoreResult<()> {
        let mut state = self.state();
        state.now += 1;
        let now = state.now;
        state.epochs[slot(user)] = now;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::testing::Standing;
    use super::*;
    use crate::domain::Timestamp;

    #[tokio::test]
    async fn its_memory_is_bounded() {
        let cache = MemorySessions::new(Arc::new(Standing), 10);
        let session = |n| Session {
            token: TokenHash([n; 32]),
            user: UserId(Uuid::from_u128(1)),
            created_at: Timestamp::from_millis(0),
            expires_at: Timestamp::from_millis(1),
        };
        let mark = cache.look(TokenHash([0; 32])).await.expect("memory answers").mark;
        for n in 0..100 {
            cache.keep(&session(n), mark, Duration::from_secs(60)).await.expect("memory answers");
            assert!(cache.state().entries.len() <= 10);
        }
        assert!(cache.look(TokenHash([99; 32])).await.expect("memory answers").found.is_some());
    }
}
