//! The index is down, and the truth answers what it is asked.

use std::collections::HashSet;

use polygraph::domain::text::words;
use serde_json::{Value, json};

use crate::support::{Answer, Served, World, dead_port, global, on_both};

on_both!(counts_are_the_same, texts_are_found_by_their_words, beginnings_are_suggested);

/// A gateway whose index is nowhere, and whose answers are kept if they may be.
async fn without_index(world: &World) -> Served {
    let nowhere = ("ELASTICSEARCH_URL", format!("http://{}", dead_port()));
    world.with(&[nowhere, ("POLYGRAPH_RESULT_CACHE_TTL", "60s".to_owned())]).await
}

fn assert_degraded(answer: &Answer) {
    assert_eq!(answer.json()["extensions"]["degraded"], json!(["search"]), "{}", answer.text);
    assert_ne!(answer.header("x-cache"), Some("hit"), "it is not kept");
}

async fn counts_are_the_same(world: &World) {
    let served = without_index(world).await;
    let period = |from, to| format!("from: \"{from}T00:00:00Z\", to: \"{to}T00:00:00Z\"");
    let few = period("2025-03-01", "2025-03-20");
    for query in [
        "{ leaderboard(first: 20) { rank likeCount user { handle } } }".to_owned(),
        format!("{{ leaderboard({few}, first: 20) {{ rank likeCount user {{ handle }} }} }}"),
        "{ trending(first: 20) { rank likeCount post { title } } }".to_owned(),
        format!("{{ trending({few}, first: 20) {{ rank likeCount post {{ title }} }} }}"),
        format!("{{ activity({few}, interval: HOUR) {{ start posts likes }} }}"),
        format!("{{ activity({few}, interval: DAY) {{ start posts likes }} }}"),
        format!("{{ activity({}, interval: WEEK) {{ start posts likes }} }}", period("2024-01-01", "2026-12-31")),
        format!("{{ activity({}, interval: MONTH) {{ start posts likes }} }}", period("2024-01-17", "2026-12-31")),
    ] {
        let whole = world.client().ask(&query).await.data();
        for _ in 0..2 {
            let answer = served.client.ask(&query).await;
            assert_degraded(&answer);
            assert_eq!(answer.data(), whole, "{query}");
        }
    }
    let other = served.client.ask("{ user(handle: \"demo\") { handle } }").await;
    assert_eq!(other.json().get("extensions"), None, "what needs no index is answered as ever");
}

/// The ids of everything that has all of these words in its texts, the newest first.
fn having(world: &World, text: &str) -> Vec<String> {
    let looked_for = words(text);
    let has = |texts: &[&str]| {
        let there: HashSet<String> = texts.iter().flat_map(|text| words(text)).collect();
        looked_for.iter().all(|word| there.contains(word))
    };
    let society = &world.society;
    let users = society
        .users
        .iter()
        .filter(|user| has(&[user.handle.as_str(), user.name.as_str(), user.bio.as_deref().unwrap_or_default()]));
    let posts = society.posts.iter().filter(|post| has(&[post.title.as_str(), post.content.as_str()]));
    let mut found: Vec<_> = users.map(|user| (user.id.0, global(user.id))).collect();
    found.extend(posts.map(|post| (post.id.0, global(post.id))));
    found.sort_unstable_by_key(|(id, _)| std::cmp::Reverse(*id));
    found.into_iter().map(|(_, id)| id).collect()
}

async fn texts_are_found_by_their_words(world: &World) {
    let served = without_index(world).await;
    let query = "query ($text: String!, $order: SearchOrder!, $after: String) {
        search(query: $text, orderBy: $order, first: 7, after: $after) {
            totalCount facets { types { count } } pageInfo { hasNextPage endCursor }
            nodes { title highlights { html } node { ... on User { id } ... on Post { id } } }
        }
    }";
    let of_a_post = &world.society.posts[7].title;
    for text in ["demo", "Telescope", of_a_post, "the garden", "100%", "nothing_has_this", "..."] {
        let expected = if words(text).is_empty() { Vec::new() } else { having(world, text) };
        for order in ["RELEVANCE", "NEWEST"] {
            let (mut found, mut after) = (Vec::new(), Value::Null);
            loop {
                let answer =
                    served.client.ask_with(query, json!({ "text": text, "order": order, "after": after })).await;
                let page = &answer.data()["search"];
                // Of a text without a word, no store is asked.
                if !words(text).is_empty() {
                    assert_degraded(&answer);
                    assert_eq!((&page["totalCount"], &page["facets"]), (&Value::Null, &Value::Null));
                }
                for hit in page["nodes"].as_array().expect("results") {
                    assert_ne!(hit["highlights"], json!([]), "{text} in {hit}");
                    found.push(hit["node"]["id"].as_str().expect("an id").to_owned());
                }
                after = page["pageInfo"]["endCursor"].clone();
                if page["pageInfo"]["hasNextPage"] == json!(false) {
                    break;
                }
            }
            assert_eq!(found, expected, "{text} by {order}");
        }
    }
}

async fn beginnings_are_suggested(world: &World) {
    let served = without_index(world).await;
    let query = "query ($prefix: String!) {
        suggest(prefix: $prefix, first: 50) { title highlights { html } node { __typename ... on User { handle } } }
    }";
    for prefix in ["demo", "de", "tel", "DEMO", "zzzzz", "_"] {
        let variables = json!({ "prefix": prefix });
        let answer = served.client.ask_with(query, variables.clone()).await;
        assert_degraded(&answer);
        let found = answer.data()["suggest"].as_array().expect("suggestions").clone();
        let indexed = world.client().ask_with(query, variables).await.data()["suggest"].clone();
        let indexed = indexed.as_array().expect("suggestions");
        let missing: Vec<_> = indexed.iter().filter(|hit| !found.contains(hit)).collect();
        assert_eq!(missing, [&Value::Null; 0], "of the few that there are, all are found: {prefix}");
        assert_eq!(found.len(), indexed.len(), "{prefix}");
    }
    let answer = served.client.ask_with(query, json!({ "prefix": "demo" })).await;
    assert_eq!(answer.data()["suggest"][0]["node"]["handle"], "demo", "whose handle it is comes first");
}
