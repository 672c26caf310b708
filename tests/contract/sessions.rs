//! The contract of [`SessionCache`]: what is kept is found as it was, unless it was revoked since it was read, whatever
//! happened in between and however late it was kept.

mod restarts;
mod storm;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use polygraph::app::SystemEntropy;
use polygraph::domain::{Timestamp, UserId};
use polygraph::ports::{Mark, Session, SessionCache, TokenHash};
use polygraph::stores::memory::MemorySessions;
use polygraph::stores::redis::RedisSessions;
use uuid::Uuid;

use self::storm::an_ended_session_is_never_found;
use crate::support::{MILLISECOND, PATIENCE, TurnedClock, env_url, namespace, redis};

const MINUTE: Duration = Duration::from_secs(60);
/// Long enough to look within, and short enough to wait for.
const BRIEF: Duration = Duration::from_millis(300);

/// A backend under test.
#[async_trait]
trait World: Send + Sync {
    fn cache(&self) -> Arc<dyn SessionCache>;

    /// The same sessions, as another gateway sees them.
    fn neighbour(&self) -> Arc<dyn SessionCache>;

    /// Lets [`BRIEF`] pass, for which this session was kept.
    async fn pass_brief(&self, session: &Session);
}

/// A session with a token of its own.
fn session(user: u128) -> Session {
    static COUNTER: AtomicU64 = AtomicU64::new(1);
    let mut token = [9; 32];
    token[..8].copy_from_slice(&COUNTER.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    Session {
        token: TokenHash(token),
        user: UserId(Uuid::from_u128(user)),
        created_at: Timestamp::from_millis(1_767_225_600_123),
        expires_at: Timestamp::from_millis(1_769_817_600_456),
    }
}

async fn mark(cache: &Arc<dyn SessionCache>) -> Mark {
    cache.look(TokenHash([0; 32])).await.expect("it answers").mark
}

async fn keep(cache: &Arc<dyn SessionCache>, session: &Session, mark: Mark) {
    cache.keep(session, mark, MINUTE).await.expect("it answers");
}

async fn find(cache: &Arc<dyn SessionCache>, session: &Session) -> Option<Session> {
    cache.look(session.token).await.expect("it answers").found.map(|kept| kept.session)
}

async fn what_is_kept_is_found_as_it_was(world: &dyn World) {
    let (cache, neighbour) = (world.cache(), world.neighbour());
    let early = Session { created_at: Timestamp::from_millis(-5), ..session(2) };
    for session in [session(1), early, session(u128::MAX)] {
        let look = cache.look(session.token).await.expect("it answers");
        assert_eq!(look.found, None);
        keep(&cache, &session, look.mark).await;
        for gateway in [&cache, &neighbour] {
            let found = gateway.look(session.token).await.expect("it answers").found.expect("it is kept");
            assert_eq!(found.session, session);
            assert!(found.age < PATIENCE, "{:?}", found.age);
        }
    }
}

async fn what_was_revoked_is_not_found(world: &dyn World) {
    let (cache, neighbour) = (world.cache(), world.neighbour());
    let (first, second, of_another) = (session(1), session(1), session(2));
    let mark = mark(&cache).await;
    for session in [&first, &second, &of_another] {
        keep(&cache, session, mark).await;
    }
    neighbour.revoke(first.user).await.expect("it answers");
    for gateway in [&cache, &neighbour] {
        assert_eq!(find(gateway, &first).await, None);
        assert_eq!(find(gateway, &second).await, None);
        assert_eq!(find(gateway, &of_another).await, Some(of_another));
    }
}

async fn what_is_kept_late_is_not_found(world: &dyn World) {
    let (cache, neighbour) = (world.cache(), world.neighbour());
    let session = session(1);
    let before = mark(&cache).await;
    neighbour.revoke(session.user).await.expect("it answers");
    keep(&cache, &session, before).await;
    assert_eq!((find(&cache, &session).await, find(&neighbour, &session).await), (None, None));
    // Not after another revocation, either, nor after one of somebody else.
    cache.revoke(UserId(Uuid::from_u128(2))).await.expect("it answers");
    keep(&cache, &session, before).await;
    assert_eq!(find(&cache, &session).await, None);
}

async fn what_was_read_after_the_revocation_is_found(world: &dyn World) {
    let cache = world.cache();
    let session = session(1);
    for _ in 0..3 {
        cache.revoke(session.user).await.expect("it answers");
        let after = mark(&cache).await;
        keep(&cache, &session, after).await;
        assert_eq!(find(&cache, &session).await, Some(session));
    }
}

async fn a_session_is_forgotten_after_its_time(world: &dyn World) {
    let cache = world.cache();
    let session = session(1);
    cache.keep(&session, mark(&cache).await, BRIEF).await.expect("it answers");
    world.pass_brief(&session).await;
    assert_eq!(find(&cache, &session).await, None);
    cache.keep(&session, mark(&cache).await, Duration::MAX).await.expect("it answers");
    assert_eq!(find(&cache, &session).await, Some(session));
}

async fn its_age_is_that_of_the_mark(world: &dyn World) {
    let cache = world.cache();
    let (brief, session) = (session(1), session(1));
    let before = mark(&cache).await;
    cache.keep(&brief, before, BRIEF).await.expect("it answers");
    world.pass_brief(&brief).await;
    keep(&cache, &session, before).await;
    let found = cache.look(session.token).await.expect("it answers").found.expect("it is kept");
    assert!(found.age >= BRIEF / 2 && found.age < PATIENCE, "it was read a while ago: {:?}", found.age);
}

/// Runs the whole suite on the world that `$world` makes.
macro_rules! sessions_contract {
    ($backend:ident, $world:expr) => {
        sessions_contract!(
            $backend,
            $world,
            what_is_kept_is_found_as_it_was,
            what_was_revoked_is_not_found,
            what_is_kept_late_is_not_found,
            what_was_read_after_the_revocation_is_found,
            a_session_is_forgotten_after_its_time,
            its_age_is_that_of_the_mark,
            an_ended_session_is_never_found,
        );
    };
    ($backend:ident, $world:expr, $($test:ident),+ $(,)?) => {
        mod $backend {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test(&$world).await;
                }
            )+
        }
    };
}

sessions_contract!(memory, super::InProcess::new());
sessions_contract!(redis, super::OnRedis::new());

struct InProcess {
    clock: Arc<TurnedClock>,
    cache: Arc<MemorySessions>,
}

impl InProcess {
    fn new() -> Self {
        let clock = Arc::new(TurnedClock::default());
        Self { cache: Arc::new(MemorySessions::new(clock.clone(), 1_000)), clock }
    }
}

#[async_trait]
impl World for InProcess {
    fn cache(&self) -> Arc<dyn SessionCache> {
        self.cache.clone()
    }

    fn neighbour(&self) -> Arc<dyn SessionCache> {
        self.cache.clone()
    }

    async fn pass_brief(&self, session: &Session) {
        self.clock.turn(BRIEF - MILLISECOND);
        assert_eq!(find(&self.cache(), session).await, Some(*session), "not before its last millisecond");
        self.clock.turn(MILLISECOND);
    }
}

struct OnRedis {
    url: String,
    namespace: String,
}

impl OnRedis {
    fn new() -> Self {
        Self { url: env_url("POLYGRAPH_TEST_REDIS_URL"), namespace: namespace() }
    }

    /// A gateway's cache, with connections of its own.
    fn connect(&self) -> Arc<dyn SessionCache> {
        Arc::new(RedisSessions::new(Arc::new(redis(&self.url, &self.namespace)), Arc::new(SystemEntropy)))
    }
}

#[async_trait]
impl World for OnRedis {
    fn cache(&self) -> Arc<dyn SessionCache> {
        self.connect()
    }

    fn neighbour(&self) -> Arc<dyn SessionCache> {
        self.connect()
    }

    async fn pass_brief(&self, session: &Session) {
        let (start, cache) = (Instant::now(), self.cache());
        while find(&cache, session).await.is_some() {
            assert!(start.elapsed() < PATIENCE, "it is not forgotten");
        }
    }
}

#[tokio::test]
async fn other_namespaces_are_worlds_of_their_own() {
    let (ours, theirs) = (OnRedis::new().connect(), OnRedis::new().connect());
    let session = session(1);
    keep(&ours, &session, mark(&ours).await).await;
    assert_eq!(find(&theirs, &session).await, None);
    theirs.revoke(session.user).await.expect("it answers");
    assert_eq!(find(&ours, &session).await, Some(session));
}
