//! What operations cost, and whose budget pays: viewers for themselves, strangers by the address that trusted proxies
//! tell.

use std::sync::Arc;
use std::time::{Duration, Instant};

use polygraph::app::gateway;
use polygraph::config::CacheChoice;
use polygraph::http::Gateway;
use polygraph::ports::RateLimiter;
use polygraph::services::rate_limits::RateLimits;
use polygraph::stores::memory::MemoryRateLimiter;
use polygraph::stores::redis::{Redis, RedisOptions};
use reqwest::Method;
use serde_json::json;

use crate::cache::counting;
use crate::relay::Relay;
use crate::support::authority;
use crate::support::{
    Answer, Client, Serving, Which, World, clock, env_url, namespace, on_both, run, scratch, variables,
};

on_both!(
    strangers_pay_by_address_and_viewers_for_themselves,
    who_is_refused_can_tell_when_to_come_back,
    only_what_trusted_proxies_say_of_addresses_counts,
    a_kept_answer_costs_one,
    what_is_never_executed_costs_one,
    defaults_of_variables_are_counted,
);

/// Far longer than a store takes, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(30);
/// An answer of at most ten objects: a connection and nine users.
const TEN: &str = "{ users(first: 9) { nodes { handle } } }";

/// Budgets in Redis, of the test alone.
fn redis(url: String) -> Arc<dyn RateLimiter> {
    let options = RedisOptions {
        url,
        namespace: namespace(),
        max_connections: 4,
        connect_timeout: PATIENCE,
        command_timeout: PATIENCE,
    };
    Arc::new(Redis::connect_lazy(options).expect("a URL of Redis"))
}

/// A gateway on the world's stores with these budgets a minute, of its own, where the world has its cache. It trusts those
/// who ask about where they ask from.
fn limited(world: &World, viewer: u64, address: u64) -> Gateway {
    let shared = match &world.config.stores.cache {
        CacheChoice::Redis(url) => redis(url.expose().to_owned()),
        CacheChoice::Memory => Arc::new(MemoryRateLimiter::new(clock(), 100)),
    };
    limited_by(world, shared, viewer, address)
}

fn limited_by(world: &World, shared: Arc<dyn RateLimiter>, viewer: u64, address: u64) -> Gateway {
    let local = Arc::new(MemoryRateLimiter::new(clock(), 100));
    Gateway {
        rate_limits: Some(RateLimits::new(shared, local, viewer, address, PATIENCE)),
        trusted_proxies: vec!["127.0.0.1/32".parse().expect("a network")],
        results: None,
        ..gateway(&world.config, &world.stores, &clock())
    }
}

/// Asks as somebody at this address, as the proxy says.
async fn ask_from(client: &Client, address: &str, query: &str) -> Answer {
    let request = client.request(Method::POST, "/graphql").header("x-forwarded-for", address);
    client.send(request.json(&json!({ "query": query }))).await
}

/// What is left, as an answer's headers say.
fn remaining(answer: &Answer) -> u64 {
    let header = answer.header("ratelimit").unwrap_or_else(|| panic!("no ratelimit: {answer:?}"));
    let (_, rest) = header.split_once(";r=").expect("a remainder");
    rest.split(';').next().and_then(|number| number.parse().ok()).expect("a number")
}

fn assert_refused(answer: &Answer) {
    assert_eq!((answer.status, answer.code()), (429, "RATE_LIMITED".to_owned()));
}

async fn strangers_pay_by_address_and_viewers_for_themselves(world: &World) {
    let served = world.serve(limited(world, 30, 20)).await;
    let client = &served.client;
    for left in [10, 0] {
        let answer = ask_from(client, "192.0.2.1", TEN).await;
        answer.data();
        assert_eq!(answer.header("ratelimit-policy"), Some("\"address\";q=20;w=60"));
        assert_eq!(remaining(&answer), left);
    }
    assert_refused(&ask_from(client, "192.0.2.1", TEN).await);
    // Neither does their neighbour pay, nor who is signed in beside them.
    assert_eq!(remaining(&ask_from(client, "192.0.2.2", TEN).await), 10);
    let demo = client.signed_in("demo");
    for left in [20, 10, 0] {
        let answer = ask_from(&demo, &format!("192.0.2.{left}"), TEN).await;
        answer.data();
        assert_eq!(answer.header("ratelimit-policy"), Some("\"viewer\";q=30;w=60"));
        assert_eq!(remaining(&answer), left, "wherever they are");
    }
    assert_refused(&ask_from(&demo, "192.0.2.99", TEN).await);
    assert_refused(&ask_from(&demo, "192.0.2.99", "{ __typename }").await);
    for path in ["/livez", "/readyz", "/schema.graphql"] {
        let answer = client.send(client.request(Method::GET, path)).await;
        assert_eq!(answer.header("ratelimit"), None, "{path} is free");
    }
}

async fn who_is_refused_can_tell_when_to_come_back(world: &World) {
    let served = world.serve(limited(world, 30, 20)).await;
    ask_from(&served.client, "192.0.2.1", TEN).await.data();
    ask_from(&served.client, "192.0.2.1", TEN).await.data();
    let refused = ask_from(&served.client, "192.0.2.1", TEN).await;
    assert_refused(&refused);
    let wait: u64 = refused.header("retry-after").expect("a time").parse().expect("seconds");
    // Half of a budget refills in half a minute, some of which is over by now.
    assert!((1..=30).contains(&wait), "{wait}");
    assert_eq!(refused.json()["errors"][0]["extensions"]["retryAfter"], wait);
    assert_eq!(refused.header("ratelimit-policy"), Some("\"address\";q=20;w=60"));
    assert_eq!(refused.header("cache-control"), Some("no-store"));
    assert!(remaining(&refused) < 10);
}

async fn only_what_trusted_proxies_say_of_addresses_counts(world: &World) {
    // Behind a proxy, a client that writes entries of its own: what the proxy adds is the last.
    let served = world.serve(limited(world, 30, 20)).await;
    for n in 0..2 {
        ask_from(&served.client, &format!("198.51.100.{n}, 192.0.2.1"), TEN).await.data();
    }
    assert_refused(&ask_from(&served.client, "198.51.100.9, 192.0.2.1", TEN).await);
    assert_refused(&ask_from(&served.client, "127.0.0.1, 192.0.2.1", TEN).await);
    // Without a proxy that is trusted the header means nothing.
    let served = world.serve(Gateway { trusted_proxies: Vec::new(), ..limited(world, 30, 20) }).await;
    for n in 0..2 {
        ask_from(&served.client, &format!("198.51.100.{n}"), TEN).await.data();
    }
    assert_refused(&ask_from(&served.client, "198.51.100.9", TEN).await);
    let forwarded = served.client.request(Method::POST, "/graphql").header("forwarded", "for=198.51.100.10");
    assert_refused(&served.client.send(forwarded.json(&json!({ "query": TEN }))).await);
}

async fn a_kept_answer_costs_one(world: &World) {
    let (keeping, _) = counting(world, Some(PATIENCE)).await;
    let served = world.serve(Gateway { results: keeping.results, ..limited(world, 30, 20) }).await;
    let query = "query KeptForOne { users(first: 9) { nodes { handle } } }";
    let made = ask_from(&served.client, "192.0.2.1", query).await;
    assert_eq!((made.header("x-cache"), remaining(&made)), (Some("MISS"), 10));
    for left in (0..10).rev() {
        let kept = ask_from(&served.client, "192.0.2.1", query).await;
        assert_eq!((kept.header("x-cache"), remaining(&kept)), (Some("HIT"), left));
    }
    assert_refused(&ask_from(&served.client, "192.0.2.1", query).await);
}

async fn what_is_never_executed_costs_one(world: &World) {
    let served = world.serve(limited(world, 30, 3)).await;
    for (query, left) in [
        ("{ nothing }", 2),
        ("{ posts(first: 9) { nodes { title }", 1),
        ("query A { __typename } query B { __typename }", 0),
    ] {
        let answer = ask_from(&served.client, "192.0.2.1", query).await;
        assert_eq!((answer.status, remaining(&answer)), (400, left), "{query}");
    }
    assert_refused(&ask_from(&served.client, "192.0.2.1", "{ nothing }").await);
}

async fn defaults_of_variables_are_counted(world: &World) {
    let served = world.serve(limited(world, 30, 20)).await;
    let query = "query ($n: Int = 9) { users(first: $n) { nodes { handle } } }";
    assert_eq!(remaining(&ask_from(&served.client, "192.0.2.1", query).await), 10);
}

#[test]
fn while_redis_is_away_the_gateway_counts_by_itself() {
    let world = World::real();
    run(async {
        let url = env_url("POLYGRAPH_TEST_REDIS_URL");
        let relay = Relay::to(authority(&url)).await;
        let shared = redis(url.replace(&authority(&url), &format!("127.0.0.1:{}", relay.port())));
        let served = world.serve(limited_by(world, shared, 30, 20)).await;
        let client = &served.client;
        assert_eq!(remaining(&ask_from(client, "192.0.2.1", TEN).await), 10);
        relay.go_down();
        for left in [10, 0] {
            assert_eq!(remaining(&ask_from(client, "192.0.2.1", TEN).await), left);
        }
        assert_refused(&ask_from(client, "192.0.2.1", TEN).await);
        relay.come_back();
        let began = Instant::now();
        // Redis remembers what was spent before.
        while remaining(&ask_from(client, "192.0.2.1", "{ __typename }").await) < 9 {
            assert!(began.elapsed() < PATIENCE, "Redis is never asked again");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
}

/// What a gateway that is configured like this says of budgets, in the answers to three requests.
fn as_configured(which: Which, settings: &[(&'static str, &str)]) -> Vec<(u16, Option<String>)> {
    let directory = scratch();
    let mut env = variables(which, directory.path(), &namespace());
    env.push(("POLYGRAPH_DEMO_DATA", "false".to_owned()));
    env.push(("POLYGRAPH_RATE_LIMIT_TIMEOUT", "30s".to_owned()));
    env.extend(settings.iter().map(|&(name, value)| (name, value.to_owned())));
    let serving = Serving::start(&env, directory.path());
    let ask = |_| run(serving.client.ask("{ __typename }"));
    let answers = (0..3).map(ask);
    answers.map(|answer| (answer.status, answer.header("ratelimit-policy").map(ToOwned::to_owned))).collect()
}

fn settings(which: Which) {
    let production = ("POLYGRAPH_PRODUCTION", "true");
    let two = ("POLYGRAPH_RATE_LIMIT_ADDRESS", "2");
    let limited = Some("\"address\";q=2;w=60".to_owned());
    let statuses = |told: &[(u16, Option<String>)]| told.iter().map(|(status, _)| *status).collect::<Vec<_>>();
    let told = as_configured(which, &[production, two]);
    assert_eq!(statuses(&told), [200, 200, 429]);
    assert!(told.iter().all(|(_, policy)| *policy == limited), "{told:?}");
    for settings in [&[two][..], &[production, two, ("POLYGRAPH_RATE_LIMITS", "off")]] {
        assert_eq!(as_configured(which, settings), vec![(200, None); 3], "{settings:?}");
    }
}

#[test]
fn budgets_are_kept_as_configured_embedded() {
    settings(Which::Embedded);
}

#[test]
fn budgets_are_kept_as_configured_real() {
    settings(Which::Real);
}
