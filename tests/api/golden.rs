//! The golden queries: what each answers, the same on every set of stores, and by how many store calls.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Client, World, global, on_both};

/// The golden queries by their files' names, each with its text.
pub(crate) const QUERIES: [(&str, &str); 12] = [
    ("01-hello", include_str!("../golden/01-hello.graphql")),
    ("02-post", include_str!("../golden/02-post.graphql")),
    ("03-titles", include_str!("../golden/03-titles.graphql")),
    ("04-feed", include_str!("../golden/04-feed.graphql")),
    ("05-profile", include_str!("../golden/05-profile.graphql")),
    ("06-search", include_str!("../golden/06-search.graphql")),
    ("07-leaderboard", include_str!("../golden/07-leaderboard.graphql")),
    ("08-suggested", include_str!("../golden/08-suggested.graphql")),
    ("09-liked", include_str!("../golden/09-liked.graphql")),
    ("10-nodes", include_str!("../golden/10-nodes.graphql")),
    ("11-deep", include_str!("../golden/11-deep.graphql")),
    ("12-viewer", include_str!("../golden/12-viewer.graphql")),
];

on_both!(
    each_answers_the_same_on_all_stores_by_the_calls_it_may_make,
    each_is_stable_byte_for_byte,
    fields_come_in_the_order_of_selection,
);

async fn each_answers_the_same_on_all_stores_by_the_calls_it_may_make(world: &World) {
    let mut dear = Vec::new();
    for (name, query) in QUERIES {
        let answer = client_for(name, world.client()).ask_explained(query, variables(name, world)).await;
        let mut data = answer.data();
        dear.extend(too_many_calls(name, query, &answer.json()["extensions"]["explain"]));
        if name == "06-search" {
            compare_by_what_is_found(&mut data["search"]);
        }
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("../golden");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_json_snapshot!(name, data));
    }
    assert!(dear.is_empty(), "more store calls than allowed:\n{}", dear.join("\n"));
}

async fn each_is_stable_byte_for_byte(world: &World) {
    for (name, query) in QUERIES {
        let client = client_for(name, world.client());
        let first = client.ask_with(query, variables(name, world)).await;
        let second = client.ask_with(query, variables(name, world)).await;
        first.data();
        assert_eq!(first.text, second.text, "{name}");
    }
}

async fn fields_come_in_the_order_of_selection(world: &World) {
    let post = global(world.society.posts[7].id);
    let query = "query ($id: ID!) {
        last: post(id: $id) { ...Late title id again: title author { name handle ... on User { id } } }
        __typename
        first: post(id: $id) { id }
    }
    fragment Late on Post { likeCount author { followersCount } }";
    let answer = world.client().ask_with(query, json!({ "id": post })).await;
    answer.data();
    let keys = ["last", "likeCount", "author", "followersCount", "name", "handle", "id", "title", "id", "again"];
    let keys = keys.iter().chain(&["__typename", "first", "id"]);
    let mut rest = answer.text.as_str();
    for key in keys {
        let at = rest.find(&format!("\"{key}\":")).unwrap_or_else(|| panic!("{key} is not next in {}", answer.text));
        rest = &rest[at + 1..];
    }
}

/// Some queries need a viewer.
pub(crate) fn client_for(name: &str, client: &Client) -> Client {
    match name {
        "04-feed" | "08-suggested" | "12-viewer" => client.signed_in("demo"),
        _ => client.clone(),
    }
}

pub(crate) fn variables(name: &str, world: &World) -> Value {
    let society = &world.society;
    match name {
        "02-post" => json!({ "id": global(society.posts[500].id) }),
        "05-profile" | "09-liked" => json!({ "handle": "demo" }),
        "06-search" => json!({ "text": "plantign bees" }),
        "10-nodes" => {
            let users = society.users.iter().step_by(3).take(33).map(|user| global(user.id));
            let posts = society.posts.iter().step_by(29).take(33).map(|post| global(post.id));
            let likes = society.likes.iter().step_by(299).take(33).map(|like| global(like.id));
            let mixed = users.zip(posts).zip(likes).flat_map(|((user, post), like)| [user, post, like]);
            let ids: Vec<_> = mixed.chain([global(society.demo().id)]).collect();
            assert_eq!(ids.len(), 100);
            json!({ "ids": ids })
        }
        _ => json!({}),
    }
}

/// Says so where the query's calls were more than its first line allows.
fn too_many_calls(name: &str, query: &str, explained: &Value) -> Option<String> {
    let allowed = query.lines().next().and_then(|line| line.strip_prefix("# store calls: "));
    let allowed: String = allowed.expect("calls").chars().take_while(char::is_ascii_digit).collect();
    let allowed: usize = allowed.parse().expect("a number of calls");
    let levels = explained["levels"].as_array().expect("levels");
    let batches: Vec<_> = levels.iter().flat_map(|level| level["batches"].as_array().expect("batches")).collect();
    let names: Vec<_> = batches.iter().map(|batch| format!("{}.{}", batch["store"], batch["port"])).collect();
    (batches.len() > allowed)
        .then(|| format!("{name}: {} calls, {allowed} allowed: {}", batches.len(), names.join(", ")))
}

/// Engines score differently, and so order differently: scores are blanked, results sorted.
fn compare_by_what_is_found(search: &mut Value) {
    let nodes = search["nodes"].as_array_mut().expect("nodes");
    let scores: Vec<_> = nodes.iter().map(|node| node["score"].as_f64().expect("a score")).collect();
    assert!(scores.is_sorted_by(|one, other| one >= other), "the best come first: {scores:?}");
    for node in nodes.iter_mut() {
        node["score"] = json!("[score]");
    }
    nodes.sort_by_key(Value::to_string);
    let distinct: BTreeSet<_> = nodes.iter().map(Value::to_string).collect();
    assert_eq!(distinct.len(), nodes.len(), "each thing is found once");
}
