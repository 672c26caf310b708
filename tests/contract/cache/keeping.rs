//! What is kept, and for how long.

use std::sync::Arc;
use std::time::Duration;

use super::{MINUTE, World, begin, binary, body, key};

pub(super) async fn a_body_comes_back_as_it_was(world: &dyn World) {
    let kept = world.alive().await;
    for (name, tags, body) in [
        ("text", &[1, 2, 3][..], body(r#"{"data":{"viewer":null}}"#)),
        ("empty", &[], body("")),
        ("binary", &[0, u16::MAX], binary(256)),
        ("line ends", &[0x0d0a], body("\r\n+OK\r\n$-1\r\n")),
        ("a megabyte", &[1], binary(1 << 20)),
        ("of much the same", &[1], body("again and ".repeat(100_000))),
    ] {
        kept.keep(name, tags, &body).await;
        assert!(kept.get(name).await == Some(body), "{name}");
    }
}

pub(super) async fn an_absent_key_is_a_miss(world: &dyn World) {
    assert_eq!(world.alive().await.get("nobody put this").await, None);
}

pub(super) async fn the_last_one_kept_wins(world: &dyn World) {
    let kept = world.alive().await;
    kept.keep("key", &[1, 2], &body("first, and longer")).await;
    kept.keep("key", &[3], &body("second")).await;
    assert_eq!(kept.get("key").await, Some(body("second")));
}

pub(super) async fn a_body_is_gone_after_its_time(world: &dyn World) {
    let kept = world.alive().await;
    let now = kept.moment().await;
    kept.put("brief", now, &[], &body("soon gone"), Duration::from_millis(30)).await;
    kept.put("lasting", now, &[], &body("still here"), MINUTE).await;
    world.pass(Duration::from_millis(30), key("brief")).await;
    assert_eq!(kept.get("brief").await, None);
    assert_eq!(kept.get("lasting").await, Some(body("still here")));
}

pub(super) async fn a_longer_time_replaces_a_shorter_one(world: &dyn World) {
    let kept = world.alive().await;
    let (now, brief) = (kept.moment().await, Duration::from_millis(30));
    kept.put("key", now, &[], &body("old"), brief).await;
    kept.put("witness", now, &[], &body("gone with the old time"), brief).await;
    kept.put("key", now, &[], &body("new"), MINUTE).await;
    world.pass(brief, key("witness")).await;
    assert_eq!(kept.get("key").await, Some(body("new")));
}

pub(super) async fn no_time_at_all_forgets(world: &dyn World) {
    let kept = world.alive().await;
    kept.keep("key", &[], &body("old")).await;
    kept.put("key", kept.moment().await, &[], &body("new"), Duration::ZERO).await;
    assert_eq!(kept.get("key").await, None);
}

pub(super) async fn extreme_times_are_taken(world: &dyn World) {
    let kept = world.alive().await;
    let now = kept.moment().await;
    kept.put("for ever", now, &[], &body("for ever"), Duration::MAX).await;
    assert_eq!(kept.get("for ever").await, Some(body("for ever")));
    kept.put("a nanosecond", now, &[], &body("counts as a millisecond"), Duration::from_nanos(1)).await;
    world.pass(Duration::from_millis(1), key("a nanosecond")).await;
    assert_eq!(kept.get("a nanosecond").await, None);
}

pub(super) async fn what_is_too_large_is_not_kept(world: &dyn World) {
    let kept = world.alive().await;
    kept.keep("key", &[], &body("was there before")).await;
    kept.keep("key", &[], &binary(5 << 20)).await;
    assert_eq!(kept.get("key").await, None);
    let all: Vec<u16> = (0..=u16::MAX).collect();
    kept.keep("key", &all, &body("of everything")).await;
    assert_eq!(kept.get("key").await, None);
}

pub(super) async fn namespaces_do_not_see_each_other(world: &dyn World) {
    let (kept, neighbour) = (world.alive().await, begin(world.neighbour()).await);
    kept.keep("key", &[1], &body("ours")).await;
    assert_eq!(neighbour.get("key").await, None);
    neighbour.keep("key", &[1], &body("theirs")).await;
    kept.invalidate(super::Invalidated::Everything).await;
    assert_eq!(kept.get("key").await, None);
    assert_eq!(neighbour.get("key").await, Some(body("theirs")));
}

pub(super) async fn many_at_once_do_not_mix_up_their_answers(world: &dyn World) {
    let kept = Arc::new(world.alive().await);
    let round = |n: usize| {
        let kept = Arc::clone(&kept);
        async move {
            let (name, body) = (format!("key-{n}"), body(format!("body {n} ").repeat(n)));
            kept.keep(&name, &[u16::try_from(n).expect("few")], &body).await;
            assert!(kept.get(&name).await == Some(body), "{name}");
        }
    };
    futures::future::join_all((0..200).map(round)).await;
}

pub(super) async fn it_says_what_it_is(world: &dyn World) {
    let kept = world.alive().await;
    assert!(["memory", "redis"].contains(&kept.cache.kind()));
    assert_ne!(kept.cache.check().await.expect("the backend is up"), "");
    kept.keep("key", &[1], &binary(1_000)).await;
    kept.invalidate(super::tags(&[1])).await;
    let state = kept.cache.state().await.expect("the backend is up");
    assert_eq!((state.life, state.now), (Some(kept.life), 1));
    assert!(state.bytes > Some(1_000), "{state:?}");
}
