//! A subgraph of Apollo Federation 2: what routers ask, and what clients see of it.

use polygraph::domain::UserId;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Client, World, global, on_both, run};

on_both!(
    entities_come_in_their_order_and_fail_each_by_itself,
    entities_are_one_call_for_each_store_and_level,
    clients_see_nothing_of_it,
);

const ENTITIES: &str = "query ($of: [_Any!]!) { _entities(representations: $of) { __typename \
                        ... on User { handle } ... on Post { title author { handle } } } }";

fn representation(typename: &str, id: &str) -> Value {
    // A router sends what the fields of other subgraphs require as well.
    json!({ "__typename": typename, "id": id, "shoeSize": 44 })
}

async fn entities_come_in_their_order_and_fail_each_by_itself(world: &World) {
    let (user, post) = (&world.society.users[0], &world.society.posts[0]);
    let author = world.society.users.iter().find(|user| user.id == post.author).expect("its author");
    let of = json!([
        representation("Post", &global(post.id)),
        representation("User", &global(user.id)),
        representation("User", &global(UserId(Uuid::from_u128(7)))),
        representation("User", "no id"),
        representation("User", &global(post.id)),
        representation("Like", &global(post.id)),
        representation("Post", &global(post.id)),
    ]);
    let answer = world.client().ask_with(ENTITIES, json!({ "of": of })).await;
    let expected_post =
        json!({ "__typename": "Post", "title": post.title, "author": { "handle": author.handle.as_str() } });
    let expected_user = json!({ "__typename": "User", "handle": user.handle.as_str() });
    let expected = json!([expected_post, expected_user, null, null, null, null, expected_post]);
    assert_eq!(answer.partial()["_entities"], expected);
    let failures = ["3", "4", "5"].map(|place| (format!("_entities.{place}"), "BAD_USER_INPUT".to_owned()));
    assert_eq!(answer.failures(), failures);
    for malformed in [json!("x"), json!({ "id": global(user.id) }), json!({ "__typename": "User" })] {
        let answer = world.client().ask_with(ENTITIES, json!({ "of": [malformed] })).await;
        assert_eq!(answer.code(), "BAD_USER_INPUT", "{malformed}");
    }
    let many: Vec<_> = (0..1_001).map(|_| representation("User", &global(user.id))).collect();
    assert_eq!(world.client().ask_with(ENTITIES, json!({ "of": many })).await.code(), "BAD_USER_INPUT");
}

async fn entities_are_one_call_for_each_store_and_level(world: &World) {
    let (served, log) = world.counted().await;
    let posts = world.society.posts.iter().take(300).map(|post| representation("Post", &global(post.id)));
    let users = world.society.users.iter().take(90).map(|user| representation("User", &global(user.id)));
    let of: Vec<_> = posts.chain(users).collect();
    let entities = served.client.ask_with(ENTITIES, json!({ "of": of })).await.data();
    assert!(entities["_entities"].as_array().expect("a list").iter().all(|entity| !entity.is_null()));
    let mut calls: Vec<_> = log.take().iter().map(|call| call.method).collect();
    calls.sort_unstable();
    // Users and posts side by side; then the authors whom nobody asked for as entities.
    assert!(
        calls == ["posts_by_id", "users_by_id"] || calls == ["posts_by_id", "users_by_id", "users_by_id"],
        "{calls:?}"
    );
}

async fn clients_see_nothing_of_it(world: &World) {
    let query = "{ __schema { queryType { fields { name } } types { name } } }";
    let seen = world.client().ask(query).await.data().to_string();
    assert!(seen.contains("\"suggestedFollows\"") && seen.contains("\"Post\""));
    for name in ["_entities", "_service", "_Any", "_Entity", "_Service"] {
        assert!(!seen.contains(name), "{name}");
    }
    let text = async |path: &str| {
        let answer = world.client().send(world.client().request(Method::GET, path)).await;
        assert_eq!(answer.status, 200);
        answer.text
    };
    assert_eq!(text("/schema.graphql").await, include_str!("../../schema.graphql"));
    let federated = text("/schema.graphql?federation").await;
    assert!(federated.contains("type Post implements Node @key(fields: \"id\") {"));
    assert_eq!(world.client().ask("{ _service { sdl } }").await.data()["_service"]["sdl"], federated);
}

/// What is answered to a router where this gateway is no subgraph.
async fn refused(client: &Client) {
    for query in ["{ _service { sdl } }", "{ _entities(representations: []) { __typename } }"] {
        let answer = client.ask(query).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "GRAPHQL_VALIDATION_FAILED"), "{query}");
    }
}

#[test]
fn in_production_it_is_off_unless_it_is_set() {
    run(async {
        let world = World::embedded();
        refused(&world.configured(&[("POLYGRAPH_FEDERATION", "off")]).await.client).await;
        // The budget of this address is that of other tests.
        let production = [("POLYGRAPH_PRODUCTION", "true"), ("POLYGRAPH_RATE_LIMITS", "off")];
        refused(&world.configured(&production).await.client).await;
        let set = world.configured(&[production[0], production[1], ("POLYGRAPH_FEDERATION", "on")]).await;
        set.client.ask("{ _service { sdl } }").await.data();
    });
}

#[test]
fn each_representation_counts_towards_the_cost() {
    run(async {
        let world = World::embedded();
        let user = representation("User", &global(world.society.users[0].id));
        let of = vec![user; 250];
        let request = world.client().request(Method::POST, "/graphql").header("x-cost", "1");
        let query = "query ($of: [_Any!]!) { _entities(representations: $of) { __typename } }";
        let answer = world.client().send(request.json(&json!({ "query": query, "variables": { "of": of } }))).await;
        assert_eq!(answer.json()["extensions"]["cost"]["requested"], 250);
    });
}
