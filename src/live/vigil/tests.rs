//! What is told of sessions that were ended, end soon, or can't be looked up.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures::FutureExt as _;

use super::*;
use crate::domain::UserId;
use crate::ports::{ErrorKind, Role, StoreError, StoreResult};
use crate::services::identity::IdentityError;
use crate::services::testing::TurnedClock;

/// The sessions there are, and whether their store answers.
#[derive(Default)]
struct Sessions {
    living: Mutex<HashMap<TokenHash, Timestamp>>,
    is_down: AtomicBool,
}

impl Sessions {
    fn set(&self, session: TokenHash, end: Timestamp) {
        self.living.lock().expect("nobody panics").insert(session, end);
    }

    fn end(&self, session: TokenHash) {
        self.living.lock().expect("nobody panics").remove(&session);
    }
}

#[async_trait]
impl Identity for Sessions {
    async fn identify(&self, _token: &str) -> Result<Identified, IdentityError> {
        Err(IdentityError::Invalid)
    }

    async fn living(&self, sessions: &[TokenHash]) -> StoreResult<HashMap<TokenHash, Timestamp>> {
        if self.is_down.load(Ordering::Relaxed) {
            return Err(StoreError::new(Role::Users, ErrorKind::Unavailable, "it is down"));
        }
        let living = self.living.lock().expect("nobody panics");
        Ok(sessions.iter().filter_map(|session| Some((*session, *living.get(session)?))).collect())
    }
}

struct Fixture {
    sessions: Arc<Sessions>,
    clock: Arc<TurnedClock>,
    vigil: Arc<Vigil>,
}

impl Fixture {
    fn new() -> Self {
        let (sessions, clock) = (Arc::new(Sessions::default()), Arc::new(TurnedClock::default()));
        let vigil = Arc::new(Vigil::new(Arc::clone(&sessions) as _, Arc::clone(&clock) as _));
        Self { sessions, clock, vigil }
    }

    /// In so many seconds from now.
    fn in_seconds(&self, seconds: u64) -> Timestamp {
        after(self.clock.now(), Duration::from_secs(seconds))
    }

    /// Watches a session with this number that ends then.
    fn watch(&self, number: u8, end: Timestamp) -> (TokenHash, Watched) {
        let session = TokenHash([number; 32]);
        self.sessions.set(session, end);
        (session, self.vigil.watch(&identified(Some(session), Some(end))))
    }

    /// What is told of a session once all were looked at.
    async fn told(&self, watched: &mut Watched) -> Option<SessionState> {
        self.vigil.look().await;
        watched.changed().now_or_never()
    }
}

fn identified(session: Option<TokenHash>, expires_at: Option<Timestamp>) -> Identified {
    Identified { user: UserId(uuid::Uuid::from_u128(1)), session, expires_at, is_confirmed: true }
}

#[tokio::test]
async fn one_that_was_ended_is_told_of_and_no_other() {
    let fixture = Fixture::new();
    let (ended, mut first) = fixture.watch(1, fixture.in_seconds(1_000));
    let (_, mut second) = fixture.watch(2, fixture.in_seconds(1_000));
    assert_eq!(fixture.told(&mut first).await, None);
    fixture.sessions.end(ended);
    assert_eq!(fixture.told(&mut first).await, Some(SessionState::Ended));
    assert_eq!(fixture.told(&mut second).await, None);
}

#[tokio::test]
async fn one_that_ends_soon_is_warned_of_until_it_is_extended() {
    let fixture = Fixture::new();
    let end = fixture.in_seconds(100);
    let (session, mut watched) = fixture.watch(1, end);
    assert_eq!(fixture.told(&mut watched).await, None);
    fixture.clock.turn(Duration::from_secs(50));
    assert_eq!(fixture.told(&mut watched).await, Some(SessionState::EndsSoon(end)));
    assert_eq!(fixture.told(&mut watched).await, None, "once");
    fixture.sessions.set(session, fixture.in_seconds(1_000));
    assert_eq!(fixture.told(&mut watched).await, Some(SessionState::Valid));
    fixture.clock.turn(Duration::from_secs(1_001));
    assert_eq!(fixture.told(&mut watched).await, Some(SessionState::Ended));
}

#[tokio::test]
async fn while_the_store_is_down_the_clock_tells() {
    let fixture = Fixture::new();
    let (ended, mut first) = fixture.watch(1, fixture.in_seconds(1_000));
    let (_, mut second) = fixture.watch(2, fixture.in_seconds(10));
    fixture.sessions.end(ended);
    fixture.sessions.is_down.store(true, Ordering::Relaxed);
    fixture.clock.turn(Duration::from_secs(10));
    assert_eq!(fixture.told(&mut first).await, None, "nobody can tell");
    assert_eq!(fixture.told(&mut second).await, Some(SessionState::Ended));
    fixture.sessions.is_down.store(false, Ordering::Relaxed);
    assert_eq!(fixture.told(&mut first).await, Some(SessionState::Ended));
}

#[tokio::test]
async fn a_token_that_others_vouch_for_ends_when_it_says() {
    let fixture = Fixture::new();
    let end = fixture.in_seconds(100);
    let mut watched = fixture.vigil.watch(&identified(None, Some(end)));
    let mut endless = fixture.vigil.watch(&identified(None, None));
    fixture.clock.turn(Duration::from_secs(99));
    assert_eq!(fixture.told(&mut watched).await, Some(SessionState::EndsSoon(end)));
    fixture.clock.turn(Duration::from_secs(1));
    assert_eq!(fixture.told(&mut watched).await, Some(SessionState::Ended));
    assert_eq!(fixture.told(&mut endless).await, None);
}

#[tokio::test]
async fn what_is_dropped_is_watched_no_more() {
    let fixture = Fixture::new();
    let (_, watched) = fixture.watch(1, fixture.in_seconds(100));
    drop(watched);
    assert!(fixture.vigil.ring().watched.is_empty());
}
