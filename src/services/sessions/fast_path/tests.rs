//! Two gateways on one store and one cache, both of which go away and come back, in time that stands while they work.

use std::sync::atomic::AtomicBool;

use async_trait::async_trait;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use uuid::Uuid;

use super::*;
use crate::ports::{AccountStore as _, Backend, Clock, ErrorKind, Role, StoreError};
use crate::services::identity::{Identity as _, IdentityError};
use crate::services::sessions::{SessionLimits, Sessions, Token};
use crate::services::stamps::Stamps;
use crate::services::testing::{Counted, MemoryAccounts, demo};

const USER: UserId = UserId(Uuid::from_u128(1));
const HASH: &str = "a hash";
const SECOND: Duration = Duration::from_secs(1);

/// tokio's clock, which goes on by itself when all sleep.
struct TokioClock(Instant);

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(i64::try_from(self.0.elapsed().as_millis()).expect("a short test"))
    }
}

/// A cache that one gateway reaches, or does not.
struct Line {
    shared: Arc<Shared>,
    cut: AtomicBool,
}

struct Shared {
    began: Instant,
    /// Keeping takes a permit: a test that takes them all holds it up.
    door: Semaphore,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    now: u64,
    epochs: HashMap<UserId, u64>,
    entries: HashMap<TokenHash, (Session, Mark)>,
}

impl Line {
    fn reach(&self) -> StoreResult<&Shared> {
        if self.cut.load(Ordering::Relaxed) {
            return Err(StoreError::new(Role::Cache, ErrorKind::Unavailable, "the line is cut"));
        }
        Ok(&self.shared)
    }
}

#[async_trait]
impl Backend for Line {
    fn kind(&self) -> &'static str {
        "memory"
    }

    async fn check(&self) -> StoreResult<String> {
        Ok("of tests".to_owned())
    }
}

#[async_trait]
impl SessionCache for Line {
    async fn look(&self, token: TokenHash) -> StoreResult<Look> {
        let shared = self.reach()?;
        let at = u64::try_from(shared.began.elapsed().as_millis()).expect("a short test");
        let state = shared.state.lock().unwrap();
        let found =
            state.entries.get(&token).filter(|(session, mark)| state.epochs.get(&session.user) <= Some(&mark.as_of));
        let found = found.map(|(session, mark)| Kept { session: *session, age: Duration::from_millis(at - mark.at) });
        Ok(Look { mark: Mark { incarnation: 0, as_of: state.now, at }, found: found.filter(|kept| kept.age < KEPT) })
    }

    async fn keep(&self, session: &Session, mark: Mark, _: Duration) -> StoreResult<()> {
        let shared = self.reach()?;
        let _permit = shared.door.acquire().await.expect("it is never closed");
        shared.state.lock().unwrap().entries.insert(session.token, (*session, mark));
        Ok(())
    }

    async fn revoke(&self, user: UserId) -> StoreResult<()> {
        let mut state = self.reach()?.state.lock().unwrap();
        state.now += 1;
        let now = state.now;
        state.epochs.insert(user, now);
        Ok(())
    }
}

struct Gateway {
    line: Arc<Line>,
    sessions: Sessions,
}

impl Gateway {
    /// Whether a token is valid here, and confirmed; `None` where that can't be told.
    async fn judge(&self, token: &Token) -> Option<(bool, bool)> {
        match self.sessions.identify(token.reveal()).await {
            Ok(identified) => Some((identified.user == USER, identified.is_confirmed)),
            Err(IdentityError::Invalid | IdentityError::NotLinked) => Some((false, true)),
            Err(IdentityError::Store(_)) => None,
        }
    }

    fn cut(&self, cut: bool) {
        self.line.cut.store(cut, Ordering::Relaxed);
    }
}

const VALID: Option<(bool, bool)> = Some((true, true));
const UNCONFIRMED: Option<(bool, bool)> = Some((true, false));
const INVALID: Option<(bool, bool)> = Some((false, true));

struct World {
    store: Arc<MemoryAccounts>,
    shared: Arc<Shared>,
    one: Gateway,
    other: Gateway,
}

async fn world() -> World {
    let began = Instant::now();
    let (store, entropy) = (Arc::new(MemoryAccounts::default()), Arc::new(Counted::default()));
    let stamps = Stamps::new(Arc::new(TokioClock(began)), entropy);
    let user = demo(USER, Some(HASH), &stamps);
    store.create_account(&user, stamps.stamp()).await.expect("memory answers").expect("nothing is taken");
    let shared = Arc::new(Shared { began, door: Semaphore::new(100), state: Mutex::default() });
    let gateway = || {
        let line = Arc::new(Line { shared: Arc::clone(&shared), cut: AtomicBool::new(false) });
        let sessions = Sessions::new(store.clone(), stamps.clone(), SessionLimits::default());
        Gateway { sessions: sessions.with_fast_path(line.clone()), line }
    };
    World { one: gateway(), other: gateway(), store, shared }
}

impl World {
    async fn open(&self) -> Token {
        self.one.sessions.open(USER, HASH).await.expect("memory answers").expect("a user").token
    }

    /// Ends all sessions at `gateway`. Returns how long that took.
    async fn end_at(&self, gateway: &Gateway) -> Duration {
        let began = Instant::now();
        gateway.sessions.end_of(USER, None, true).await.expect("the store answers");
        began.elapsed()
    }

    /// Lets the store fail once.
    fn fail_once(&self) {
        self.store.faults.fail_after(0);
    }

    fn truth_was_not_asked(&self) -> bool {
        !self.store.faults.are_over()
    }
}

#[tokio::test(start_paused = true)]
async fn the_truth_is_asked_once_in_a_while_and_not_by_each_gateway() {
    let world = world().await;
    let token = world.open().await;
    assert_eq!(world.one.judge(&token).await, VALID);
    world.fail_once();
    assert_eq!((world.one.judge(&token).await, world.other.judge(&token).await), (VALID, VALID));
    assert!(world.truth_was_not_asked());
    tokio::time::sleep(FRESH).await;
    assert_eq!(world.other.judge(&token).await, UNCONFIRMED, "it was asked, and failed");
    assert!(!world.truth_was_not_asked());
}

#[tokio::test(start_paused = true)]
async fn an_ended_session_is_valid_on_no_gateway_any_more() {
    let world = world().await;
    let (first, second) = (world.open().await, world.open().await);
    for token in [&first, &second] {
        assert_eq!((world.one.judge(token).await, world.other.judge(token).await), (VALID, VALID));
    }
    let session = world.one.sessions.identify(first.reveal()).await.expect("it is valid").session;
    assert_eq!(world.one.sessions.end_of(USER, session, false).await.ok(), Some(1));
    assert_eq!((world.one.judge(&first).await, world.other.judge(&first).await), (INVALID, INVALID));
    assert_eq!((world.one.judge(&second).await, world.other.judge(&second).await), (VALID, VALID));
    assert_eq!(world.end_at(&world.other).await, Duration::ZERO);
    assert_eq!((world.one.judge(&second).await, world.other.judge(&second).await), (INVALID, INVALID));
}

/// One gateway has read the session and is about to keep it, while another ends it.
#[tokio::test(start_paused = true)]
async fn what_is_kept_late_revives_nothing() {
    let world = world().await;
    let token = world.open().await;
    world.shared.door.forget_permits(100);
    let late = tokio::time::timeout(PATIENCE / 2, world.one.judge(&token));
    let (late, took) = tokio::join!(late, async {
        tokio::task::yield_now().await;
        let took = world.end_at(&world.other).await;
        world.shared.door.add_permits(100);
        took
    });
    assert_eq!((late.expect("it is kept"), took), (VALID, Duration::ZERO), "it began before the end");
    assert_eq!(world.shared.state.lock().unwrap().entries.len(), 1, "it was kept");
    world.fail_once();
    assert_eq!(world.one.judge(&token).await, None, "what is kept counts for nothing, with the truth away either");
    assert_eq!((world.one.judge(&token).await, world.other.judge(&token).await), (INVALID, INVALID));
}

#[tokio::test(start_paused = true)]
async fn without_the_cache_the_truth_tells() {
    let world = world().await;
    let token = world.open().await;
    world.one.cut(true);
    assert_eq!(world.one.judge(&token).await, VALID);
    world.fail_once();
    assert_eq!(world.one.judge(&token).await, None, "neither tells");
    world.one.cut(false);
    assert_eq!(world.one.judge(&token).await, VALID, "the cache is left alone for a moment");
    assert_eq!(world.shared.state.lock().unwrap().entries.len(), 0);
    tokio::time::sleep(AWAY).await;
    assert_eq!(world.one.judge(&token).await, VALID);
    assert_eq!(world.shared.state.lock().unwrap().entries.len(), 1);
}

/// The gateway that ends the session does not reach the cache, another one does.
#[tokio::test(start_paused = true)]
async fn an_end_that_can_not_reach_the_cache_waits_until_nothing_is_fresh() {
    let world = world().await;
    let token = world.open().await;
    assert_eq!(world.other.judge(&token).await, VALID);
    world.one.cut(true);
    let took = world.end_at(&world.one).await;
    assert!((SETTLED..SETTLED + SECOND).contains(&took), "{took:?}");
    assert_eq!(world.other.judge(&token).await, INVALID);

    // A cache that comes back in time is told at once.
    let token = world.open().await;
    assert_eq!(world.other.judge(&token).await, VALID);
    let (took, ()) = tokio::join!(world.end_at(&world.one), async {
        tokio::time::sleep(SECOND / 2).await;
        world.one.cut(false);
    });
    assert!(took < SECOND, "{took:?}");
    assert_eq!(world.other.judge(&token).await, INVALID);
}

#[tokio::test(start_paused = true)]
async fn open_sessions_can_be_used_to_read_while_the_truth_is_away() {
    let world = world().await;
    let (token, unknown) = (world.open().await, world.open().await);
    assert_eq!(world.one.judge(&token).await, VALID);
    tokio::time::sleep(10 * 60 * SECOND).await;
    world.fail_once();
    assert_eq!(world.one.judge(&token).await, UNCONFIRMED);
    world.fail_once();
    assert_eq!(world.one.judge(&token).await, UNCONFIRMED);
    assert!(world.truth_was_not_asked(), "it is left alone for a moment");
    assert_eq!(world.other.judge(&unknown).await, None, "what nobody kept nobody knows");
    tokio::time::sleep(AWAY).await;
    assert_eq!(world.one.judge(&token).await, VALID, "it is back");
    tokio::time::sleep(KEPT).await;
    world.fail_once();
    assert_eq!(world.one.judge(&token).await, None, "too long ago");
}

#[tokio::test(start_paused = true)]
async fn what_the_cache_was_not_told_it_is_told_before_it_is_used() {
    let world = world().await;
    let token = world.open().await;
    assert_eq!(world.one.judge(&token).await, VALID);
    world.one.cut(true);
    world.end_at(&world.one).await;
    world.one.cut(false);
    let another = world.open().await;
    assert_eq!(world.one.judge(&another).await, VALID);
    world.fail_once();
    assert_eq!(world.other.judge(&token).await, None, "the end is known though the truth is away");
}

#[tokio::test(start_paused = true)]
async fn a_session_near_at_hand_expires_all_the_same() {
    let world = world().await;
    let token = world.open().await;
    tokio::time::sleep(SessionLimits::default().idle - SECOND).await;
    let end = world.store.session(super::super::parse(token.reveal()).expect("a token"), Timestamp::from_millis(0));
    let session = end.await.expect("memory answers").expect("it is there");
    // Kept as it was before its use extends it.
    let mark = world.one.line.look(session.token).await.expect("it answers").mark;
    world.one.line.keep(&session, mark, KEPT).await.expect("it is kept");
    world.fail_once();
    assert_eq!(world.one.judge(&token).await, VALID);
    tokio::time::sleep(SECOND).await;
    assert_eq!(world.one.judge(&token).await, None, "the truth is asked, and fails");
}
