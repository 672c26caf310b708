//! What a request is told of itself: the header `x-explain` and the command `explain`.

use polygraph::config::ExplainFor;
use polygraph::http::Gateway;
use serde_json::{Value, json};

use crate::cache::keeping;
use crate::support::{World, clock, global, on_both, polygraph, scratch};

on_both!(
    a_request_is_explained_level_by_level,
    a_list_of_titles_never_reads_content,
    content_is_read_where_it_is_selected_and_nowhere_else,
    counts_are_read_where_they_are_selected_in_one_call,
    what_is_in_hand_is_not_asked_for_again,
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
    let (served, _) = world.counted().await;
    let query = "query ($n: Int!) { posts(first: $n) { nodes { title likes(first: 3) { nodes { createdAt } } } } }";
    let answer = served.client.ask_explained(query, json!({ "n": 50 })).await;
    let plain = served.client.ask_with(query, json!({ "n": 50 })).await;
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

/// The calls that read posts, with what each left out.
fn readings_of_posts(explained: &Value) -> Vec<(String, Value)> {
    let reading = ["posts_by_id", "posts_newest", "posts_most_liked", "posts_of_authors", "feed", "recommended"];
    let batches = explained["levels"].as_array().expect("levels").iter().flat_map(|level| {
        let batches = level["batches"].as_array().expect("batches").iter();
        batches.map(|batch| (batch["port"].as_str().expect("a port").to_owned(), batch["omitted"].clone()))
    });
    batches.filter(|(port, _)| reading.contains(&port.as_str())).collect()
}

async fn content_is_read_where_it_is_selected_and_nowhere_else(world: &World) {
    let client = world.client().signed_in("demo");
    let variables = json!({ "post": global(world.society.posts[0].id), "like": global(world.society.likes[0].id) });
    for query in [
        "query ($post: ID!) { node(id: $post) { ... on Post { title } } }",
        "query ($post: ID!, $like: ID!) { nodes(ids: [$post, $like]) { ... on Post { title } ... on Like { id } } }",
        "query ($like: ID!) { node(id: $like) { ... on Like { post { title } } } }",
        "{ feed(first: 3) { nodes { ...Told } } } fragment Told on Post { title }",
        "{ posts(orderBy: MOST_LIKED, first: 3) { edges { node { title } } } }",
        "{ recommendedPosts(first: 3) { nodes { title } } }",
        "{ trending(first: 3) { post { title } } }",
        "{ users(first: 3) { nodes { posts(first: 2) { nodes { title } } } } }",
        "{ users(first: 3) { nodes { likedPosts(first: 2) { nodes { post { title } } } } } }",
        "{ search(query: \"bees\", types: [POST], first: 3) { nodes { node { ... on Post { title } } } } }",
        "{ suggest(prefix: \"b\", types: [POST], first: 3) { node { ... on Post { title } } } }",
    ] {
        for (query, omitted) in
            [(query.to_owned(), json!("content")), (query.replace("{ title }", "{ title content }"), Value::Null)]
        {
            let answer = client.ask_explained(&query, variables.clone()).await;
            answer.data();
            let readings = readings_of_posts(&answer.json()["extensions"]["explain"]);
            assert_eq!(readings.len(), 1, "{query}: {readings:?}");
            assert_eq!(readings[0].1, omitted, "{query}");
        }
    }
}

async fn counts_are_read_where_they_are_selected_in_one_call(world: &World) {
    let client = world.client().signed_in("demo");
    for (query, expected) in [
        ("{ users(first: 20) { nodes { handle followersCount followingCount } } }", vec![("users.users_newest", None)]),
        (
            "{ users(first: 20) { totalCount } posts(first: 20) { totalCount } }",
            vec![("posts.count_posts", None), ("users.count_users", None)],
        ),
        ("{ posts(first: 50) { nodes { likeCount likes { totalCount } } } }", vec![("posts.posts_newest", None)]),
        (
            "{ users(first: 20) { nodes { followers { totalCount } following { totalCount } } } }",
            vec![("users.users_newest", None)],
        ),
        (
            "{ users(first: 20) { nodes { postsCount posts { totalCount } likedPosts { totalCount } } } }",
            vec![("users.users_newest", None), ("posts.author_stats", Some(20))],
        ),
        (
            "{ users(first: 20) { nodes { mutualFollowers { totalCount } } } }",
            vec![("users.users_newest", None), ("users.count_mutual_followers", Some(20))],
        ),
        (
            "{ users(first: 20) { nodes { posts(first: 1) { totalCount pageInfo { hasNextPage } } } } }",
            vec![("users.users_newest", None), ("posts.author_stats", Some(20)), ("posts.posts_of_authors", Some(20))],
        ),
    ] {
        let answer = client.ask_explained(query, json!({})).await;
        answer.data();
        let levels = levels(&answer.json()["extensions"]["explain"]);
        let mut calls: Vec<_> = levels.into_iter().flatten().map(|(name, keys, _)| (name, keys.as_u64())).collect();
        let mut expected: Vec<_> = expected.into_iter().map(|(name, keys)| (name.to_owned(), keys)).collect();
        calls.sort();
        expected.sort();
        assert_eq!(calls, expected, "{query}");
    }
}

async fn what_is_in_hand_is_not_asked_for_again(world: &World) {
    let client = world.client().signed_in("demo");
    let calls = async |query: &str| -> Vec<String> {
        let answer = client.ask_explained(query, json!({})).await;
        answer.data();
        let levels = levels(&answer.json()["extensions"]["explain"]);
        levels.into_iter().flatten().map(|(name, ..)| name).collect()
    };
    // A page of posts knows its posts, read with their text or without, and a page of users its users.
    for fields in ["title", "title content"] {
        let query = format!(
            "{{ posts(first: 5) {{ nodes {{ {fields} likes(first: 2) {{ nodes {{ post {{ title }} }} }} }} }} }}"
        );
        assert_eq!(calls(&query).await, ["posts.posts_newest", "posts.likes_of_posts"]);
    }
    let of_users = "{ users(first: 5) { nodes { posts(first: 2) { nodes { author { handle } } } } } }";
    assert_eq!(calls(of_users).await, ["users.users_newest", "posts.posts_of_authors"]);
    let found =
        "{ search(query: \"bees\", types: [POST], first: 5) { nodes { node { ... on Post { title likes(first: 1) {
        nodes { post { title } } } } } } } }";
    assert_eq!(calls(found).await, ["search.search", "posts.posts_by_id", "posts.likes_of_posts"]);
    let suggested =
        "{ suggestedFollows(first: 5) { user { handle posts(first: 1) { nodes { author { handle } } } } } }";
    assert_eq!(calls(suggested).await, ["users.suggestions", "posts.posts_of_authors"]);
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
