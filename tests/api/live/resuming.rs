//! A gateway that is gone: its clients come to another, and go on after what they were told last.

use serde_json::{Value, json};

use super::pair::Pair;
use super::socket::{Heard, Socket};
use super::streams::Events;
use crate::support::{Which, run};

const QUERY: &str = "subscription { postCreated { title } }";

fn title(payload: &Value) -> String {
    payload["data"]["postCreated"]["title"].as_str().unwrap_or_else(|| panic!("no title: {payload}")).to_owned()
}

#[test]
fn embedded_a_stream_goes_on_after_the_last_event() {
    run(async {
        let pair = Pair::start(Which::Embedded);
        streams_go_on(&pair).await;
    });
}

#[test]
fn real_a_stream_goes_on_at_another_gateway() {
    run(async {
        let mut pair = Pair::start(Which::Real);
        streams_go_on(&pair).await;
        let ada = pair.sign_up("ida").await;
        let mut events = Events::open(pair.reader_client(), QUERY, json!({}), None).await.opened().await;
        pair.publish(&ada, "told").await;
        let last = events.next().await.expect("an event");
        assert_eq!(title(&last.data), "told");
        pair.replace_reader();
        while events.next().await.is_some() {}
        pair.publish(&ada, "while it was away").await;
        let mut events = Events::open(pair.reader_client(), QUERY, json!({}), last.id.as_deref()).await;
        assert_eq!(title(&events.next().await.expect("an event").data), "while it was away");
    });
}

/// What is published between two streams is told to the second, once and in order.
async fn streams_go_on(pair: &Pair) {
    let ada = pair.sign_up("ada").await;
    let mut events = Events::open(pair.reader_client(), QUERY, json!({}), None).await.opened().await;
    pair.publish(&ada, "one").await;
    let one = events.next().await.expect("an event");
    assert_eq!((one.name.as_str(), title(&one.data).as_str()), ("next", "one"));
    let last = one.id.expect("events have ids");
    drop(events);
    for title in ["two", "three"] {
        pair.publish(&ada, title).await;
    }
    let mut again = Events::open(pair.reader_client(), QUERY, json!({}), Some(&last)).await;
    let mut titles = Vec::new();
    for _ in 0..2 {
        titles.push(title(&again.next().await.expect("an event").data));
    }
    pair.publish(&ada, "four").await;
    titles.push(title(&again.next().await.expect("an event").data));
    titles[..2].sort();
    assert_eq!(titles, ["three", "two", "four"]);

    // Over a socket it is the same, for those who ask to be told after what to go on.
    let mut socket = Socket::ready(pair.reader(), None).await;
    let payload = json!({ "query": QUERY, "extensions": { "lastEventId": last } });
    socket.say(&json!({ "id": "1", "type": "subscribe", "payload": payload })).await;
    for _ in 0..3 {
        let payload = socket.next("1").await;
        assert!(payload["extensions"]["eventId"].is_string(), "{payload}");
    }
    // A position that no bus can have given is a gap, and so is told.
    let payload = json!({ "query": QUERY, "extensions": { "lastEventId": "0-0-of-another-life" } });
    socket.say(&json!({ "id": "2", "type": "subscribe", "payload": payload })).await;
    loop {
        let Heard::Said(message) = socket.hear().await else { panic!("closed") };
        if message["id"] == "2" {
            assert_eq!(message["payload"]["extensions"]["lagged"], json!({ "missed": null }), "{message}");
            break;
        }
    }
}
