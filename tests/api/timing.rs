//! `Server-Timing`: where the time of a request went, for those who may have requests explained.

use reqwest::Method;

use crate::cache::keeping;
use crate::support::{World, global, on_both};

on_both!(whoever_may_have_requests_explained_is_told_where_time_went);

const QUERY: &str = "{ posts(first: 2) { nodes { title } } }";

fn parts(header: &str) -> Vec<&str> {
    header.split(", ").map(|part| part.split(';').next().unwrap_or(part)).collect()
}

async fn whoever_may_have_requests_explained_is_told_where_time_went(world: &World) {
    let (served, _) = keeping(world).await;
    let made = served.client.ask(QUERY).await;
    let header = made.header("server-timing").expect("in development everybody is told");
    assert_eq!(parts(header), ["identify", "prepare", "cache", "execute", "total"], "{header}");
    let kept = served.client.ask(QUERY).await;
    assert_eq!(kept.header("x-cache"), Some("HIT"));
    assert_eq!(parts(kept.header("server-timing").expect("told")), ["identify", "prepare", "cache", "total"]);
    let got = served.client.send(served.client.request(Method::GET, "/graphql").query(&[("query", QUERY)])).await;
    assert!(got.header("server-timing").is_some());

    let demo = world.society.find("demo").expect("demo").id;
    let some = world.configured(&[("POLYGRAPH_EXPLAIN", &global(demo))]).await;
    assert!(some.client.signed_in("demo").ask(QUERY).await.header("server-timing").is_some());
    // The budget of this address is that of other tests.
    let production = world.configured(&[("POLYGRAPH_PRODUCTION", "true"), ("POLYGRAPH_RATE_LIMITS", "off")]).await;
    for client in [&some.client, &production.client] {
        assert_eq!(client.ask(QUERY).await.header("server-timing"), None);
    }
}
