//! What answers say about caching, and what a GET for what its client has is answered.

use std::time::Duration;

use polygraph::app::gateway;
use reqwest::Method;
use reqwest::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};

use super::{keeping, verdict};
use crate::support::{Answer, Client, World, clock, on_both};

on_both!(
    answers_say_who_may_keep_them,
    a_get_for_what_its_client_has_is_not_modified,
    shared_caches_are_told_only_where_that_is_set,
);

const PUBLIC: &str = "{ said: posts(first: 2) { nodes { title } } }";
const PRIVATE: &str = "{ said: viewer { handle } }";

async fn get(client: &Client, query: &str, tag: Option<&str>) -> Answer {
    let mut request = client.request(Method::GET, "/graphql").query(&[("query", query)]);
    if let Some(tag) = tag {
        request = request.header(IF_NONE_MATCH, tag);
    }
    client.send(request).await
}

fn control(answer: &Answer) -> &str {
    answer.header(CACHE_CONTROL.as_str()).unwrap_or_else(|| panic!("no cache-control: {answer:?}"))
}

async fn answers_say_who_may_keep_them(world: &World) {
    let (served, _) = keeping(world).await;
    let demo = served.client.signed_in("demo");
    // Made, and then kept: it makes no difference.
    for _ in 0..2 {
        for (client, query, expected) in [
            (&served.client, PUBLIC, "no-cache"),
            (&demo, PUBLIC, "no-cache"),
            (&served.client, PRIVATE, "private, no-store"),
            (&demo, PRIVATE, "private, no-store"),
            (&served.client, "{ said: feed { totalCount } }", "no-store"),
            (&served.client, "{ said: nothing }", "no-store"),
        ] {
            for answer in [client.ask(query).await, get(client, query, None).await] {
                assert_eq!(control(&answer), expected, "{query}");
                assert_eq!(answer.header("vary"), Some("accept, authorization"), "{query}");
            }
        }
    }
    let refused = "mutation { updateProfile(input: { name: \"\" }) { userErrors { code } } }";
    let mutation = demo.ask(refused).await;
    assert_eq!((control(&mutation), mutation.header("x-cache")), ("no-store", None));
    assert_eq!(control(&served.client.signed_in("nobody_at_all").ask(PUBLIC).await), "no-store");
}

async fn a_get_for_what_its_client_has_is_not_modified(world: &World) {
    let (served, _) = keeping(world).await;
    let first = get(&served.client, PUBLIC, None).await;
    first.data();
    let tag = first.header(ETAG.as_str()).expect("a tag").to_owned();
    let other = get(&served.client, "{ other: posts(first: 3) { nodes { title } } }", None).await;
    assert_ne!(other.header(ETAG.as_str()), Some(tag.as_str()));
    for client in [&served.client, world.client()] {
        let known = get(client, PUBLIC, Some(&tag)).await;
        assert_eq!((known.status, known.text.as_str(), known.header(ETAG.as_str())), (304, "", Some(tag.as_str())));
        assert_eq!(control(&known), "no-cache");
        assert_eq!(get(client, PUBLIC, Some("W/\"0\"")).await.text, first.text);
    }
    assert_eq!(verdict(&get(&served.client, PUBLIC, Some(&tag)).await), "HIT");
    let private = get(&served.client.signed_in("demo"), PRIVATE, None).await;
    assert_eq!(private.header(ETAG.as_str()), None);
}

async fn shared_caches_are_told_only_where_that_is_set(world: &World) {
    let mut config = world.config.clone();
    config.cache.shared_max_age = Some(Duration::from_secs(30));
    let served = world.serve(gateway(&config, &world.stores, &clock())).await;
    assert_eq!(control(&get(&served.client, PUBLIC, None).await), "max-age=0, s-maxage=30");
    assert_eq!(control(&served.client.ask(PUBLIC).await), "no-cache", "nobody shares a POST");
    assert_eq!(control(&get(&served.client.signed_in("demo"), PUBLIC, None).await), "no-cache");
    assert_eq!(control(&get(&served.client, PRIVATE, None).await), "private, no-store");
}
