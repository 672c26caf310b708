//! Sessions that end end what was opened with them.

use std::time::{Duration, Instant};

use serde_json::json;

use super::pair::Pair;
use super::socket::{Heard, Socket};
use super::streams::Events;
use crate::support::{Which, run};

#[test]
fn embedded() {
    run(a_session_that_is_revoked_ends_its_sockets_and_streams(Which::Embedded));
}

#[test]
fn real() {
    run(a_session_that_is_revoked_ends_its_sockets_and_streams(Which::Real));
}

async fn a_session_that_is_revoked_ends_its_sockets_and_streams(which: Which) {
    let pair = Pair::start(which);
    let (ada, bea) = (pair.sign_up("ada").await, pair.sign_up("bea").await);
    let mut idle = Socket::ready(pair.reader(), Some(&ada.token)).await;
    let mut busy = Socket::ready(pair.reader(), Some(&ada.token)).await;
    busy.subscribe("1", "subscription { feed { id } }", json!({})).await;
    busy.settle().await;
    let client = pair.reader_client().signed_in(&ada.token);
    let mut stream = Events::open(&client, "subscription { feed { id } }", json!({}), None).await.opened().await;
    let mut of_another = Socket::ready(pair.reader(), Some(&bea.token)).await;

    pair.act(&ada, "mutation { signOut { sessionsEnded } }", json!({})).await;
    let ended = Instant::now();
    for socket in [&mut idle, &mut busy] {
        assert_eq!(socket.hear().await, Heard::Closed(4403, "Forbidden".to_owned()));
    }
    let last = stream.next().await.expect("it is told");
    assert_eq!(last.data["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert_eq!(stream.next().await.expect("the end").name, "complete");
    assert_eq!(stream.next().await, None);
    // Two seconds, and what a machine with other tests on it takes for two of them.
    assert!(ended.elapsed() < Duration::from_secs(20), "{:?}", ended.elapsed());
    of_another.settle().await;
}
