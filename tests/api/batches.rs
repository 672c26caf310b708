//! Batches: several operations in one body.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Client, Served, World, on_both};

on_both!(
    a_batch_is_answered_in_its_order_each_as_if_alone,
    batches_are_refused_unless_they_are_switched_on,
    a_batch_has_bounds,
);

const HANDLE: &str = "query ($h: String!) { user(handle: $h) { handle } }";

async fn batching(world: &World) -> Served {
    world.configured(&[("POLYGRAPH_MAX_BATCH_OPERATIONS", "3")]).await
}

/// The status of the answer to a batch, and its body.
async fn post(client: &Client, batch: &Value) -> (u16, Value) {
    let response = client.request(Method::POST, "/graphql").json(batch).send().await.expect("the gateway answers");
    let status = response.status().as_u16();
    (status, response.json().await.expect("JSON"))
}

fn of(handle: &str) -> Value {
    json!({ "query": HANDLE, "variables": { "h": handle } })
}

async fn a_batch_is_answered_in_its_order_each_as_if_alone(world: &World) {
    let served = batching(world).await;
    let other = world.society.users.iter().find(|user| user.handle.as_str() != "demo").expect("another");
    let batch = json!([of("demo"), { "query": "{ nothing }" }, of(other.handle.as_str())]);
    let (status, answers) = post(&served.client, &batch).await;
    assert_eq!(status, 200, "they differ: {answers}");
    assert_eq!(answers[0], json!({ "data": { "user": { "handle": "demo" } } }));
    assert_eq!(answers[1]["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
    assert!(answers[1].get("data").is_none());
    assert_eq!(answers[2]["data"]["user"]["handle"], other.handle.as_str());
    let (status, answers) = post(&served.client, &json!([{ "query": "{ nothing }" }, {}])).await;
    assert_eq!(status, 400, "none of them ran: {answers}");
    let alone = served.client.ask_with(HANDLE, json!({ "h": "demo" })).await;
    let (_, answers) = post(&served.client, &json!([of("demo")])).await;
    assert_eq!(answers, json!([alone.json()]));
    let unknown = served.client.signed_in("nobody_at_all");
    let (status, answers) = post(&unknown, &json!([of("demo"), of("demo")])).await;
    assert_eq!((status, answers[1]["errors"][0]["extensions"]["code"].as_str()), (401, Some("UNAUTHENTICATED")));
}

async fn batches_are_refused_unless_they_are_switched_on(world: &World) {
    let (status, answer) = post(world.client(), &json!([of("demo")])).await;
    assert_eq!((status, &answer["errors"][0]["extensions"]["code"]), (400, &json!("BAD_USER_INPUT")));
}

async fn a_batch_has_bounds(world: &World) {
    let served = batching(world).await;
    for (batch, what) in
        [(json!([]), "no operation"), (json!([of("demo"), of("demo"), of("demo"), of("demo")]), "at most 3")]
    {
        let (status, answer) = post(&served.client, &batch).await;
        let message = answer["errors"][0]["message"].as_str().unwrap_or_default();
        assert!(status == 400 && message.contains(what), "{answer}");
    }
    // A batch within a batch is no operation.
    let (status, answers) = post(&served.client, &json!([[of("demo")]])).await;
    assert_eq!((status, &answers[0]["errors"][0]["extensions"]["code"]), (400, &json!("BAD_USER_INPUT")));
    let text = served.client.request(Method::POST, "/graphql").header("content-type", "text/plain").body("[]");
    assert_eq!(text.send().await.expect("the gateway answers").status().as_u16(), 415);
}
