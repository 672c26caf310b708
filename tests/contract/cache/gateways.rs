//! The life of a cache that several gateways share, on a clock that the tests turn: what is waited for and what not.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use polygraph::cache::{Guarded, Invalidation, Keeper, Trust};
use polygraph::domain::Timestamp;
use polygraph::domain::tag::VOCABULARY;
use polygraph::ports::{
    AsOf, Backend, Bypass, CacheKey, CacheRegister, CacheState, CacheTag, CachedBody, Clock, Entropy, ErrorKind,
    Invalidated, Life, Lookup, Registered, ResultCache, Role, StoreError, StoreResult, TagSet,
};
use polygraph::stores::memory::MemoryCache;
use tokio_util::sync::CancellationToken;

/// For how long a gateway counts on what the registers said.
const COUNTS: Duration = Duration::from_secs(2);
/// How long a suspension takes until nobody does.
const SETTLED: Duration = Duration::from_millis(2_500);
/// How long gateways leave to others what these may be about to do.
const OTHERS_TURN: Duration = Duration::from_secs(5);

const KEY: CacheKey = CacheKey([1; 32]);

/// A register that can be out of reach.
#[derive(Default)]
struct Register {
    said: Mutex<Registered>,
    is_away: AtomicBool,
}

fn away(role: Role) -> StoreError {
    StoreError::new(role, ErrorKind::Unavailable, "away")
}

#[async_trait]
impl Backend for Register {
    fn kind(&self) -> &'static str {
        "memory"
    }

    async fn check(&self) -> StoreResult<String> {
        Ok(String::new())
    }
}

#[async_trait]
impl CacheRegister for Register {
    async fn registered(&self) -> StoreResult<Registered> {
        if self.is_away.load(Ordering::SeqCst) {
            Err(away(Role::Users))
        } else {
            Ok(*self.said.lock().expect("nobody panicked with it"))
        }
    }

    async fn register(&self, generation: u64, active: Option<Life>) -> StoreResult<bool> {
        let mut said = self.said.lock().expect("nobody panicked with it");
        let agrees = said.generation == generation;
        if agrees {
            *said = Registered { generation: generation + 1, active };
        }
        Ok(agrees)
    }
}

/// A way to the shared cache that can be cut.
struct Link {
    cache: Arc<MemoryCache>,
    is_cut: AtomicBool,
}

impl Link {
    fn reached(&self) -> StoreResult<&MemoryCache> {
        if self.is_cut.load(Ordering::SeqCst) { Err(away(Role::Cache)) } else { Ok(&self.cache) }
    }
}

#[async_trait]
impl Backend for Link {
    fn kind(&self) -> &'static str {
        "memory"
    }

    async fn check(&self) -> StoreResult<String> {
        Ok(String::new())
    }
}

#[async_trait]
impl ResultCache for Link {
    fn is_remote(&self) -> bool {
        self.cache.is_remote()
    }

    async fn lookup(&self, key: CacheKey) -> StoreResult<Lookup> {
        self.reached()?.lookup(key).await
    }

    async fn claim(&self, key: CacheKey) -> StoreResult<bool> {
        self.reached()?.claim(key).await
    }

    async fn abandon(&self, key: CacheKey) -> StoreResult<()> {
        self.reached()?.abandon(key).await
    }

    async fn store(
        &self,
        key: CacheKey,
        as_of: AsOf,
        tags: &TagSet,
        body: &CachedBody,
        ttl: Duration,
    ) -> StoreResult<()> {
        self.reached()?.store(key, as_of, tags, body, ttl).await
    }

    async fn invalidate(&self, what: &Invalidated) -> StoreResult<Option<Life>> {
        self.reached()?.invalidate(what).await
    }

    async fn life(&self) -> StoreResult<Option<Life>> {
        self.reached()?.life().await
    }

    async fn begin(&self, life: Life, instead_of: Option<Life>) -> StoreResult<bool> {
        self.reached()?.begin(life, instead_of).await
    }

    async fn state(&self) -> StoreResult<CacheState> {
        self.reached()?.state().await
    }
}

struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(0)
    }
}

/// Different at each call.
struct Counting(AtomicU8);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0.fetch_add(1, Ordering::SeqCst));
    }
}

/// A gateway.
struct Gateway {
    link: Arc<Link>,
    guarded: Guarded,
    invalidation: Invalidation,
    stop: CancellationToken,
}

/// What gateways share.
struct World {
    cache: Arc<MemoryCache>,
    registers: [Arc<Register>; 2],
    entropy: Arc<Counting>,
}

impl World {
    fn new() -> Self {
        let cache = Arc::new(MemoryCache::new(Arc::new(Standing), 1 << 20));
        Self { cache, registers: Default::default(), entropy: Arc::new(Counting(AtomicU8::new(1))) }
    }

    /// Starts a gateway.
    fn gateway(&self) -> Gateway {
        let link = Arc::new(Link { cache: Arc::clone(&self.cache), is_cut: AtomicBool::new(false) });
        let cache: Arc<dyn ResultCache> = link.clone();
        let [users, posts] = self.registers.clone();
        let registers = vec![(Role::Users, users as Arc<dyn CacheRegister>), (Role::Posts, posts as _)];
        let trust = Arc::new(Trust::new(registers, || tokio::time::Instant::now().into_std()));
        let stop = CancellationToken::new();
        let keeper = Keeper::new(Arc::clone(&cache), Arc::clone(&trust), self.entropy.clone());
        tokio::spawn(keeper.run(stop.clone()));
        Gateway {
            link,
            guarded: Guarded::new(Arc::clone(&cache), Arc::clone(&trust)),
            invalidation: Invalidation::new(Some(cache), trust),
            stop,
        }
    }
}

impl Gateway {
    /// Keeps a result made of tag 1, and says whether it could.
    async fn keep(&self) -> bool {
        let Ok(Lookup::Miss(as_of)) = self.guarded.lookup(KEY).await else { return false };
        let body = CachedBody { mark: 1, bytes: Bytes::from_static(b"body") };
        let tags = [CacheTag(1)].into_iter().collect();
        self.guarded.store(KEY, as_of, &tags, &body, Duration::from_secs(3_600)).await.is_ok()
    }

    async fn hits(&self) -> bool {
        matches!(self.guarded.lookup(KEY).await, Ok(Lookup::Hit { .. }))
    }

    /// Acknowledges a write of tag 1, and says how long that took.
    async fn write(&self) -> Duration {
        let begun = tokio::time::Instant::now();
        let what = Invalidated::Tags([CacheTag(1)].into_iter().collect());
        self.invalidation.settle(Role::Posts, &what).await.expect("the register answers");
        begun.elapsed()
    }

    fn cut(&self, is_cut: bool) {
        self.link.is_cut.store(is_cut, Ordering::SeqCst);
    }
}

/// Waits until a result can be kept and found.
async fn in_use(gateway: &Gateway) -> Duration {
    let begun = tokio::time::Instant::now();
    while !(gateway.hits().await || gateway.keep().await) {
        assert!(begun.elapsed() < Duration::from_secs(60), "the cache is not used any more");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    begun.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_new_cache_is_used_at_once_and_a_write_waits_for_nothing() {
    let world = World::new();
    let (here, there) = (world.gateway(), world.gateway());
    assert!(in_use(&here).await + in_use(&there).await < Duration::from_secs(2));
    assert!(there.hits().await);
    assert!(here.write().await < Duration::from_millis(5));
    assert!(!there.hits().await);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_is_cut_off_waits_once_and_others_answer_nothing_from_before() {
    let world = World::new();
    let (here, there) = (world.gateway(), world.gateway());
    in_use(&here).await;
    in_use(&there).await;
    here.cut(true);
    assert!(there.hits().await);
    assert!(here.write().await >= SETTLED);
    assert!(!there.hits().await, "it was acknowledged");
    assert_eq!(there.guarded.lookup(KEY).await.ok(), Some(Lookup::Bypass(Bypass::Unconfirmed)));
    assert!(here.write().await < Duration::from_millis(5), "nobody uses the cache");

    here.cut(false);
    assert!(in_use(&there).await < SETTLED + OTHERS_TURN * 2, "it is used again");
    in_use(&here).await;
    assert!(here.write().await < Duration::from_millis(5));
    assert!(!there.hits().await);
}

#[tokio::test(start_paused = true)]
async fn while_everybody_is_cut_off_a_write_is_waited_for_once() {
    let world = World::new();
    let (here, there) = (world.gateway(), world.gateway());
    in_use(&here).await;
    in_use(&there).await;
    here.cut(true);
    there.cut(true);
    here.write().await;
    tokio::time::sleep(SETTLED * 2).await;
    assert!(there.write().await < Duration::from_millis(5), "it knows, too");
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert!(here.write().await + there.write().await < Duration::from_millis(5));
    }
}

#[tokio::test(start_paused = true)]
async fn a_cache_that_forgets_begins_another_life() {
    let world = World::new();
    let gateway = world.gateway();
    in_use(&gateway).await;
    let before = gateway.guarded.life().await.expect("it answers");
    assert!(gateway.keep().await || gateway.hits().await);
    // As after a restart: another life, of which no register knows.
    assert!(world.cache.begin(Life(1), before).await.expect("it answers"));
    assert!(!gateway.hits().await);
    assert!(gateway.write().await < SETTLED * 2, "a write is acknowledged all the same");
    assert!(in_use(&gateway).await < SETTLED * 2);
    assert_ne!(gateway.guarded.life().await.expect("it answers"), Some(Life(1)));
}

#[tokio::test(start_paused = true)]
async fn what_a_store_does_not_confirm_is_not_answered() {
    let world = World::new();
    let gateway = world.gateway();
    in_use(&gateway).await;
    in_use(&gateway).await;
    world.registers[1].is_away.store(true, Ordering::SeqCst);
    tokio::time::sleep(COUNTS + Duration::from_millis(1)).await;
    assert_eq!(gateway.guarded.lookup(KEY).await.ok(), Some(Lookup::Bypass(Bypass::Unconfirmed)));
    world.registers[1].is_away.store(false, Ordering::SeqCst);
    assert!(in_use(&gateway).await < Duration::from_secs(1), "the life was not suspended");
}

#[tokio::test(start_paused = true)]
async fn a_beginner_that_dies_is_followed_by_another() {
    let world = World::new();
    // It had said so to one store, and not yet to the other.
    world.registers[0].register(0, Some(Life::new(VOCABULARY, [9; 16]))).await.expect("it answers");
    let gateway = world.gateway();
    assert!(in_use(&gateway).await < SETTLED + OTHERS_TURN * 2);
}

#[tokio::test(start_paused = true)]
async fn a_keeper_stops_when_it_is_told() {
    let world = World::new();
    let gateway = world.gateway();
    in_use(&gateway).await;
    gateway.stop.cancel();
    tokio::time::sleep(COUNTS * 2).await;
    assert!(!gateway.hits().await);
}
