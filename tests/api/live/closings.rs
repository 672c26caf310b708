//! The protocol frame by frame: what is answered, and each way in which a connection is closed.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::socket::{Heard, Socket};
use crate::support::{Served, World, on_both, run};

on_both!(
    queries_and_mutations_are_answered_over_a_socket,
    what_is_refused_before_it_is_executed_is_an_error,
    a_ping_is_answered_with_its_payload_at_any_time,
    an_id_is_free_again_when_its_operation_is_over,
);

async fn queries_and_mutations_are_answered_over_a_socket(world: &World) {
    let served = world.configured(&[]).await;
    let mut socket = Socket::ready(served.address, Some("demo")).await;
    let query = "query ($n: Int!) { viewer { handle } posts(first: $n) { nodes { title author { handle } } } }";
    socket.subscribe("1", query, json!({ "n": 3 })).await;
    let over_http = world.client().signed_in("demo").ask_with(query, json!({ "n": 3 })).await.data();
    assert_eq!(socket.data("1").await, over_http);
    assert_eq!(socket.hear().await, Heard::Said(json!({ "id": "1", "type": "complete" })));
    // A mutation that changes nothing: it is executed, and refused by its field.
    socket.subscribe("2", "mutation { deletePost(input: { id: \"x\" }) { deletedPostId } }", json!({})).await;
    let payload = socket.next("2").await;
    assert_eq!(payload["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{payload}");
    assert_eq!(socket.hear().await, Heard::Said(json!({ "id": "2", "type": "complete" })));
}

async fn what_is_refused_before_it_is_executed_is_an_error(world: &World) {
    let served = world.configured(&[]).await;
    let mut socket = Socket::ready(served.address, None).await;
    for (query, variables, code) in [
        ("{ posts", json!({}), "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
        ("query ($n: Int!) { posts(first: $n) { totalCount } }", json!({ "n": "x" }), "BAD_USER_INPUT"),
        ("subscription { feed { id } }", json!({}), "UNAUTHENTICATED"),
        ("subscription { postChanged(id: \"x\") { id } }", json!({}), "BAD_USER_INPUT"),
        ("subscription { postLiked(author: \"x\") { id } }", json!({}), "BAD_USER_INPUT"),
        ("subscription { postCreated { id } postLiked { id } }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { __typename }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
        (
            "subscription ($s: Boolean!) { postCreated @skip(if: $s) { id } }",
            json!({ "s": true }),
            "GRAPHQL_VALIDATION_FAILED",
        ),
    ] {
        socket.subscribe("1", query, variables).await;
        let Heard::Said(message) = socket.hear().await else { panic!("{query}: closed") };
        assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!("1")), "{query}: {message}");
        let errors = message["payload"].as_array().expect("errors are a list");
        let codes: Vec<&Value> = errors.iter().map(|error| &error["extensions"]["code"]).collect();
        assert_eq!(codes, [code], "{query}");
        assert!(errors[0]["extensions"]["requestId"].is_string(), "{message}");
    }
}

async fn a_ping_is_answered_with_its_payload_at_any_time(world: &World) {
    let served = world.configured(&[]).await;
    let mut socket = Socket::open(served.address).await;
    for payload in [json!({ "a": [1] }), json!({ "b": null })] {
        socket.say(&json!({ "type": "ping", "payload": payload })).await;
        assert_eq!(socket.hear().await, Heard::Said(json!({ "type": "pong", "payload": payload })));
        socket.say(&json!({ "type": "pong" })).await;
    }
    socket.say(&json!({ "type": "ping" })).await;
    assert_eq!(socket.hear().await, Heard::Said(json!({ "type": "pong" })));
}

async fn an_id_is_free_again_when_its_operation_is_over(world: &World) {
    let served = world.configured(&[]).await;
    let mut socket = Socket::ready(served.address, None).await;
    for _ in 0..3 {
        socket.subscribe("same", "subscription { postCreated { id } }", json!({})).await;
        socket.say(&json!({ "id": "same", "type": "complete" })).await;
        socket.subscribe("same", "{ __typename }", json!({})).await;
        assert_eq!(socket.data("same").await, json!({ "__typename": "Query" }));
        assert_eq!(socket.hear().await, Heard::Said(json!({ "id": "same", "type": "complete" })));
    }
    // What is not under way may be completed all the same: the messages may have crossed.
    socket.say(&json!({ "id": "never", "type": "complete" })).await;
    socket.settle().await;
}

/// What a client is told that says this, having been acknowledged if it is `ready`.
async fn closed_after(served: &Served, ready: bool, messages: &[Message]) -> Heard {
    let mut socket = if ready { Socket::ready(served.address, None).await } else { Socket::open(served.address).await };
    for message in messages {
        socket.send(message.clone()).await;
    }
    loop {
        match socket.hear().await {
            Heard::Said(_) => {}
            closed => return closed,
        }
    }
}

#[test]
fn each_illegal_sequence_closes_with_its_code() {
    let world = World::embedded();
    run(async {
        let served = world.configured(&[("POLYGRAPH_MAX_MESSAGE_SIZE", "4KiB")]).await;
        let text = |value: Value| Message::text(value.to_string());
        let init = || text(json!({ "type": "connection_init" }));
        let subscribe = |id: &str| {
            let payload = json!({ "query": "subscription { postCreated { id } }" });
            text(json!({ "id": id, "type": "subscribe", "payload": payload }))
        };
        let bad = |payload: Value| text(json!({ "id": "1", "type": "subscribe", "payload": payload }));
        let invalid = (4400, "Invalid message");
        for (ready, messages, (code, reason)) in [
            (false, vec![Message::text("x")], invalid),
            (false, vec![Message::text("null")], invalid),
            (false, vec![Message::binary(br#"{"type":"connection_init"}"#.to_vec())], invalid),
            (false, vec![text(json!({ "type": "start" }))], invalid),
            (false, vec![text(json!({ "type": "connection_ack" }))], invalid),
            (false, vec![text(json!({ "type": "connection_init", "payload": 1 }))], invalid),
            (true, vec![text(json!({ "type": "subscribe", "payload": { "query": "{a}" } }))], invalid),
            (true, vec![bad(json!({ "query": 1 }))], invalid),
            (true, vec![bad(json!({}))], invalid),
            (true, vec![bad(json!({ "query": "{a}", "variables": [] }))], invalid),
            (true, vec![bad(json!({ "query": "{a}", "operationName": 1 }))], invalid),
            (true, vec![text(json!({ "type": "complete" }))], invalid),
            (false, vec![subscribe("1")], (4401, "Unauthorized")),
            (
                false,
                vec![text(json!({ "type": "connection_init", "payload": { "Authorization": "Bearer nobody" } }))],
                (4403, "Forbidden"),
            ),
            (
                false,
                vec![text(json!({ "type": "connection_init", "payload": { "authorization": 7 } }))],
                (4403, "Forbidden"),
            ),
            (true, vec![subscribe("twice"), subscribe("twice")], (4409, "Subscriber for twice already exists")),
            (false, vec![init(), init()], (4429, "Too many initialisation requests")),
            (true, vec![init()], (4429, "Too many initialisation requests")),
            (
                true,
                vec![Message::text(format!("{{\"type\":\"ping\",\"payload\":{{\"a\":\"{}\"}}}}", "x".repeat(5_000)))],
                (1009, "Message too big"),
            ),
        ] {
            let closed = closed_after(&served, ready, &messages).await;
            assert_eq!(closed, Heard::Closed(code, reason.to_owned()), "{messages:?}");
        }
    });
}

#[test]
fn who_says_nothing_or_speaks_another_protocol_is_closed() {
    let world = World::embedded();
    run(async {
        let served = world.configured(&[("POLYGRAPH_CONNECTION_INIT_TIMEOUT", "100ms")]).await;
        let mut silent = Socket::open(served.address).await;
        assert_eq!(silent.hear().await, Heard::Closed(4408, "Connection initialisation timeout".to_owned()));
        let mut other = Socket::try_open(served.address, &[]).await.expect("it is told over the socket");
        assert_eq!(other.hear().await, Heard::Closed(4406, "Subprotocol not acceptable".to_owned()));
    });
}

#[test]
fn pages_of_other_origins_are_not_let_in() {
    let world = World::embedded();
    run(async {
        let served = world.configured(&[("POLYGRAPH_CORS_ORIGINS", "https://app.example.org")]).await;
        let own = format!("http://{}", served.address);
        for (origin, is_welcome) in [
            (own.as_str(), true),
            ("https://app.example.org", true),
            ("https://evil.example.org", false),
            ("null", false),
        ] {
            let headers = [("sec-websocket-protocol", "graphql-transport-ws"), ("origin", origin)];
            let opened = Socket::try_open(served.address, &headers).await;
            assert_eq!(opened.is_ok(), is_welcome, "{origin}");
            if let Err(refusal) = opened {
                assert_eq!(refusal.status().as_u16(), 403);
                let body: Value = serde_json::from_slice(refusal.body().as_deref().unwrap_or_default()).expect("JSON");
                assert_eq!(body["errors"][0]["extensions"]["code"], "FORBIDDEN");
            }
        }
    });
}

#[test]
fn sockets_operations_and_subscriptions_are_limited() {
    let world = World::embedded();
    run(async {
        let limits = [
            ("POLYGRAPH_MAX_WEBSOCKETS", "2"),
            ("POLYGRAPH_MAX_SOCKET_OPERATIONS", "2"),
            ("POLYGRAPH_MAX_CLIENT_SUBSCRIPTIONS", "3"),
        ];
        let served = world.configured(&limits).await;
        let (mut first, mut second) =
            (Socket::ready(served.address, None).await, Socket::ready(served.address, None).await);
        let protocol = [("sec-websocket-protocol", "graphql-transport-ws")];
        let refused = Socket::try_open(served.address, &protocol).await.err().expect("there is no place");
        assert_eq!((refused.status().as_u16(), refused.headers().contains_key("retry-after")), (503, true));

        let subscription = "subscription { postCreated { id } }";
        let refused = async |socket: &mut Socket, id: &str| {
            let Heard::Said(message) = socket.hear().await else { panic!("closed") };
            assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!(id)), "{message}");
            assert_eq!(message["payload"][0]["extensions"]["code"], "RATE_LIMITED", "{message}");
        };
        for id in ["a", "b", "c"] {
            first.subscribe(id, subscription, json!({})).await;
        }
        refused(&mut first, "c").await;
        second.subscribe("d", subscription, json!({})).await;
        second.subscribe("e", subscription, json!({})).await;
        refused(&mut second, "e").await;
        // One that is ended makes room.
        first.say(&json!({ "id": "a", "type": "complete" })).await;
        first.settle().await;
        second.subscribe("f", subscription, json!({})).await;
        second.say(&json!({ "id": "d", "type": "complete" })).await;
        second.settle().await;
        drop(first);
        while Socket::try_open(served.address, &protocol).await.is_err() {
            tokio::task::yield_now().await;
        }
    });
}
