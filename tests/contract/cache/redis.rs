//! The cache in Redis, and what becomes of it when the server fails.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bb8_redis::redis::{Client, cmd};
use polygraph::ports::{Backend as _, ErrorKind, ResultCache, StoreResult};
use polygraph::stores::redis::{Redis, RedisOptions};
use tokio::net::TcpListener;
use url::Url;

use super::relay::Relay;
use super::{MINUTE, World, binary, body, cache_contract, get, put};
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
async fn ask<T: bb8_redis::redis::FromRedisValue>(command: &str, key: &str) -> T {
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

    async fn pass(&self, _duration: Duration, key: &str) {
        until("the key has expired", || async { self.cache.get(key).await.expect("Redis answers").is_none() }).await;
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

#[tokio::test]
async fn keys_and_times_are_what_operators_expect() {
    let options = options(server());
    let key = format!("{}:result:key", options.namespace);
    let cache = connect(options);
    cache.put("key", binary(64), Duration::from_nanos(90_000_000_001)).await.expect("Redis takes it");

    assert_eq!(ask::<Vec<u8>>("GET", &key).await, binary(64).0);
    let left: u64 = ask("PTTL", &key).await;
    assert!((70_000..=90_001).contains(&left), "{left} ms left");
    cache.clear().await.expect("Redis clears");
    assert!(!ask::<bool>("EXISTS", &key).await);
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
    assert_eq!(kind_of(cache.get("key").await), Some(ErrorKind::Unavailable));
    assert_eq!(kind_of(cache.put("key", body("x"), MINUTE).await), Some(ErrorKind::Unavailable));
    assert_eq!(kind_of(cache.clear().await), Some(ErrorKind::Unavailable));
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
    let answers = futures::future::join_all((0..20).map(|_| cache.get("key"))).await;
    assert!(answers.into_iter().all(|answer| kind_of(answer) == Some(ErrorKind::Unavailable)));
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_server_without_tls_is_unavailable_over_tls() {
    let options = options(server().replacen("redis://", "rediss://", 1));
    let cache = connect(RedisOptions { connect_timeout: Duration::from_millis(200), ..options });
    assert_eq!(kind_of(cache.get("key").await), Some(ErrorKind::Unavailable));
}

#[tokio::test]
async fn a_wrong_password_is_unavailable() {
    let mut url = Url::parse(&server()).expect("a URL");
    url.set_password(Some("wrong")).expect("a URL with a host");
    let cache = connect(options(url));
    assert_eq!(kind_of(cache.get("key").await), Some(ErrorKind::Unavailable));
}

#[tokio::test]
async fn it_heals_with_the_server_and_hands_out_no_dead_connection() {
    let relay = relay().await;
    let relayed: Arc<dyn ResultCache> = connect(options(&relay));
    put(&relayed, "key", body("kept"), MINUTE).await;
    // Every connection of the pool has been used, and lies idle when the server goes.
    let answers = futures::future::join_all((0..50).map(|_| relayed.get("key"))).await;
    assert!(answers.into_iter().all(|answer| answer.is_ok()));

    relay.go_down();
    let start = Instant::now();
    assert_eq!(kind_of(relayed.get("key").await), Some(ErrorKind::Unavailable));
    assert_eq!(kind_of(relayed.get("key").await), Some(ErrorKind::Unavailable));
    assert!(start.elapsed() < CONNECT_TIMEOUT, "{:?}", start.elapsed());

    relay.come_back();
    for _ in 0..20 {
        assert_eq!(get(&relayed, "key").await, Some(body("kept")));
    }
}

#[tokio::test]
async fn a_command_without_an_answer_times_out_and_the_late_answer_is_nobodys() {
    let relay = relay().await;
    let brief = RedisOptions { max_connections: 1, command_timeout: Duration::from_millis(200), ..options(&relay) };
    let relayed: Arc<dyn ResultCache> = connect(brief);
    put(&relayed, "asked in vain", body("late"), MINUTE).await;
    put(&relayed, "asked after", body("in time"), MINUTE).await;

    relay.stall();
    assert_eq!(kind_of(relayed.get("asked in vain").await), Some(ErrorKind::Timeout));
    relay.come_back();
    assert_eq!(get(&relayed, "asked after").await, Some(body("in time")));
}

#[tokio::test]
async fn who_waits_for_a_busy_connection_waits_a_bounded_time() {
    let relay = relay().await;
    let brief = Duration::from_millis(100);
    let few = RedisOptions { max_connections: 1, connect_timeout: brief, ..options(&relay) };
    let relayed: Arc<dyn ResultCache> = connect(RedisOptions { command_timeout: brief, ..few });
    put(&relayed, "key", body("kept"), MINUTE).await;

    relay.stall();
    let start = Instant::now();
    let answers = futures::future::join_all((0..10).map(|_| relayed.get("key"))).await;
    assert!(answers.into_iter().all(|answer| kind_of(answer).is_some()));
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    relay.come_back();
    // On a busy machine a first connection may take longer than the brief time it has here.
    let mut healed = relayed.get("key").await;
    while healed.is_err() && start.elapsed() < 2 * PATIENCE {
        healed = relayed.get("key").await;
    }
    assert_eq!(healed.expect("it is back"), Some(body("kept")));
}

#[tokio::test]
async fn a_dropped_call_leaves_the_connection_to_the_next_in_order() {
    let cache: Arc<dyn ResultCache> = connect(RedisOptions { max_connections: 1, ..options(server()) });
    put(&cache, "large", binary(1 << 20), MINUTE).await;
    put(&cache, "small", body("small"), MINUTE).await;
    for _ in 0..20 {
        let mut dropped = pin!(cache.get("large"));
        assert!(dropped.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    for _ in 0..20 {
        let dropped = tokio::time::timeout(Duration::from_micros(200), cache.get("large"));
        drop(dropped.await);
        assert_eq!(get(&cache, "small").await, Some(body("small")));
    }
}
