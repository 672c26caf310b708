//! The cache in Redis, and what becomes of it when the server fails.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bb8_redis::redis::{Client, cmd};
use polygraph::ports::{Backend as _, CacheKey, ErrorKind, Life, Lookup, ResultCache, StoreResult};
use polygraph::stores::redis::{Redis, RedisOptions};
use tokio::net::TcpListener;
use url::Url;

use super::relay::Relay;
use super::{Kept, MINUTE, World, begin, binary, body, cache_contract, key, set};
use crate::support::{env_url, namespace};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Far longer than anything here takes, and short enough to wait for when something hangs.
const PATIENCE: Duration = Duration::from_secs(20);

fn server() -> String {
    env_url("POLYGRAPH_TEST_REDIS_URL")
}

fn options(url: impl Into<String>) -> RedisOptions {
    RedisOptions {
        url: url.into(),
        namespace: namespace(),
        max_connections: 8,
        connect_timeout: CONNECT_TIMEOUT,
        command_timeout: PATIENCE,
    }
}

/// A relay to the server, for tests that take it away.
async fn relay() -> Relay {
    let url = Url::parse(&server()).expect("a URL");
    let (host, port) = (url.host_str().expect("a host"), url.port().unwrap_or(6379));
    Relay::to(format!("{host}:{port}")).await
}

impl From<&Relay> for String {
    fn from(relay: &Relay) -> Self {
        format!("redis://127.0.0.1:{}", relay.port())
    }
}

fn connect(options: RedisOptions) -> Arc<Redis> {
    Arc::new(Redis::connect_lazy(options).expect("a URL of Redis"))
}

/// The test's own way to the server: what it holds under `key`'s full name, asked with `command`.
async fn ask<T: bb8_redis::redis::FromRedisValue>(command: &str, key: &[u8]) -> T {
    let client = Client::open(server()).expect("a URL of Redis");
    let mut connection = client.get_multiplexed_async_connection().await.expect("Redis is up");
    cmd(command).arg(key).query_async(&mut connection).await.expect("Redis answers")
}

struct OnRedis {
    cache: Arc<Redis>,
    neighbour: Arc<Redis>,
}

impl OnRedis {
    fn new() -> Self {
        Self { cache: connect(options(server())), neighbour: connect(options(server())) }
    }
}

#[async_trait]
impl World for OnRedis {
    fn cache(&self) -> Arc<dyn ResultCache> {
        self.cache.clone()
    }

    fn neighbour(&self) -> Arc<dyn ResultCache> {
        self.neighbour.clone()
    }

    async fn pass(&self, _duration: Duration, key: CacheKey) {
        until("the key has expired", || async { is_miss(self.cache.lookup(key).await) }).await;
    }
}

/// Asks until the answer is yes.
async fn until<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    let start = Instant::now();
    while !holds().await {
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn kind_of<T>(result: StoreResult<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind)
}

cache_contract!(super::redis::OnRedis::new());

fn is_miss(found: StoreResult<Lookup>) -> bool {
    matches!(found.expect("Redis answers"), Lookup::Miss(_))
}

/// What a command of a cache that is in its first life comes to.
async fn look(cache: &Redis) -> StoreResult<Lookup> {
    cache.lookup(key("key")).await
}

#[tokio::test]
async fn keys_and_times_are_what_operators_expect() {
    let options = options(server());
    let (hash, mut name) =
        (format!("{{{}}}:results", options.namespace), format!("{{{}}}:result:", options.namespace).into_bytes());
    name.extend(key("key").0);
    let kept = begin(connect(options)).await;
    let now = kept.moment().await;
    kept.put("key", now, &[1], &body("a text"), Duration::from_nanos(90_000_000_001)).await;

    assert!(ask::<Vec<u8>>("GET", &name).await.ends_with(b"\0\x01\0\x01a text"));
    let left: u64 = ask("PTTL", &name).await;
    assert!((70_000..=90_001).contains(&left), "{left} ms left");
    assert_eq!(ask::<i64>("PTTL", hash.as_bytes()).await, -1);
    kept.keep("key", &[1], &body("much the same ".repeat(10_000))).await;
    assert!(ask::<usize>("STRLEN", &name).await < 2_000, "what is large is compressed");
}

#[tokio::test]
async fn what_is_being_made_is_said_to_other_gateways_for_a_moment() {
    let options = options(server());
    let (here, there) = (begin(connect(options.clone())).await, connect(options));
    let key = key("key");
    let claim = async || there.claim(key).await.expect("Redis answers");
    assert!(here.cache.claim(key).await.expect("Redis answers"));
    assert!(!claim().await, "the other one makes it");
    here.cache.abandon(key).await.expect("Redis answers");
    assert!(claim().await, "it gave up");
    here.keep("key", &[], &body("made")).await;
    assert!(claim().await, "it is made");
    until("nobody is taken at their word any more", claim).await;
}

#[tokio::test]
async fn a_url_of_something_else_is_refused() {
    for url in ["http://127.0.0.1:6379", "not a url", ""] {
        assert_eq!(kind_of(Redis::connect_lazy(options(url))), Some(ErrorKind::Internal), "{url}");
    }
}

#[tokio::test]
async fn where_nobody_listens_it_is_unavailable_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let cache = connect(options(format!("redis://127.0.0.1:{port}")));

    let start = Instant::now();
    let (life, unavailable) = (Life(1), Some(ErrorKind::Unavailable));
    let as_of = super::AsOf { life, now: 0 };
    assert_eq!(kind_of(look(&cache).await), unavailable);
    assert_eq!(kind_of(cache.store(key("key"), as_of, &set(&[]), &body("x"), MINUTE).await), unavailable);
    assert_eq!(kind_of(cache.invalidate(&super::tags(&[1])).await), unavailable);
    assert_eq!(kind_of(cache.begin(life, None).await), unavailable);
    assert_eq!(kind_of(cache.check().await), Some(ErrorKind::Unavailable));
    assert!(start.elapsed() < CONNECT_TIMEOUT, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_server_that_says_nothing_is_unavailable_after_the_connect_timeout() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("redis://{}", silent.local_addr().expect("an address"));
    let cache = connect(RedisOptions { connect_timeout: Duration::from_millis(100), ..options(url) });

    let start = Instant::now();
    // More than there are connections: those who can't even try wait no longer than the others.
    let answers = futures::future::join_all((0..20).map(|_| look(&cache))).await;
    assert!(answers.into_iter().all(|answer| kind_of(answer) == Some(ErrorKind::Unavailable)));
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_server_without_tls_is_unavailable_over_tls() {
    let options = options(server().replacen("redis://", "rediss://", 1));
    let cache = connect(RedisOptions { connect_timeout: Duration::from_millis(200), ..options });
    assert_eq!(kind_of(look(&cache).await), Some(ErrorKind::Unavailable));
}

#[tokio::test]
async fn a_wrong_password_is_unavailable() {
    let mut url = Url::parse(&server()).expect("a URL");
    url.set_password(Some("wrong")).expect("a URL with a host");
    let cache = connect(options(url));
    assert_eq!(kind_of(look(&cache).await), Some(ErrorKind::Unavailable));
}

#[tokio::test]
async fn it_heals_with_the_server_and_hands_out_no_dead_connection() {
    let relay = relay().await;
    let redis = connect(options(&relay));
    let kept = begin(redis.clone()).await;
    kept.keep("key", &[1], &body("kept")).await;
    // Every connection of the pool has been used, and lies idle when the server goes.
    let answers = futures::future::join_all((0..50).map(|_| look(&redis))).await;
    assert!(answers.into_iter().all(|answer| answer.is_ok()));

    relay.go_down();
    let start = Instant::now();
    assert_eq!(kind_of(look(&redis).await), Some(ErrorKind::Unavailable));
    assert_eq!(kind_of(look(&redis).await), Some(ErrorKind::Unavailable));
    assert!(start.elapsed() < CONNECT_TIMEOUT, "{:?}", start.elapsed());

    relay.come_back();
    for _ in 0..20 {
        assert_eq!(kept.get("key").await, Some(body("kept")));
    }
}

#[tokio::test]
async fn a_command_without_an_answer_times_out_and_the_late_answer_is_nobodys() {
    let relay = relay().await;
    let brief = RedisOptions { max_connections: 1, command_timeout: Duration::from_millis(200), ..options(&relay) };
    let redis = connect(brief);
    let kept = begin(redis.clone()).await;
    kept.keep("key", &[], &body("late")).await;
    kept.keep("asked after", &[], &body("in time")).await;

    relay.stall();
    assert_eq!(kind_of(look(&redis).await), Some(ErrorKind::Timeout));
    relay.come_back();
    assert_eq!(kept.get("asked after").await, Some(body("in time")));
}

#[tokio::test]
async fn who_waits_for_a_busy_connection_waits_a_bounded_time() {
    let relay = relay().await;
    let brief = Duration::from_millis(100);
    let few = RedisOptions { max_connections: 1, connect_timeout: brief, ..options(&relay) };
    let redis = connect(RedisOptions { command_timeout: brief, ..few });
    let kept = Kept { cache: redis.clone(), life: Life(7) };
    // On a busy machine anything may take longer than the brief time it has here.
    until("it is in a life", || async { redis.begin(kept.life, None).await.is_ok() }).await;

    relay.stall();
    let start = Instant::now();
    let answers = futures::future::join_all((0..10).map(|_| look(&redis))).await;
    assert!(answers.into_iter().all(|answer| kind_of(answer).is_some()));
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    relay.come_back();
    until("it heals", || async { look(&redis).await.is_ok() }).await;
}

#[tokio::test]
async fn a_dropped_call_leaves_the_connection_to_the_next_in_order() {
    let redis = connect(RedisOptions { max_connections: 1, ..options(server()) });
    let kept = begin(redis.clone()).await;
    kept.keep("key", &[], &binary(1 << 20)).await;
    kept.keep("small", &[], &body("small")).await;
    for _ in 0..20 {
        let mut dropped = pin!(look(&redis));
        assert!(dropped.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    for _ in 0..20 {
        let dropped = tokio::time::timeout(Duration::from_micros(200), look(&redis));
        drop(dropped.await);
        assert_eq!(kept.get("small").await, Some(body("small")));
    }
}
