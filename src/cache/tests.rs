//! Many who ask for the same at once, on a cache that holds one body, in time that stands still while they work.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use serde_json::Map;

use super::*;
use crate::ports::{Backend, CacheState, Invalidated, Life, StoreResult};

/// Keeps one body, and forgets it when anything is invalidated.
#[derive(Default)]
struct OneBody {
    kept: Mutex<(u64, Option<(u64, CachedBody)>)>,
    hangs: AtomicBool,
    looks: AtomicUsize,
    /// After how many looks another gateway, which is making the answer, has kept it; 0: none is.
    elsewhere: AtomicUsize,
    abandoned: AtomicUsize,
}

const LIFE: Life = Life(1);
const PATIENCE: Duration = Duration::from_millis(250);

#[async_trait]
impl Backend for OneBody {
    fn kind(&self) -> &'static str {
        "one body"
    }
    async fn check(&self) -> StoreResult<String> {
        Ok(String::new())
    }
}

#[async_trait]
impl ResultCache for OneBody {
    fn is_remote(&self) -> bool {
        true
    }

    async fn lookup(&self, _: CacheKey) -> StoreResult<Lookup> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        // As long as this takes, others come.
        tokio::task::yield_now().await;
        if self.hangs.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        let mut kept = self.kept.lock().unwrap();
        if self.elsewhere.load(Ordering::Relaxed) == self.looks.load(Ordering::Relaxed) {
            kept.1 = Some((kept.0, CachedBody { mark: 0, bytes: Bytes::from_static(b"{}") }));
        }
        Ok(match &kept.1 {
            Some((as_of, body)) if *as_of >= kept.0 => Lookup::Hit { life: LIFE, body: body.clone() },
            _ => Lookup::Miss(AsOf { life: LIFE, now: kept.0 }),
        })
    }
    async fn claim(&self, _: CacheKey) -> StoreResult<bool> {
        Ok(self.elsewhere.load(Ordering::Relaxed) == 0)
    }
    async fn abandon(&self, _: CacheKey) -> StoreResult<()> {
        self.abandoned.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
    async fn store(&self, _: CacheKey, as_of: AsOf, _: &TagSet, body: &CachedBody, _: Duration) -> StoreResult<()> {
        if self.hangs.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        self.kept.lock().unwrap().1 = Some((as_of.now, body.clone()));
        Ok(())
    }
    async fn invalidate(&self, _: &Invalidated) -> StoreResult<Option<Life>> {
        self.kept.lock().unwrap().0 += 1;
        Ok(Some(LIFE))
    }
    async fn life(&self) -> StoreResult<Option<Life>> {
        if self.hangs.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        Ok(Some(LIFE))
    }
    async fn begin(&self, _: Life, _: Option<Life>) -> StoreResult<bool> {
        Ok(false)
    }
    async fn state(&self) -> StoreResult<CacheState> {
        Ok(CacheState::default())
    }
}

fn results(cache: &Arc<OneBody>) -> Results {
    Results::new(Arc::clone(cache) as _, Duration::from_secs(1), PATIENCE, "type Query { a: Int }")
}

async fn find(results: &Results) -> Found {
    let question = results.question(Scope::Public, "{ a }", None, &Map::new());
    results.find(&question, Viewer::Anonymous).await
}

#[tokio::test(start_paused = true)]
async fn a_cache_that_hangs_is_one_that_is_not_there_and_costs_one_wait() {
    let cache = Arc::new(OneBody { hangs: AtomicBool::new(true), ..OneBody::default() });
    let results = results(&cache);
    let begun = tokio::time::Instant::now();
    for _ in 0..3 {
        assert!(matches!(find(&results).await, Found::Unusable(Bypass::Unreachable)));
        assert!(begun.elapsed() <= PATIENCE, "only the first waits");
    }
    assert_eq!(results.counts().of(Count::Bypass), 3);
    cache.hangs.store(false, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(matches!(find(&results).await, Found::Nothing(_)), "it is used again");
}

/// Asks a thousand times at once. Each that is to make the answer takes its time; before it is kept, `meanwhile` happens.
async fn stampede(cache: &Arc<OneBody>, meanwhile: impl AsyncFn(usize)) -> (usize, Results) {
    let (results, made) = (results(cache), AtomicUsize::new(0));
    let ask = async || match find(&results).await {
        Found::Kept(body) | Found::Shared(body) => assert_eq!(body.bytes, "{}"),
        Found::Nothing(making) => {
            let number = made.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(20)).await;
            meanwhile(number).await;
            making.keep(Bytes::from_static(b"{}"), Vec::new()).await;
        }
        Found::Unusable(why) => panic!("{why:?}"),
    };
    futures::future::join_all((0..1_000).map(|_| ask())).await;
    (made.into_inner(), results)
}

#[tokio::test(start_paused = true)]
async fn of_a_thousand_that_ask_at_once_one_makes_the_answer() {
    let (made, results) = stampede(&Arc::default(), async |_| {}).await;
    let counts = [Count::Miss, Count::Coalesced, Count::Kept].map(|what| results.counts().of(what));
    assert_eq!((made, counts), (1, [1, 999, 1]));
    assert!(matches!(find(&results).await, Found::Kept(_)));
}

#[tokio::test(start_paused = true)]
async fn those_who_look_for_the_same_at_once_share_looks() {
    let cache = Arc::<OneBody>::default();
    let (_, results) = stampede(&cache, async |_| {}).await;
    assert!(
        cache.looks.swap(0, Ordering::Relaxed) <= 3,
        "the first, one for all who came meanwhile, one for the answer"
    );
    let found = futures::future::join_all((0..1_000).map(|_| find(&results))).await;
    assert!(found.iter().all(|found| matches!(found, Found::Kept(_))));
    assert!(cache.looks.load(Ordering::Relaxed) <= 2);
    assert!(results.looks.is_idle(), "nothing is left of them");
}

#[tokio::test(start_paused = true)]
async fn what_another_gateway_is_making_is_waited_for_a_moment() {
    let cache = Arc::new(OneBody { elsewhere: AtomicUsize::new(4), ..OneBody::default() });
    let (made, _) = stampede(&cache, async |_| {}).await;
    assert_eq!(made, 0, "the other one made it");

    let cache = Arc::new(OneBody { elsewhere: AtomicUsize::new(usize::MAX), ..OneBody::default() });
    let begun = tokio::time::Instant::now();
    let (made, _) = stampede(&cache, async |_| {}).await;
    assert_eq!(made, 1, "it did not");
    assert!(begun.elapsed() < MAKING * 2);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_kept_is_not_said_to_be_made_any_more() {
    let cache = Arc::<OneBody>::default();
    let Found::Nothing(making) = find(&results(&cache)).await else { panic!("nothing is kept") };
    drop(making);
    tokio::task::yield_now().await;
    assert_eq!(cache.abandoned.load(Ordering::Relaxed), 1);
}

/// Whoever asks while a look is under way may have been told of a write that this look did not see.
#[tokio::test(start_paused = true)]
async fn a_look_that_has_begun_is_shared_with_nobody_who_comes_later() {
    let (looks, begun) = (Looks::default(), AtomicUsize::new(0));
    let look = async || {
        let number = begun.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(10)).await;
        Lookup::Miss(AsOf { life: LIFE, now: number as u64 })
    };
    let ask = async |after: u64| {
        tokio::time::sleep(Duration::from_millis(after)).await;
        let before = begun.load(Ordering::Relaxed) as u64;
        let (Lookup::Miss(AsOf { now, .. }), _) = looks.look(CacheKey([0; 32]), look()).await else {
            panic!("no miss")
        };
        assert!(now >= before, "look {now} had begun before it was asked for");
    };
    futures::future::join_all((0..100).map(|number| ask(number % 50))).await;
    assert!(begun.load(Ordering::Relaxed) <= 7, "one look at a time for all who wait");
}

#[tokio::test(start_paused = true)]
async fn one_who_waits_takes_over_the_look_of_one_who_leaves() {
    let looks = Looks::default();
    let miss = async || {
        tokio::time::sleep(Duration::from_millis(10)).await;
        Lookup::Miss(AsOf { life: LIFE, now: 0 })
    };
    let key = CacheKey([0; 32]);
    let leaving = tokio::time::timeout(Duration::from_millis(5), looks.look(key, miss()));
    let (left, stayed) = futures::join!(leaving, looks.look(key, miss()));
    assert!(left.is_err());
    assert!(matches!(stayed, (Lookup::Miss(_), true)));
    assert!(looks.is_idle());
}

#[tokio::test(start_paused = true)]
async fn an_answer_from_before_a_write_is_given_to_nobody_who_asked_after_it() {
    for (writes, expected) in [(1, 2), (usize::MAX, 1_000)] {
        let cache = Arc::<OneBody>::default();
        let meanwhile = async |number| {
            if number < writes {
                cache.invalidate(&Invalidated::Everything).await.expect("memory answers");
            }
        };
        let (made, _) = stampede(&cache, meanwhile).await;
        assert_eq!(made, expected, "what changes faster than it is made, everybody makes");
    }
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_for_one_who_gives_up_go_on_without() {
    let (results, made) = (results(&Arc::default()), AtomicUsize::new(0));
    let ask = async || {
        if let Found::Nothing(making) = find(&results).await {
            if made.fetch_add(1, Ordering::Relaxed) > 0 {
                making.keep(Bytes::from_static(b"{}"), Vec::new()).await;
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    futures::future::join_all((0..100).map(|_| ask())).await;
    assert_eq!(made.into_inner(), 2, "one gave up, one made it");
}
