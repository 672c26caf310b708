//! What a write costs the cache: one invalidation, which is one round trip, before the write is acknowledged.
//!
//! These gateways have no relay, which tells the cache of every write again, beside all requests.

use polygraph::services::seed::SeedPlan;
use serde_json::json;

use super::keeping;
use crate::support::{Client, Which, World, run};

#[test]
fn a_mutation_tells_the_cache_once_embedded() {
    run(hold(Which::Embedded));
}

#[test]
fn a_mutation_tells_the_cache_once_real() {
    run(hold(Which::Real));
}

/// The mutations whose facts are in answers, in an order in which each changes something.
const MUTATIONS: [&str; 9] = [
    "likePost(input: { postId: POST })",
    "unlikePost(input: { postId: POST })",
    "follow(input: { userId: USER })",
    "unfollow(input: { userId: USER })",
    "updateProfile(input: { name: \"Renamed\" })",
    "updateProfile(input: { handle: \"renamed\" })",
    "updatePost(input: { id: POST, title: \"Edited\" })",
    "deletePost(input: { id: POST })",
    "createPost(input: { title: \"Another\", content: \"Of beetles.\" })",
];

/// Few, since some of it is changed.
const PLAN: SeedPlan = SeedPlan { users: 30, posts: 30, likes: 50, follows: 60, seed: 7 };

async fn hold(which: Which) {
    let world = World::open(which, PLAN).await;
    let (gateway, _) = keeping(&world).await;
    let demo = gateway.client.signed_in("demo");
    let made = "mutation { createPost(input: { title: \"Weevils\", content: \"Of weevils.\" }) { post { id } } }";
    let post = demo.ask(made).await.data()["createPost"]["post"]["id"].to_string();
    let user = stranger_to(&demo).await;
    for mutation in MUTATIONS {
        let filled = mutation.replace("POST", &post).replace("USER", &user);
        let before = invalidations(&world).await;
        let done = demo.ask(&format!("mutation {{ done: {filled} {{ userErrors {{ code }} }} }}")).await.data();
        assert_eq!(done["done"]["userErrors"], json!([]), "{mutation}");
        assert_eq!(invalidations(&world).await - before, 1, "{mutation}");
    }
}

/// The quoted id of somebody whom this client does not follow.
async fn stranger_to(client: &Client) -> String {
    let users = client.ask("{ users(first: 100) { nodes { id handle viewerFollows } } }").await.data();
    let users = users["users"]["nodes"].as_array().expect("a list");
    let stranger = users.iter().find(|user| user["viewerFollows"] == false && user["handle"] != "demo");
    stranger.expect("somebody")["id"].to_string()
}

async fn invalidations(world: &World) -> u64 {
    world.stores.cache.state().await.expect("the cache answers").now
}
