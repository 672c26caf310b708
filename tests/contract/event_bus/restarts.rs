//! A server that is killed and comes back.

use std::sync::Arc;

use polygraph::ports::{ErrorKind, EventBus, GroupMember, Start};

use super::servers::{OwnRabbitMq, OwnRedis, Server, settled};
use super::{events, follow, follow_now, hand_all, join, publish, rabbitmq, redis, soon, take, until, versions};

/// Publishes until it is taken, as the relay does.
async fn publish_again(bus: &Arc<dyn EventBus>, versions: impl IntoIterator<Item = u64>) {
    let events = events(versions);
    until("the bus takes events again", || async { bus.publish(&events).await.ok() }).await;
}

/// The first time that each of these events is told: up to this one.
async fn first_told(member: &mut dyn GroupMember, last: u64) -> Vec<u64> {
    let mut told = Vec::new();
    while told.len() < last as usize {
        let handed = soon("events for a member", member.next()).await.expect("they come");
        for in_hand in handed {
            if !told.contains(&in_hand.event.version) {
                told.push(in_hand.event.version);
            }
        }
    }
    told.sort_unstable();
    told
}

async fn nothing_is_lost(bus: Arc<dyn EventBus>, server: &dyn Server) {
    let bus = settled(bus, server).await;
    let mut follower = follow_now(&bus).await;
    let mut member = join(&bus, "mail").await;
    publish(&bus, 1..=3).await;
    let seen = take(&mut *follower, 3).await.remove(1).position;
    hand_all(&mut *member, 3).await;

    server.kill();
    let lost = soon("that the connection is lost", follower.next()).await.expect_err("the server is gone");
    assert!(matches!(lost.kind, ErrorKind::Unavailable | ErrorKind::Timeout), "{lost:?}");
    let refused = bus.publish(&events([4])).await.expect_err("the server is gone");
    assert!(matches!(refused.kind, ErrorKind::Unavailable | ErrorKind::Timeout), "{refused:?}");
    bus.check().await.expect_err("the server is gone");
    bus.follow(Start::Now).await.err().expect("the server is gone");
    soon("that the member is lost", member.next()).await.expect_err("the server is gone");
    drop(member);

    server.start();
    publish_again(&bus, [4]).await;
    publish_again(&bus, [5]).await;
    let mut again = follow(&bus, Start::After(seen)).await;
    assert!(!again.has_gap, "all is on its disk");
    let mut told = versions(&mut *again.events, 3).await;
    told.dedup();
    assert_eq!(told, [3, 4, 5]);
    let mut member = join(&bus, "mail").await;
    assert_eq!(first_told(&mut *member, 5).await, [1, 2, 3, 4, 5], "what was in hand is handed out again");
    bus.check().await.expect("it is up");
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_nothing_is_lost() {
    let server = OwnRedis::start(true).await;
    nothing_is_lost(redis::open(redis::options(server.url())), &server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rabbitmq_nothing_is_lost() {
    let server = OwnRabbitMq::start();
    nothing_is_lost(rabbitmq::open(rabbitmq::options(server.url())), &server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_without_a_disk_says_that_it_forgot() {
    let server = OwnRedis::start(false).await;
    let bus: Arc<dyn EventBus> = redis::open(redis::options(server.url()));
    let mut follower = follow_now(&bus).await;
    publish(&bus, 1..=3).await;
    let seen = take(&mut *follower, 3).await.remove(2).position;
    server.kill();
    soon("that the connection is lost", follower.next()).await.expect_err("the server is gone");
    server.start();
    until("it is up", || async { bus.check().await.ok() }).await;
    assert!(follow(&bus, Start::After(seen.clone())).await.has_gap, "it is empty");
    publish(&bus, [4]).await;
    let mut again = follow(&bus, Start::After(seen)).await;
    assert!(again.has_gap, "it holds something else");
    assert_eq!(versions(&mut *again.events, 1).await, [4]);
}
