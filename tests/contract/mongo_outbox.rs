//! Two projections of one event in MongoDB: each at its own pace, and the event goes with the last.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::time::Duration;

use futures::future::join_all;
use mongodb::bson::{Document, doc};
use mongodb::{Client, Collection};
use polygraph::domain::event::Stamp;
use polygraph::ports::{Lease, Outbox as _, Projection, PublishingStore as _};
use polygraph::stores::mongo::MongoOutbox;
use polygraph_migrations::mongo::collection;
use uuid::Uuid;

use crate::posts::world::{moment, post, user};
use crate::posts::{mongo_options, mongo_server, mongo_url};

const EVENTS: u64 = 12;

const BOTH: [Projection; 2] = [Projection::Index, Projection::Bus];

/// Events of posts, which wait for both projections; and all documents of the outbox.
async fn for_both() -> (MongoOutbox, Vec<Uuid>, Collection<Document>) {
    let options = mongo_options(mongo_url());
    let name = collection(&options.namespace, "outbox");
    let client = Client::with_uri_str(&options.url).await.unwrap();
    let documents = client.default_database().unwrap_or_else(|| client.database("polygraph")).collection(&name);
    let server = mongo_server(options);
    server.migrate().await.unwrap();
    let mut events = Vec::new();
    for n in 0..EVENTS {
        let stamp = Stamp::new(moment(10), [n as u8; 10]);
        server.publishing().publish(&post(n, user(1)), None, stamp).await.unwrap();
        events.push(stamp.event);
    }
    (server.outbox(), events, documents)
}

#[tokio::test]
async fn one_down_delays_no_other() {
    let (outbox, events, documents) = for_both().await;
    let lease = Lease { worker: Uuid::from_u128(1), now: moment(100), length: Duration::from_secs(60) };
    for projection in BOTH {
        assert_eq!(outbox.claim(projection, 100, lease).await.unwrap().len() as u64, EVENTS);
    }
    outbox.park(Projection::Index, &events, "The index is down.").await.unwrap();
    outbox.finish(Projection::Bus, &events[..5]).await.unwrap();
    let bus = outbox.backlog(Projection::Bus).await.unwrap();
    assert_eq!((bus.waiting, bus.parked), (7, 0));
    let index = outbox.backlog(Projection::Index).await.unwrap();
    assert_eq!((index.waiting, index.parked, index.oldest), (0, EVENTS, None));
    assert_eq!(documents.count_documents(doc! {}).await.unwrap(), EVENTS, "a parked event is kept");
    for event in &events {
        assert!(outbox.drop_parked(*event).await.unwrap());
    }
    assert_eq!(documents.count_documents(doc! {}).await.unwrap(), 7, "an event is kept for whom it waits");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_goes_with_the_last_of_two_that_are_done_at_once() {
    let (outbox, events, documents) = for_both().await;
    let done = events.iter().flat_map(|event| BOTH.map(|projection| (projection, *event)));
    let finish = |(projection, event)| {
        let outbox = &outbox;
        async move { outbox.finish(projection, &[event]).await.unwrap() }
    };
    join_all(done.map(finish)).await;
    assert_eq!(documents.count_documents(doc! {}).await.unwrap(), 0);
}
