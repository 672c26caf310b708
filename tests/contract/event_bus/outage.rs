//! A bus that is down: writes go on, their events wait in the outbox, and are told when it is back.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use polygraph::app::{SystemClock, SystemEntropy};
use polygraph::ports::{Backlog, EventBus, Invalidated, Projection, Start, StoreResult};
use polygraph::sync::{BusProjection, Forgets, Relay};
use tokio_util::sync::CancellationToken;

use super::servers::{OwnRabbitMq, OwnRedis, Server, settled};
use super::{follow, follow_now, rabbitmq, redis, soon, take, until};
use crate::fixture::{self, stamp};
use crate::posts::world::{post, user};

/// No results are kept here.
struct Nothing;

#[async_trait]
impl Forgets for Nothing {
    async fn forget(&self, _: &Invalidated) -> StoreResult<()> {
        Ok(())
    }
}

async fn writes_go_on_and_are_told_later(bus: Arc<dyn EventBus>, server: &dyn Server) {
    let (store, bus) = (fixture::sqlite().await, settled(bus, server).await);
    let write = async |n: u64| {
        let written = store.publishing.publish(&post(n, user(1)), None, stamp(10)).await;
        written.expect("the store of posts takes it")
    };
    let backlog = async || store.outbox.backlog(Projection::Bus).await.expect("the outbox answers");
    let projection = BusProjection::new(Arc::clone(&bus), Arc::new(Nothing), Duration::from_secs(5));
    let relay = Relay::new(vec![Arc::clone(&store.outbox)], Arc::new(SystemClock), Arc::new(SystemEntropy))
        .with(Projection::Bus, Arc::new(projection));
    let stop = CancellationToken::new();
    let relaying = tokio::spawn(relay.run(stop.clone()));

    let mut follower = follow_now(&bus).await;
    write(1).await;
    let seen = take(&mut *follower, 1).await.remove(0);
    assert_eq!(seen.event.aggregate.uuid(), post(1, user(1)).id.0);

    let is_done = || async { (backlog().await == Backlog::default()).then_some(()) };
    until("the outbox knows that it was told", is_done).await;
    server.kill();
    for n in 2..=20 {
        write(n).await;
    }
    assert_eq!(backlog().await.waiting, 19, "all of it waits");
    soon("that the connection is lost", follower.next()).await.expect_err("the server is gone");
    server.start();
    until("all is told", is_done).await;
    let mut again = follow(&bus, Start::After(seen.position)).await;
    assert!(!again.has_gap);
    let mut told = Vec::new();
    while told.len() < 19 {
        for delivered in soon("events", again.events.next()).await.expect("they come") {
            let id = delivered.event.aggregate.uuid();
            if !told.contains(&id) {
                told.push(id);
            }
        }
    }
    told.sort_unstable();
    let mut written: Vec<_> = (2..=20).map(|n| post(n, user(1)).id.0).collect();
    written.sort_unstable();
    assert_eq!(told, written);
    stop.cancel();
    soon("the relay ends", relaying).await.expect("it ends well");
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_writes_go_on_and_are_told_later() {
    let server = OwnRedis::start(true).await;
    writes_go_on_and_are_told_later(redis::open(redis::options(server.url())), &server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rabbitmq_writes_go_on_and_are_told_later() {
    let server = OwnRabbitMq::start();
    writes_go_on_and_are_told_later(rabbitmq::open(rabbitmq::options(server.url())), &server).await;
}
