//! The contract of [`Throttle`]: it counts tries in windows that begin with a key's first try, all keys of a try or
//! none.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use polygraph::ports::{Limit, Throttle};
use polygraph::stores::memory::MemoryThrottle;

use crate::support::{MILLISECOND, PATIENCE, TurnedClock, env_url, namespace, redis};

const MINUTE: Duration = Duration::from_secs(60);
/// Long enough to try a few times within, and short enough to wait for.
const BRIEF: Duration = Duration::from_millis(300);

/// A backend under test.
#[async_trait]
trait World: Send + Sync {
    fn throttle(&self) -> Arc<dyn Throttle>;

    /// The same counts, as another gateway sees them; `None` where there is one gateway alone.
    fn neighbour(&self) -> Option<Arc<dyn Throttle>>;

    /// Lets the window of [`BRIEF`] of a `key` that is full end, and tries it once then, for a minute.
    async fn pass_brief(&self, key: &str);
}

fn limit(key: &str, tries: u32, window: Duration) -> Limit<'_> {
    Limit { key, tries, window }
}

async fn try_once(throttle: &Arc<dyn Throttle>, limits: &[Limit<'_>]) -> Result<(), Duration> {
    throttle.try_once(limits).await.expect("the backend answers")
}

async fn a_key_may_be_tried_as_often_as_its_limit(world: &dyn World) {
    let throttle = world.throttle();
    for _ in 0..3 {
        assert_eq!(try_once(&throttle, &[limit("key", 3, MINUTE)]).await, Ok(()));
    }
    let wait = try_once(&throttle, &[limit("key", 3, MINUTE)]).await.expect_err("a fourth is refused");
    assert!(wait > MINUTE - PATIENCE && wait <= MINUTE, "{wait:?}");
    assert_eq!(try_once(&throttle, &[limit("key", 4, MINUTE)]).await, Ok(()), "a refused try is not counted");
    assert_eq!(try_once(&throttle, &[limit("KEY", 3, MINUTE)]).await, Ok(()), "keys are told apart");
}

async fn a_window_begins_with_the_first_try_and_ends(world: &dyn World) {
    let throttle = world.throttle();
    assert_eq!(try_once(&throttle, &[limit("key", 2, BRIEF)]).await, Ok(()));
    // A longer window does not prolong the one that is open.
    assert_eq!(try_once(&throttle, &[limit("key", 2, MINUTE)]).await, Ok(()));
    let wait = try_once(&throttle, &[limit("key", 2, MINUTE)]).await.expect_err("a third is refused");
    assert!(wait <= BRIEF && wait > Duration::ZERO, "{wait:?}");
    world.pass_brief("key").await;
    let wait = try_once(&throttle, &[limit("key", 1, MINUTE)]).await.expect_err("it was tried once since");
    assert!(wait > BRIEF, "a window of its own: {wait:?}");
}

async fn a_try_counts_for_all_keys_or_for_none(world: &dyn World) {
    let throttle = world.throttle();
    assert_eq!(try_once(&throttle, &[limit("full", 1, MINUTE)]).await, Ok(()));
    for limits in [
        [limit("full", 1, 2 * MINUTE), limit("free", 1, MINUTE)],
        [limit("free", 1, MINUTE), limit("full", 1, 2 * MINUTE)],
    ] {
        assert!(try_once(&throttle, &limits).await.is_err());
    }
    assert_eq!(try_once(&throttle, &[limit("free", 1, MINUTE)]).await, Ok(()));
}

async fn who_is_refused_waits_for_the_last_of_the_keys(world: &dyn World) {
    let throttle = world.throttle();
    let (short, long) = (limit("short", 1, MINUTE), limit("long", 1, 10 * MINUTE));
    assert_eq!(try_once(&throttle, &[short, long]).await, Ok(()));
    let wait = try_once(&throttle, &[long, short]).await.expect_err("both are full");
    assert!(wait > 9 * MINUTE && wait <= 10 * MINUTE, "{wait:?}");
}

async fn clearing_takes_back_all_and_giving_back_one(world: &dyn World) {
    let throttle = world.throttle();
    let twice = [limit("key", 2, MINUTE)];
    for _ in 0..2 {
        assert_eq!(try_once(&throttle, &twice).await, Ok(()));
    }
    throttle.give_back("key").await.expect("the backend answers");
    assert_eq!(try_once(&throttle, &twice).await, Ok(()));
    assert!(try_once(&throttle, &twice).await.is_err());
    throttle.clear("key").await.expect("the backend answers");
    for _ in 0..2 {
        assert_eq!(try_once(&throttle, &twice).await, Ok(()));
    }
    assert!(try_once(&throttle, &twice).await.is_err());
}

async fn what_was_not_tried_can_not_be_given_back(world: &dyn World) {
    let throttle = world.throttle();
    let once = [limit("key", 1, MINUTE)];
    throttle.clear("key").await.expect("the backend answers");
    throttle.give_back("key").await.expect("the backend answers");
    assert_eq!(try_once(&throttle, &once).await, Ok(()));
    for _ in 0..3 {
        throttle.give_back("key").await.expect("the backend answers");
    }
    assert_eq!(try_once(&throttle, &once).await, Ok(()));
    assert!(try_once(&throttle, &once).await.is_err());
}

async fn what_is_given_back_leaves_the_window_as_it_is(world: &dyn World) {
    let throttle = world.throttle();
    assert_eq!(try_once(&throttle, &[limit("key", 1, BRIEF)]).await, Ok(()));
    throttle.give_back("key").await.expect("the backend answers");
    assert_eq!(try_once(&throttle, &[limit("key", 1, MINUTE)]).await, Ok(()));
    let wait = try_once(&throttle, &[limit("key", 1, MINUTE)]).await;
    assert!(wait.is_err_and(|wait| wait <= BRIEF), "{wait:?}");
}

async fn extreme_limits_are_taken(world: &dyn World) {
    let throttle = world.throttle();
    assert_eq!(try_once(&throttle, &[]).await, Ok(()));
    assert_eq!(try_once(&throttle, &[limit("never", 0, MINUTE)]).await, Err(MINUTE));
    assert_eq!(try_once(&throttle, &[limit("for ever", 1, Duration::MAX)]).await, Ok(()));
    assert!(try_once(&throttle, &[limit("for ever", 1, Duration::MAX)]).await.is_err_and(|wait| wait > MINUTE));
    let odd = "a b\r\n{*}:\0ключ";
    assert_eq!(try_once(&throttle, &[limit(odd, u32::MAX, MINUTE)]).await, Ok(()));
    assert!(try_once(&throttle, &[limit(odd, 1, MINUTE)]).await.is_err());
}

async fn of_many_at_once_no_more_than_the_limit_get_through(world: &dyn World) {
    let throttle = world.throttle();
    let neighbour = world.neighbour().unwrap_or_else(|| Arc::clone(&throttle));
    let tries = (0..60).map(|n| {
        let throttle = if n % 2 == 0 { &throttle } else { &neighbour };
        async move { try_once(throttle, &[limit("hot", 10, MINUTE), limit("wide", 1_000, MINUTE)]).await }
    });
    let through = futures::future::join_all(tries).await.into_iter().filter(Result::is_ok).count();
    assert_eq!(through, 10);
}

/// Runs the whole suite on the world that `$world` makes.
macro_rules! throttle_contract {
    ($backend:ident, $world:expr) => {
        throttle_contract!(
            $backend,
            $world,
            a_key_may_be_tried_as_often_as_its_limit,
            a_window_begins_with_the_first_try_and_ends,
            a_try_counts_for_all_keys_or_for_none,
            who_is_refused_waits_for_the_last_of_the_keys,
            clearing_takes_back_all_and_giving_back_one,
            what_was_not_tried_can_not_be_given_back,
            what_is_given_back_leaves_the_window_as_it_is,
            extreme_limits_are_taken,
            of_many_at_once_no_more_than_the_limit_get_through,
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

throttle_contract!(memory, super::InProcess::new());
throttle_contract!(redis, super::OnRedis::new());

struct InProcess {
    clock: Arc<TurnedClock>,
    throttle: Arc<MemoryThrottle>,
}

impl InProcess {
    fn new() -> Self {
        let clock = Arc::new(TurnedClock::default());
        Self { throttle: Arc::new(MemoryThrottle::new(clock.clone(), 1_000)), clock }
    }
}

#[async_trait]
impl World for InProcess {
    fn throttle(&self) -> Arc<dyn Throttle> {
        self.throttle.clone()
    }

    fn neighbour(&self) -> Option<Arc<dyn Throttle>> {
        None
    }

    async fn pass_brief(&self, key: &str) {
        self.clock.turn(BRIEF - MILLISECOND);
        let full = [limit(key, 1, MINUTE)];
        assert!(
            self.throttle.try_once(&full).await.expect("memory answers").is_err(),
            "not before its last millisecond"
        );
        self.clock.turn(MILLISECOND);
        assert_eq!(self.throttle.try_once(&full).await.expect("memory answers"), Ok(()));
    }
}

struct OnRedis {
    namespace: String,
    throttle: Arc<dyn Throttle>,
}

impl OnRedis {
    fn new() -> Self {
        let namespace = namespace();
        Self { throttle: connect(&namespace), namespace }
    }
}

fn connect(namespace: &str) -> Arc<dyn Throttle> {
    Arc::new(redis(&env_url("POLYGRAPH_TEST_REDIS_URL"), namespace))
}

#[async_trait]
impl World for OnRedis {
    fn throttle(&self) -> Arc<dyn Throttle> {
        self.throttle.clone()
    }

    fn neighbour(&self) -> Option<Arc<dyn Throttle>> {
        Some(connect(&self.namespace))
    }

    async fn pass_brief(&self, key: &str) {
        let start = Instant::now();
        while self.throttle.try_once(&[limit(key, 1, MINUTE)]).await.expect("Redis answers").is_err() {
            assert!(start.elapsed() < PATIENCE, "the window does not end");
        }
    }
}

#[tokio::test]
async fn other_namespaces_count_for_themselves() {
    let (ours, theirs) = (OnRedis::new().throttle(), OnRedis::new().throttle());
    let once = [limit("key", 1, MINUTE)];
    assert_eq!(try_once(&ours, &once).await, Ok(()));
    assert_eq!(try_once(&theirs, &once).await, Ok(()));
    assert!(try_once(&ours, &once).await.is_err());
}
