//! Kept results: asked again, a query is answered without the stores; nobody sees another's; no error is kept; a write
//! ends what it changes.

mod headers;
mod matrix;
mod random;
mod table;
mod telling;

use std::sync::Arc;
use std::time::Duration;

use polygraph::app::{gateway, keeper};
use polygraph::cache::{Count, Results};
use polygraph::config::Config;
use polygraph::http::Gateway;
use polygraph::stores::layer::CallLog;
use reqwest::Method;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::golden;
use crate::support::{Answer, Served, World, clock, on_both, run};

on_both!(
    a_query_asked_again_is_answered_without_the_stores,
    what_is_public_is_kept_once_for_everybody,
    nobody_sees_what_another_was_answered,
    errors_are_never_kept,
    without_a_ttl_nothing_is_kept,
    a_request_can_have_its_answer_made_anew,
    golden_queries_answer_the_same_with_and_without,
    a_thousand_that_ask_at_once_cost_one_execution,
);

/// What the cache did for an answer.
fn verdict(answer: &Answer) -> &str {
    answer.header("x-cache").unwrap_or_else(|| panic!("no x-cache: {answer:?}"))
}

/// A gateway that keeps results for so long, if at all, and counts the calls of its stores. It uses the cache whether or
/// not the stores confirmed it within the last two seconds, which a busy machine may keep them from.
pub(crate) async fn counting(world: &World, ttl: Option<Duration>) -> (Gateway, CallLog) {
    let log = CallLog::default();
    let mut config = world.config.clone();
    config.cache.result_cache_ttl = ttl;
    in_use(&config, world).await;
    // A machine that is busy with other tests makes the cache slow, not useless.
    let (cache, patience) = (&world.stores.cache, Duration::from_secs(10));
    let results = ttl.map(|ttl| Results::new(Arc::clone(cache), ttl, patience, "of these tests"));
    (Gateway { stores: world.logged(&log), results, ..gateway(&config, &world.stores, &clock()) }, log)
}

/// A gateway that keeps results for a minute, and counts the calls of its stores.
pub(crate) async fn keeping(world: &World) -> (Served, CallLog) {
    let (gateway, log) = counting(world, Some(Duration::from_secs(60))).await;
    (world.serve(gateway).await, log)
}

/// Looks after the cache's life as a gateway does, and waits until it may be used.
async fn in_use(config: &Config, world: &World) {
    let Some(keeper) = keeper(config, &world.stores) else { return };
    tokio::spawn(keeper.run(CancellationToken::new()));
    for _ in 0..1_000 {
        let life = world.stores.cache.life().await.expect("the cache answers");
        if life.is_some_and(|life| world.stores.trust.confirms(life)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the cache is never used");
}

async fn a_query_asked_again_is_answered_without_the_stores(world: &World) {
    let (served, log) = keeping(world).await;
    let query = "query Again($handle: String!, $first: Int!) {
        again: user(handle: $handle) { name posts(first: $first) { nodes { title } } } }";
    let first = served.client.ask_with(query, json!({ "handle": "demo", "first": 2 })).await;
    first.data();
    assert!(!log.take().is_empty(), "the first time the stores are asked");
    assert_eq!(verdict(&first), "MISS");
    let as_text = r#"{"handle": "demo", "first": 2}"#;
    let request = served.client.request(Method::GET, "/graphql").query(&[("query", query), ("variables", as_text)]);
    // The same question in other bytes, in the same, and by GET.
    for again in [
        served.client.ask_with(query, json!({ "first": 2, "handle": "demo" })).await,
        served.client.ask_with(query, json!({ "handle": "demo", "first": 2 })).await,
        served.client.send(request).await,
    ] {
        assert_eq!((&again.text, log.take(), verdict(&again)), (&first.text, vec![], "HIT"));
        assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    }

    served.client.ask_with(query, json!({ "handle": "demo", "first": 3 })).await.data();
    assert!(!log.take().is_empty(), "with other variables it is another query");
    served.client.ask_with(&query.replace("again:", "anew:"), json!({ "handle": "demo", "first": 2 })).await.data();
    assert!(!log.take().is_empty(), "with another text it is another query");
}

async fn what_is_public_is_kept_once_for_everybody(world: &World) {
    let (served, log) = keeping(world).await;
    let query = "{ public: user(handle: \"demo\") { name postsCount followers(first: 2) { totalCount } } }";
    let first = served.client.signed_in("demo").ask(query).await;
    first.data();
    assert!(!log.take().is_empty());
    let other = served.client.signed_in(world.society.users[5].handle.as_str());
    for client in [&served.client, &other] {
        let answer = client.ask(query).await;
        assert_eq!((&answer.text, log.take(), verdict(&answer)), (&first.text, vec![], "HIT"));
    }
    let stranger = served.client.signed_in("nobody_at_all").ask(query).await;
    assert_eq!(
        (stranger.status, stranger.code().as_str()),
        (401, "UNAUTHENTICATED"),
        "a token is checked all the same"
    );
}

async fn nobody_sees_what_another_was_answered(world: &World) {
    let (served, log) = keeping(world).await;
    let query = "{ private: viewer { handle email } user(handle: \"demo\") { email viewerFollows } }";
    let other = world.society.users[5].handle.as_str();
    for viewer in [None, Some("demo"), Some(other)] {
        let client = viewer.map_or_else(|| served.client.clone(), |handle| served.client.signed_in(handle));
        let first = client.ask(query).await.data();
        assert!(!log.take().is_empty(), "{viewer:?} is answered afresh");
        assert_eq!(first["private"]["handle"], json!(viewer));
        assert_eq!(first["user"]["email"], json!((viewer == Some("demo")).then_some("demo@example.org")));
        assert_eq!((client.ask(query).await.data(), log.take()), (first, vec![]), "{viewer:?}");
    }
}

async fn errors_are_never_kept(world: &World) {
    let (served, log) = keeping(world).await;
    let query = "{ kept: users(first: 1) { totalCount } feed { totalCount } }";
    for _ in 0..2 {
        let answer = served.client.ask(query).await;
        assert_eq!(answer.failures(), [("feed".to_owned(), "UNAUTHENTICATED".to_owned())]);
        assert!(!log.take().is_empty(), "it is tried again");
        assert_eq!(verdict(&answer), "MISS");
    }
    for _ in 0..2 {
        let answer = served.client.ask("{ kept: nothing }").await;
        assert_eq!((answer.code().as_str(), verdict(&answer)), ("GRAPHQL_VALIDATION_FAILED", "BYPASS; reason=refused"));
    }
}

async fn without_a_ttl_nothing_is_kept(world: &World) {
    let (gateway, log) = counting(world, None).await;
    let served = world.serve(gateway).await;
    for _ in 0..2 {
        let answer = served.client.ask("{ users(first: 1) { nodes { handle } } }").await;
        answer.data();
        assert_eq!((log.take().len(), verdict(&answer)), (1, "BYPASS; reason=off"));
    }
}

async fn a_request_can_have_its_answer_made_anew(world: &World) {
    let (served, log) = keeping(world).await;
    let query = "{ anew: posts(first: 3) { nodes { title } } }";
    let kept = served.client.ask(query).await;
    log.take();
    for directive in ["no-cache", "max-age=0, no-store"] {
        let request = served.client.request(Method::POST, "/graphql").header("cache-control", directive);
        let answer = served.client.send(request.json(&json!({ "query": query }))).await;
        assert_eq!((&answer.text, verdict(&answer)), (&kept.text, "BYPASS; reason=asked"));
        assert_eq!(log.take().len(), 1, "{directive}");
    }
    let again = served.client.ask_with(query, json!({})).await;
    assert_eq!((&again.text, verdict(&again)), (&kept.text, "HIT"));

    let metrics = served.client.send(served.client.request(Method::GET, "/metrics")).await;
    assert_eq!(metrics.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    for (counted, times) in [
        ("lookups_total{verdict=\"hit\"}", 1),
        ("lookups_total{verdict=\"miss\"}", 1),
        ("lookups_total{verdict=\"coalesced\"}", 0),
        ("lookups_total{verdict=\"bypass\"}", 0),
        ("kept_total", 1),
    ] {
        let line = format!("polygraph_result_cache_{counted} {times}");
        assert!(metrics.text.lines().any(|told| told == line), "{line}: {}", metrics.text);
    }
}

#[test]
fn metrics_are_for_nobody_in_production() {
    World::real();
    run(async {
        let served = World::real().with(&[("POLYGRAPH_PRODUCTION", "true".to_owned())]).await;
        let refused = served.client.send(served.client.request(Method::GET, "/metrics")).await;
        assert_eq!((refused.status, refused.text.as_str()), (404, ""));
    });
}

async fn golden_queries_answer_the_same_with_and_without(world: &World) {
    let (served, _) = keeping(world).await;
    for (name, query) in golden::QUERIES {
        let variables = golden::variables(name, world);
        let (gateway, _) = counting(world, None).await;
        let without = world.serve(gateway).await;
        let expected = golden::client_for(name, &without.client).ask_with(query, variables.clone()).await;
        let client = golden::client_for(name, &served.client);
        let made = client.ask_with(query, variables.clone()).await;
        let kept = client.ask_with(query, variables).await;
        assert_eq!((&made.text, &kept.text, verdict(&kept)), (&expected.text, &expected.text, "HIT"), "{name}");
    }
}

async fn a_thousand_that_ask_at_once_cost_one_execution(world: &World) {
    let (gateway, log) = counting(world, Some(Duration::from_secs(60))).await;
    let results = gateway.results.clone().expect("results are kept");
    let served = world.serve(gateway).await;
    let query = "{ stampede: posts(first: 20) { nodes { title author { handle } } } }";
    let answers = futures::future::join_all((0..1_000).map(|_| served.client.ask(query))).await;
    assert!(answers.iter().all(|answer| answer.text == answers[0].text));
    answers[0].data();
    let count = |expected: &str| answers.iter().filter(|answer| verdict(answer) == expected).count();
    assert_eq!((log.take().len(), count("MISS")), (2, 1), "posts and their authors are asked for once");
    assert_eq!(count("HIT") + count("COALESCED"), 999);
    let counted = [Count::Hit, Count::Miss, Count::Coalesced].map(|what| results.counts().of(what));
    assert_eq!(counted, [count("HIT"), 1, count("COALESCED")].map(|count| count as u64));
}
