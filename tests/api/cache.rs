//! Kept results: asked again, a query is answered without the stores; nobody sees another's; no error is kept.

use polygraph::app::{gateway, keeper};
use polygraph::config::Config;
use polygraph::http::Gateway;
use polygraph::stores::layer::CallLog;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::{Served, World, on_both};

on_both!(
    a_query_asked_again_is_answered_without_the_stores,
    nobody_sees_what_another_was_answered,
    errors_are_never_kept,
    without_a_ttl_nothing_is_kept,
);

/// A gateway that keeps results for a minute, and counts the calls of its stores.
pub(crate) async fn keeping(world: &World) -> (Served, CallLog) {
    let log = CallLog::default();
    let mut config: Config = world.config.clone();
    config.cache.result_cache_ttl = Some(std::time::Duration::from_secs(60));
    in_use(&config, world).await;
    let gateway = Gateway { stores: world.logged(&log), ..gateway(&config, &world.stores, &crate::support::clock()) };
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
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
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
    let second = served.client.ask_with(query, json!({ "first": 2, "handle": "demo" })).await;
    assert_eq!((&second.text, log.take()), (&first.text, vec![]));
    assert_ne!(second.header("x-request-id"), first.header("x-request-id"));

    served.client.ask_with(query, json!({ "handle": "demo", "first": 3 })).await.data();
    assert!(!log.take().is_empty(), "with other variables it is another query");
    served.client.ask_with(&query.replace("again:", "anew:"), json!({ "handle": "demo", "first": 2 })).await.data();
    assert!(!log.take().is_empty(), "with another text it is another query");
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
        assert_eq!(served.client.ask(query).await.failures(), [("feed".to_owned(), "UNAUTHENTICATED".to_owned())]);
        assert!(!log.take().is_empty(), "it is tried again");
    }
    for _ in 0..2 {
        assert_eq!(served.client.ask("{ kept: nothing }").await.code(), "GRAPHQL_VALIDATION_FAILED");
    }
}

async fn without_a_ttl_nothing_is_kept(world: &World) {
    let (served, log) = world.counted().await;
    for _ in 0..2 {
        served.client.ask("{ users(first: 1) { nodes { handle } } }").await.data();
        assert_eq!(log.take().len(), 1);
    }
}
