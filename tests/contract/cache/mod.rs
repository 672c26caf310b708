//! The contract of [`ResultCache`]: it keeps bodies as they are for as long as it was told, or forgets them; it
//! never answers anything else.

mod memory;
mod redis;
mod relay;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use polygraph::ports::{CachedBody, ResultCache};

const MINUTE: Duration = Duration::from_secs(60);

/// A backend under test.
#[async_trait]
trait World: Send + Sync {
    /// The cache that the tests write to.
    fn cache(&self) -> Arc<dyn ResultCache>;

    /// A cache in another namespace of the same backend.
    fn neighbour(&self) -> Arc<dyn ResultCache>;

    /// Lets `duration` pass: on a handed-in clock at once, else until `key` is gone or far more time has passed.
    async fn pass(&self, duration: Duration, key: &str);
}

/// Makes a test of each named function, on the world that `$world` makes.
macro_rules! contract {
    ($world:expr, $($test:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $test() {
            super::$test(&$world).await;
        }
    )+};
}

/// Runs the whole suite on the world that `$world` makes.
macro_rules! cache_contract {
    ($world:expr) => {
        super::contract!(
            $world,
            a_body_comes_back_as_it_was,
            an_absent_key_is_none,
            the_last_put_wins,
            a_body_is_gone_after_its_time,
            a_longer_time_replaces_a_shorter_one,
            no_time_at_all_forgets,
            extreme_times_are_taken,
            odd_keys_are_told_apart,
            namespaces_do_not_see_each_other,
            clear_forgets_everything_of_its_own,
            many_at_once_do_not_mix_up_their_answers,
            it_says_what_it_is,
        );
    };
}

use {cache_contract, contract};

fn body(bytes: impl Into<Bytes>) -> CachedBody {
    CachedBody(bytes.into())
}

/// Bytes that no text encoding lets through unharmed.
fn binary(len: usize) -> CachedBody {
    body((0..len).map(|n| (n * 31 % 256) as u8).collect::<Vec<_>>())
}

async fn put(cache: &Arc<dyn ResultCache>, key: &str, body: CachedBody, ttl: Duration) {
    cache.put(key, body, ttl).await.expect("the cache takes a body");
}

async fn get(cache: &Arc<dyn ResultCache>, key: &str) -> Option<CachedBody> {
    cache.get(key).await.expect("the cache answers")
}

async fn a_body_comes_back_as_it_was(world: &dyn World) {
    let cache = world.cache();
    for (key, kept) in [
        ("text", body(r#"{"data":{"viewer":null}}"#)),
        ("empty", body("")),
        ("binary", binary(256)),
        ("line ends", body("\r\n+OK\r\n$-1\r\n")),
        ("a megabyte", binary(1 << 20)),
    ] {
        put(&cache, key, kept.clone(), MINUTE).await;
        assert!(get(&cache, key).await == Some(kept), "{key}");
    }
}

async fn an_absent_key_is_none(world: &dyn World) {
    assert_eq!(get(&world.cache(), "nobody put this").await, None);
}

async fn the_last_put_wins(world: &dyn World) {
    let cache = world.cache();
    put(&cache, "key", body("first, and longer"), MINUTE).await;
    put(&cache, "key", body("second"), MINUTE).await;
    assert_eq!(get(&cache, "key").await, Some(body("second")));
}

async fn a_body_is_gone_after_its_time(world: &dyn World) {
    let cache = world.cache();
    put(&cache, "brief", body("soon gone"), Duration::from_millis(30)).await;
    put(&cache, "lasting", body("still here"), MINUTE).await;
    world.pass(Duration::from_millis(30), "brief").await;
    assert_eq!(get(&cache, "brief").await, None);
    assert_eq!(get(&cache, "lasting").await, Some(body("still here")));
}

async fn a_longer_time_replaces_a_shorter_one(world: &dyn World) {
    let cache = world.cache();
    put(&cache, "key", body("old"), Duration::from_millis(30)).await;
    put(&cache, "witness", body("gone with the old time"), Duration::from_millis(30)).await;
    put(&cache, "key", body("new"), MINUTE).await;
    world.pass(Duration::from_millis(30), "witness").await;
    assert_eq!(get(&cache, "key").await, Some(body("new")));
}

async fn no_time_at_all_forgets(world: &dyn World) {
    let cache = world.cache();
    put(&cache, "key", body("old"), MINUTE).await;
    put(&cache, "key", body("new"), Duration::ZERO).await;
    assert_eq!(get(&cache, "key").await, None);
}

async fn extreme_times_are_taken(world: &dyn World) {
    let cache = world.cache();
    put(&cache, "for ever", body("for ever"), Duration::MAX).await;
    assert_eq!(get(&cache, "for ever").await, Some(body("for ever")));
    put(&cache, "a nanosecond", body("counts as a millisecond"), Duration::from_nanos(1)).await;
    world.pass(Duration::from_millis(1), "a nanosecond").await;
    assert_eq!(get(&cache, "a nanosecond").await, None);
}

async fn odd_keys_are_told_apart(world: &dyn World) {
    let cache = world.cache();
    let long = "k".repeat(10_000);
    let keys = ["", " ", "*", "?", "[a-z]", "\\", "{tag}", "a:b", "a\r\nb", "\0", "ключ", "🔑", "KEY", "key", &long];
    for key in keys {
        put(&cache, key, body(format!("of {key}")), MINUTE).await;
    }
    for key in keys {
        assert_eq!(get(&cache, key).await, Some(body(format!("of {key}"))), "{key:?}");
    }
}

async fn namespaces_do_not_see_each_other(world: &dyn World) {
    let (cache, neighbour) = (world.cache(), world.neighbour());
    put(&cache, "key", body("ours"), MINUTE).await;
    assert_eq!(get(&neighbour, "key").await, None);
    put(&neighbour, "key", body("theirs"), MINUTE).await;
    assert_eq!(get(&cache, "key").await, Some(body("ours")));
}

async fn clear_forgets_everything_of_its_own(world: &dyn World) {
    let (cache, neighbour) = (world.cache(), world.neighbour());
    cache.clear().await.expect("an empty cache is cleared");
    let keys: Vec<_> = (0..2_500).map(|n| format!("key-{n}")).chain(["*".to_owned(), String::new()]).collect();
    futures::future::join_all(keys.iter().map(|key| put(&cache, key, body("ours"), MINUTE))).await;
    put(&neighbour, "key-0", body("theirs"), MINUTE).await;

    cache.clear().await.expect("a full cache is cleared");

    let left = futures::future::join_all(keys.iter().map(|key| get(&cache, key))).await;
    assert_eq!(left.iter().flatten().count(), 0);
    assert_eq!(get(&neighbour, "key-0").await, Some(body("theirs")));
    put(&cache, "key-0", body("ours again"), MINUTE).await;
    assert_eq!(get(&cache, "key-0").await, Some(body("ours again")));
}

async fn many_at_once_do_not_mix_up_their_answers(world: &dyn World) {
    let cache = world.cache();
    let round = |n: usize| {
        let cache = Arc::clone(&cache);
        async move {
            let (key, kept) = (format!("key-{n}"), body(format!("body {n} ").repeat(n)));
            put(&cache, &key, kept.clone(), MINUTE).await;
            assert!(get(&cache, &key).await == Some(kept), "{key}");
        }
    };
    futures::future::join_all((0..200).map(round)).await;
}

async fn it_says_what_it_is(world: &dyn World) {
    let cache = world.cache();
    assert!(["memory", "redis"].contains(&cache.kind()));
    assert_ne!(cache.check().await.expect("the backend is up"), "");
}
