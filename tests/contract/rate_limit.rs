//! The contract of [`RateLimiter`]: budgets are spent all or nothing, refill evenly, and never hold more than a window's.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use polygraph::ports::{Quota, RateLimiter, Spent};
use polygraph::stores::memory::MemoryRateLimiter;

use crate::support::{MILLISECOND, PATIENCE, TurnedClock, env_url, namespace, redis};

const HOUR: Duration = Duration::from_secs(3600);
/// Long enough to spend a few times within, and short enough to wait for.
const BRIEF: Duration = Duration::from_millis(300);

/// A backend under test.
#[async_trait]
trait World: Send + Sync {
    fn limiter(&self) -> Arc<dyn RateLimiter>;

    /// The same budgets, as another gateway sees them; `None` where there is one gateway alone.
    fn neighbour(&self) -> Option<Arc<dyn RateLimiter>>;

    /// Lets time pass until so many units of a key can be spent, which are spent then; they must not be before `wait` is
    /// over, where time can be turned.
    async fn spend_after(&self, wait: Duration, key: &str, units: u64, quota: Quota) -> Spent;
}

const fn quota(units: u64, window: Duration) -> Quota {
    Quota { units, window }
}

async fn spend(limiter: &Arc<dyn RateLimiter>, key: &str, units: u64, quota: Quota) -> Spent {
    limiter.spend(key, units, quota).await.expect("the backend answers")
}

/// What is left after so many units were spent; `None` where they were refused.
async fn left(limiter: &Arc<dyn RateLimiter>, key: &str, units: u64, quota: Quota) -> Option<u64> {
    let spent = spend(limiter, key, units, quota).await;
    spent.refused_for.is_none().then_some(spent.remaining)
}

/// Whether a duration is `expected`, less what may have passed on a backend whose time can't be stopped.
fn is_about(found: Duration, expected: Duration) -> bool {
    found <= expected && found + PATIENCE > expected
}

async fn a_budget_may_be_spent_at_once_and_no_more(world: &dyn World) {
    let (limiter, ten) = (world.limiter(), quota(10, HOUR));
    for (units, remaining) in [(3, 7), (3, 4), (4, 0)] {
        let spent = spend(&limiter, "key", units, ten).await;
        assert_eq!((spent.refused_for, spent.remaining), (None, remaining));
        assert!(is_about(spent.full_after, (HOUR / 10) * u32::try_from(10 - remaining).expect("a few")), "{spent:?}");
    }
    let refused = spend(&limiter, "key", 2, ten).await;
    assert!(refused.refused_for.is_some_and(|wait| is_about(wait, HOUR / 5)), "{refused:?}");
    assert_eq!(refused.remaining, 0);
    assert!(is_about(refused.full_after, HOUR), "{refused:?}");
}

async fn what_is_refused_is_not_spent(world: &dyn World) {
    let (limiter, ten) = (world.limiter(), quota(10, HOUR));
    assert_eq!(left(&limiter, "key", 8, ten).await, Some(2));
    for _ in 0..5 {
        let refused = spend(&limiter, "key", 3, ten).await;
        assert!(refused.refused_for.is_some_and(|wait| is_about(wait, HOUR / 10)), "{refused:?}");
        assert_eq!(refused.remaining, 2);
    }
    assert_eq!(left(&limiter, "key", 2, ten).await, Some(0));
}

async fn what_costs_more_than_a_budget_takes_all_of_it(world: &dyn World) {
    let (limiter, ten) = (world.limiter(), quota(10, HOUR));
    assert_eq!(left(&limiter, "key", u64::MAX, ten).await, Some(0));
    assert_eq!(left(&limiter, "key", 1, ten).await, None);
    assert_eq!(left(&limiter, "other", 1, ten).await, Some(9));
    assert_eq!(left(&limiter, "other", 11, ten).await, None, "all of it must be there");
}

async fn a_budget_refills_evenly(world: &dyn World) {
    let (limiter, three) = (world.limiter(), quota(3, BRIEF));
    spend(&limiter, "key", 3, three).await;
    // By the time that two have come back, one has been spent again.
    for units in [1, 2, 3] {
        world.spend_after((BRIEF / 3) * u32::try_from(units).expect("a few"), "key", units, three).await;
    }
}

async fn a_smaller_window_is_no_longer_than_itself(world: &dyn World) {
    let limiter = world.limiter();
    assert_eq!(left(&limiter, "key", 10, quota(10, HOUR)).await, Some(0));
    let refused = spend(&limiter, "key", 1, quota(10, BRIEF)).await;
    assert!(refused.refused_for.is_none_or(|wait| wait <= BRIEF / 10), "{refused:?}");
    assert!(refused.full_after <= BRIEF, "{refused:?}");
}

async fn keys_are_told_apart(world: &dyn World) {
    let (limiter, one) = (world.limiter(), quota(1, HOUR));
    for key in ["key", "KEY", "", "a b\r\n{*}:\0ключ"] {
        assert_eq!(left(&limiter, key, 1, one).await, Some(0), "{key:?}");
        assert_eq!(left(&limiter, key, 1, one).await, None, "{key:?}");
    }
}

async fn extreme_quotas_are_taken(world: &dyn World) {
    let limiter = world.limiter();
    assert_eq!(left(&limiter, "for ever", 1, quota(1, Duration::MAX)).await, Some(0));
    assert_eq!(left(&limiter, "for ever", 1, quota(1, Duration::MAX)).await, None);
    assert_eq!(left(&limiter, "many", u64::MAX, quota(u64::MAX, HOUR)).await, Some(0));
    spend(&limiter, "never", 1, quota(0, Duration::ZERO)).await;
    spend(&limiter, "nothing", 0, quota(1, HOUR)).await;
}

async fn of_many_at_once_no_more_than_the_budget_get_through(world: &dyn World) {
    let limiter = world.limiter();
    let neighbour = world.neighbour().unwrap_or_else(|| Arc::clone(&limiter));
    let tries = (0..60).map(|n| {
        let limiter = if n % 2 == 0 { &limiter } else { &neighbour };
        async move { left(limiter, "hot", 3, quota(30, HOUR)).await }
    });
    let mut left: Vec<_> = futures::future::join_all(tries).await.into_iter().flatten().collect();
    left.sort_unstable();
    assert_eq!(left, (0..10).map(|n| n * 3).collect::<Vec<_>>());
}

/// Runs the whole suite on the world that `$world` makes.
macro_rules! rate_limit_contract {
    ($backend:ident, $world:expr) => {
        rate_limit_contract!(
            $backend,
            $world,
            a_budget_may_be_spent_at_once_and_no_more,
            what_is_refused_is_not_spent,
            what_costs_more_than_a_budget_takes_all_of_it,
            a_budget_refills_evenly,
            a_smaller_window_is_no_longer_than_itself,
            keys_are_told_apart,
            extreme_quotas_are_taken,
            of_many_at_once_no_more_than_the_budget_get_through,
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

rate_limit_contract!(memory, super::InProcess::new());
rate_limit_contract!(redis, super::OnRedis::new());

struct InProcess {
    clock: Arc<TurnedClock>,
    limiter: Arc<dyn RateLimiter>,
}

impl InProcess {
    fn new() -> Self {
        let clock = Arc::new(TurnedClock::default());
        Self { limiter: Arc::new(MemoryRateLimiter::new(clock.clone(), 1_000)), clock }
    }
}

#[async_trait]
impl World for InProcess {
    fn limiter(&self) -> Arc<dyn RateLimiter> {
        Arc::clone(&self.limiter)
    }

    fn neighbour(&self) -> Option<Arc<dyn RateLimiter>> {
        None
    }

    async fn spend_after(&self, wait: Duration, key: &str, units: u64, quota: Quota) -> Spent {
        self.clock.turn(wait - MILLISECOND);
        let early = spend(&self.limiter, key, units, quota).await;
        assert_eq!(early.refused_for, Some(Duration::from_millis(1)), "not before its last millisecond");
        self.clock.turn(MILLISECOND);
        let spent = spend(&self.limiter, key, units, quota).await;
        assert_eq!(spent.refused_for, None);
        spent
    }
}

#[tokio::test]
async fn a_clock_that_is_put_back_locks_nobody_out() {
    let world = InProcess::new();
    let one = quota(1, BRIEF);
    world.clock.turn_millis(i64::from(u32::MAX));
    spend(&world.limiter, "key", 1, one).await;
    world.clock.turn_millis(-i64::from(u32::MAX) / 2);
    let refused = spend(&world.limiter, "key", 1, one).await;
    assert_eq!((refused.refused_for, refused.full_after), (Some(BRIEF), BRIEF));
}

struct OnRedis {
    namespace: String,
    limiter: Arc<dyn RateLimiter>,
}

impl OnRedis {
    fn new() -> Self {
        let namespace = namespace();
        Self { limiter: connect(&namespace), namespace }
    }
}

fn connect(namespace: &str) -> Arc<dyn RateLimiter> {
    Arc::new(redis(&env_url("POLYGRAPH_TEST_REDIS_URL"), namespace))
}

#[async_trait]
impl World for OnRedis {
    fn limiter(&self) -> Arc<dyn RateLimiter> {
        Arc::clone(&self.limiter)
    }

    fn neighbour(&self) -> Option<Arc<dyn RateLimiter>> {
        Some(connect(&self.namespace))
    }

    async fn spend_after(&self, _: Duration, key: &str, units: u64, quota: Quota) -> Spent {
        let start = Instant::now();
        loop {
            let spent = spend(&self.limiter, key, units, quota).await;
            if spent.refused_for.is_none() {
                return spent;
            }
            assert!(start.elapsed() < PATIENCE, "the budget does not refill");
        }
    }
}

#[tokio::test]
async fn other_namespaces_have_budgets_of_their_own() {
    let (ours, theirs) = (OnRedis::new().limiter(), OnRedis::new().limiter());
    let one = quota(1, HOUR);
    assert_eq!(left(&ours, "key", 1, one).await, Some(0));
    assert_eq!(left(&theirs, "key", 1, one).await, Some(0));
    assert_eq!(left(&ours, "key", 1, one).await, None);
}
