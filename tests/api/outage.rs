//! Stores that are down, go down and come back: only the fields that need them are null, and say why.

use serde_json::{Value, json};
use std::time::Duration;

use crate::relay::Relay;
use crate::support::{Answer, Served, World, authority, dead_port, env_url, global, run};

const EVERYTHING: &str = "query ($post: ID!) {
    users(first: 1) { nodes { handle postsCount } }
    posts(first: 2) { totalCount nodes { title author { handle } likes(first: 1) { nodes { user { handle } } } } }
    post(id: $post) { title }
    user(handle: \"demo\") { handle followersCount posts(first: 1) { totalCount } likedPosts { totalCount } }
    search(query: \"demo\") { totalCount nodes { title node { __typename } } }
    suggest(prefix: \"demo\") { title }
    leaderboard(first: 1) { rank user { handle } }
}";

async fn ask(served: &Served) -> Answer {
    let post = global(World::real().society.posts[0].id);
    served.client.ask_with(EVERYTHING, json!({ "post": post })).await
}

/// An answer in which exactly these fields are null since a store does not serve.
fn assert_unavailable(answer: &Answer, paths: &[&str]) {
    assert_eq!(answer.status, 200);
    let expected: Vec<_> = paths.iter().map(|path| ((*path).to_owned(), "STORE_UNAVAILABLE".to_owned())).collect();
    assert_eq!(answer.failures(), expected, "{}", answer.text);
    let data = answer.partial();
    for path in paths {
        assert_eq!(data.pointer(&format!("/{}", path.replace('.', "/"))), Some(&Value::Null), "{path} in {data}");
    }
}

/// A gateway on the real stores, one of which is where `address` says.
async fn with_store_at(variable: &'static str, test_variable: &str, address: &str) -> Served {
    let url = env_url(test_variable);
    let moved = url.replace(&authority(&url), address);
    let patience = ("POLYGRAPH_STORE_TIMEOUT", "5s".to_owned());
    World::real().with(&[(variable, moved), patience]).await
}

#[test]
fn without_the_index_the_truth_answers_in_its_place() {
    let world = World::real();
    run(async {
        let url = env_url("POLYGRAPH_TEST_ELASTICSEARCH_URL");
        let relay = Relay::to(authority(&url)).await;
        let address = format!("127.0.0.1:{}", relay.port());
        let served = with_store_at("ELASTICSEARCH_URL", "POLYGRAPH_TEST_ELASTICSEARCH_URL", &address).await;
        let whole = ask(&served).await.data();
        assert_eq!(whole["search"]["totalCount"], 1);
        assert_eq!(whole["posts"]["totalCount"], world.society.posts.len());

        // It counts no results, and finds the same one.
        let mut without_index = whole.clone();
        without_index["search"]["totalCount"] = Value::Null;
        relay.go_down();
        assert_eq!(ask(&served).await.data(), without_index);
        relay.come_back();
        let healed = async {
            while ask(&served).await.data() != whole {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), healed).await.expect("it heals when the index returns");
        // Hanging is as bad as being down, and answered in bounded time.
        relay.stall();
        assert_eq!(ask(&served).await.data(), without_index);
    });
}

#[test]
fn without_the_store_of_posts_users_answer_and_search_shows_what_it_knows() {
    let dead = dead_port();
    World::real();
    run(async {
        let served = with_store_at("MONGODB_URL", "POLYGRAPH_TEST_MONGODB_URL", &dead).await;
        let answer = ask(&served).await;
        let fields = ["post", "posts", "user.likedPosts", "user.posts", "users.nodes.0.postsCount"];
        assert_unavailable(&answer, &fields);
        let data = answer.partial();
        assert_eq!(data["user"]["handle"], "demo");
        assert_eq!(data["search"]["totalCount"], 1);
        assert!(data["leaderboard"][0]["user"]["handle"].is_string(), "{data}");
        let snippets =
            "{ search(query: \"telescope\", types: [POST], first: 1) { nodes { title node { __typename } } } }";
        let answer = served.client.ask(snippets).await;
        assert_unavailable(&answer, &["search.nodes.0.node"]);
        assert!(answer.partial()["search"]["nodes"][0]["title"].is_string(), "the title is the index's own");
    });
}

#[test]
fn without_the_store_of_users_posts_answer_and_their_authors_are_null() {
    let dead = dead_port();
    World::real();
    run(async {
        let served = with_store_at("DATABASE_URL", "POLYGRAPH_TEST_POSTGRES_URL", &dead).await;
        let answer = ask(&served).await;
        let fields = [
            "leaderboard.0.user",
            "posts.nodes.0.author",
            "posts.nodes.0.likes.nodes.0.user",
            "posts.nodes.1.author",
            "posts.nodes.1.likes.nodes.0.user",
            "search.nodes.0.node",
            "user",
            "users",
        ];
        assert_unavailable(&answer, &fields);
        let data = answer.partial();
        assert_eq!(data["posts"]["totalCount"], 1_000);
        assert!(data["post"]["title"].is_string() && data["posts"]["nodes"][1]["title"].is_string(), "{data}");
        let feed = served.client.signed_in("demo").ask("{ feed { totalCount } viewer { handle } __typename }").await;
        assert_unavailable(&feed, &["feed", "viewer"]);
    });
}

#[test]
fn without_the_cache_everything_answers() {
    let dead = dead_port();
    World::real();
    run(async {
        let url = env_url("POLYGRAPH_TEST_REDIS_URL");
        let moved = ("REDIS_URL", url.replace(&authority(&url), &dead));
        let keeps = ("POLYGRAPH_RESULT_CACHE_TTL", "60s".to_owned());
        let served = World::real().with(&[moved, keeps]).await;
        assert_eq!(ask(&served).await.data(), ask(&served).await.data());
    });
}
