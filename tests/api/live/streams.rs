//! Event streams: the protocol of graphql-sse, a request for each operation.

use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::socket::PATIENCE;
use crate::support::{Client, World, on_both, run};

/// An event.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event {
    pub(super) name: String,
    pub(super) id: Option<String>,
    pub(super) data: Value,
}

/// An event stream as it comes.
pub(super) struct Events {
    response: Response,
    text: String,
}

impl Events {
    /// Asks for an operation, to go on after an event where one is named.
    pub(super) async fn open(client: &Client, query: &str, variables: Value, after: Option<&str>) -> Self {
        let mut request = client.request(Method::POST, "/graphql").header("accept", "text/event-stream");
        if let Some(after) = after {
            request = request.header("last-event-id", after);
        }
        let response =
            request.json(&json!({ "query": query, "variables": variables })).send().await.expect("an answer");
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        Self { response, text: String::new() }
    }

    /// Waits until the stream is there: its first comment says so.
    pub(super) async fn opened(mut self) -> Self {
        while !self.text.contains("\n\n") {
            self.more().await.expect("it goes on");
        }
        self
    }

    /// The next event; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| {
                    let line = block.lines().find_map(|line| line.strip_prefix(&format!("{name}:")));
                    line.map(|value| value.strip_prefix(' ').unwrap_or(value).to_owned())
                };
                if let Some(name) = field("event") {
                    let data = field("data").expect("events without data are nobody's");
                    let data = if data.is_empty() { Value::Null } else { serde_json::from_str(&data).expect("JSON") };
                    return Some(Event { name, id: field("id"), data });
                }
            }
            self.more().await?;
        }
    }

    async fn more(&mut self) -> Option<()> {
        let chunk = timeout(PATIENCE, self.response.chunk()).await.expect("something comes").ok()??;
        self.text.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
        Some(())
    }
}

on_both!(an_operation_is_answered_by_one_event_and_the_end, what_is_refused_is_an_event_as_well);

async fn an_operation_is_answered_by_one_event_and_the_end(world: &World) {
    let query = "{ viewer { handle } posts(first: 2) { nodes { title } } }";
    let client = world.client().signed_in("demo");
    let over_http = client.ask(query).await.data();
    let mut events = Events::open(&client, query, json!({}), None).await;
    let next = events.next().await.expect("a result");
    assert_eq!((next.name.as_str(), &next.data["data"]), ("next", &over_http));
    let complete = Event { name: "complete".to_owned(), id: None, data: json!(null) };
    assert_eq!(events.next().await, Some(complete));
    assert_eq!(events.next().await, None);
}

async fn what_is_refused_is_an_event_as_well(world: &World) {
    for (query, code) in [
        ("{ posts", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { feed { id } }", "UNAUTHENTICATED"),
        ("subscription { postChanged(id: \"x\") { id } }", "BAD_USER_INPUT"),
    ] {
        let mut events = Events::open(world.client(), query, json!({}), None).await;
        let next = events.next().await.expect("a result");
        assert_eq!(
            (next.name.as_str(), &next.data["errors"][0]["extensions"]["code"]),
            ("next", &json!(code)),
            "{query}"
        );
        assert_eq!(events.next().await.expect("the end").name, "complete");
        assert_eq!(events.next().await, None);
    }
}

#[test]
fn a_token_that_is_not_valid_is_refused_by_http() {
    let world = World::embedded();
    run(async {
        let client = world.client().signed_in("nobody at all");
        let body = json!({ "query": "subscription { feed { id } }" });
        let request = client.request(Method::POST, "/graphql").header("accept", "text/event-stream").json(&body);
        let answer = client.send(request).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "UNAUTHENTICATED"));
    });
}

#[test]
fn who_wants_json_as_well_gets_an_event_stream_only_if_it_is_liked_as_much() {
    let world = World::embedded();
    run(async {
        let client = world.client();
        for (accept, media) in [
            ("text/event-stream", "text/event-stream"),
            ("text/event-stream, application/json", "text/event-stream"),
            ("text/event-stream;q=0.5, application/json", "application/json"),
            ("application/json", "application/json"),
        ] {
            let request = client.request(Method::GET, "/graphql?query=%7B__typename%7D").header("accept", accept);
            let response = request.send().await.expect("an answer");
            let found = response.headers()["content-type"].to_str().expect("text").to_owned();
            assert!(found.starts_with(media), "{accept}: {found}");
        }
    });
}

#[test]
fn subscriptions_are_not_for_plain_http() {
    let world = World::embedded();
    run(async {
        let answer = world.client().ask("subscription { postCreated { id } }").await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "BAD_USER_INPUT"));
        assert!(answer.errors()[0].message.contains("WebSocket"), "{}", answer.text);
    });
}
