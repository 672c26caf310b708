//! The event bus is down: writes go on, those who wait are told that they lag, and are told what happened once it is back.

use serde_json::{Value, json};

use super::pair::Pair;
use super::socket::{Heard, Socket};
use crate::support::{Which, authority, env_url, run};
use proxy::{Fault, Proxy};

#[path = "../../faults/proxy.rs"]
#[expect(dead_code, reason = "its other faults are those of other tests")]
mod proxy;

const QUERY: &str = "subscription { postCreated { title } }";

#[test]
fn on_redis_those_who_wait_lag_and_catch_up() {
    run(those_who_wait_lag_and_catch_up("POLYGRAPH_TEST_REDIS_URL"));
}

#[test]
fn on_rabbitmq_those_who_wait_lag_and_catch_up() {
    run(those_who_wait_lag_and_catch_up("POLYGRAPH_TEST_RABBITMQ_URL"));
}

/// What a socket hears until it has heard all of this, in whatever order.
async fn heard(socket: &mut Socket, mut awaited: Vec<Value>) {
    while !awaited.is_empty() {
        let Heard::Said(message) = socket.hear().await else { panic!("it is closed, and {awaited:?} was awaited") };
        let said = if message["type"] == "next" { message["payload"]["data"].clone() } else { message };
        let place = awaited.iter().position(|awaited| *awaited == said);
        awaited.remove(place.unwrap_or_else(|| panic!("{said} was said, and {awaited:?} awaited")));
    }
}

fn lagging(is_behind: bool) -> Value {
    json!({ "type": "ping", "payload": { "lagging": is_behind } })
}

fn told(title: &str) -> Value {
    json!({ "postCreated": { "title": title } })
}

async fn those_who_wait_lag_and_catch_up(bus: &str) {
    let bus = env_url(bus);
    let proxy = Proxy::before(authority(&bus)).await;
    let through = bus.replacen(&authority(&bus), &proxy.address.to_string(), 1);
    let pair = Pair::start_with(Which::Real, &[("EVENTS_URL", through)]);
    let ada = pair.sign_up("ada").await;
    let mut socket = Socket::ready(pair.reader(), None).await;
    socket.subscribe("1", QUERY, json!({})).await;
    socket.settle().await;
    pair.publish(&ada, "before").await;
    heard(&mut socket, vec![told("before")]).await;

    proxy.set(Fault::Down);
    heard(&mut socket, vec![lagging(true)]).await;
    pair.publish(&ada, "meanwhile").await;
    pair.publish(&ada, "still meanwhile").await;

    proxy.set(Fault::None);
    heard(&mut socket, vec![lagging(false), told("meanwhile"), told("still meanwhile")]).await;
    pair.publish(&ada, "after").await;
    heard(&mut socket, vec![told("after")]).await;
}
