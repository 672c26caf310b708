//! What a request is told of itself: the header `x-explain` and the command `explain`.

use polygraph::config::ExplainFor;
use polygraph::http::Gateway;
use serde_json::{Value, json};

use crate::cache::keeping;
use crate::support::{World, clock, global, on_both, polygraph, scratch};

on_both!(
    a_request_is_explained_level_by_level,
    a_list_of_titles_never_reads_content,
    only_those_who_may_are_told,
    the_cache_is_told_and_left_alone,
    the_command_prints_a_tree,
);

/// The batches of each level, as `store.port` with their keys and rows.
fn levels(explained: &Value) -> Vec<Vec<(String, Value, Value)>> {
    let batch = |batch: &Value| {
        assert!(batch["micros"].is_u64(), "{batch}");
        let name = format!("{}.{}", batch["store"].as_str().expect("a store"), batch["port"].as_str().expect("a port"));
        (name, batch["keys"].clone(), batch["rows"].clone())
    };
    let levels = explained["levels"].as_array().expect("levels");
    levels.iter().map(|level| level["batches"].as_array().expect("batches").iter().map(batch).collect()).collect()
}

async fn a_request_is_explained_level_by_level(world: &World) {
    let query = "query ($n: Int!) { posts(first: $n) { nodes { title likes(first: 3) { nodes { createdAt } } } } }";
    let answer = world.client().ask_explained(query, json!({ "n": 50 })).await;
    let plain = world.client().ask_with(query, json!({ "n": 50 })).await;
    assert_eq!(answer.data(), plain.data(), "the answer is the same");
    let explained = &answer.json()["extensions"]["explain"];
    let likes = answer.text.matches("createdAt").count();
    let expected = vec![
        vec![("posts.posts_newest".to_owned(), Value::Null, json!(50))],
        vec![("posts.likes_of_posts".to_owned(), json!(50), json!(likes))],
    ];
    assert_eq!(levels(explained), expected);
    assert_eq!((&explained["cost"], &explained["cache"]), (&json!(1 + 50 * (1 + 1 + 3)), &json!("off")));
    assert_eq!(plain.json().get("extensions"), None);
}

async fn a_list_of_titles_never_reads_content(world: &World) {
    let first = global(world.society.posts[0].id);
    for (query, omitted) in [
        ("{ posts(first: 20) { nodes { title } } }", json!("content")),
        ("{ posts(first: 20) { nodes { title content } } }", Value::Null),
        ("{ posts(first: 20) { edges { node { title } } } }", json!("content")),
        ("query ($id: ID!) { post(id: $id) { title } }", json!("content")),
    ] {
        let answer = world.client().ask_explained(query, json!({ "id": first })).await;
        answer.data();
        let batches = answer.json()["extensions"]["explain"]["levels"][0]["batches"].clone();
        assert_eq!((batches.as_array().map(Vec::len), &batches[0]["omitted"]), (Some(1), &omitted), "{query}");
    }
}

async fn only_those_who_may_are_told(world: &World) {
    let demo = global(world.society.demo().id);
    for (explain, stranger, viewer) in [
        (ExplainFor::Everybody, true, true),
        (ExplainFor::Users(vec![demo]), false, true),
        (ExplainFor::Users(Vec::new()), false, false),
    ] {
        let gateway = polygraph::app::gateway(&world.config, &world.stores, &clock());
        let served = world.serve(Gateway { explain: explain.clone(), ..gateway }).await;
        for (client, told) in [(served.client.clone(), stranger), (served.client.signed_in("demo"), viewer)] {
            let answer = client.ask_explained("{ posts { totalCount } }", json!({})).await;
            answer.data();
            assert_eq!(answer.json().get("extensions").is_some(), told, "{explain:?}");
        }
    }
}

async fn the_cache_is_told_and_left_alone(world: &World) {
    let (served, _) = keeping(world).await;
    // A query of this test alone, since the real cache is shared.
    let query = "{ told: posts(first: 7) { totalCount } }";
    let verdict = || async {
        let answer = served.client.ask_explained(query, json!({})).await;
        assert!(!levels(&answer.json()["extensions"]["explain"]).is_empty(), "it was executed");
        answer.json()["extensions"]["explain"]["cache"].clone()
    };
    assert_eq!(verdict().await, "miss");
    assert_eq!(verdict().await, "miss", "an explained answer is not kept");
    served.client.ask(query).await.data();
    assert_eq!(verdict().await, "hit");
    assert_eq!(served.client.ask(query).await.json().get("extensions"), None);
}

async fn the_command_prints_a_tree(world: &World) {
    let directory = scratch();
    let query = directory.path().join("query.graphql");
    std::fs::write(&query, "query ($n: Int) { feed(first: $n) { nodes { title author { handle } } } }")
        .expect("a file");
    let file = query.display().to_string();
    // The embedded index is in use by the world, and read beside it.
    let env = world.env.clone();
    let ended = polygraph(&["explain", &file, "--as", "demo", "--variables", r#"{"n": 10}"#], &env, directory.path());
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for line in ["on 3 levels, cost 21", "level 1", "└─ users.followees", "└─ posts.feed", "10 rows", "without content"]
    {
        assert!(ended.out.contains(line), "{line}: {}", ended.out);
    }
    let nobody = polygraph(&["explain", &file, "--as", "nobody_at_all"], &env, directory.path());
    assert_eq!(nobody.code, Some(1), "{nobody:?}");
    assert!(nobody.err.contains("There is no user nobody_at_all"), "{nobody:?}");
    std::fs::write(&query, "{ search(query: \"database\", first: 5) { nodes { __typename } } }").expect("a file");
    let searched = polygraph(&["explain", &file], &env, directory.path());
    assert_eq!(searched.code, Some(0), "{searched:?}");
    assert!(searched.out.contains("search.search") && !searched.out.contains("failed"), "{}", searched.out);
}
