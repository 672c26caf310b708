//! Everyone who follows is told everything, in the order in which it was published.

use std::collections::HashSet;

use polygraph::ports::{Position, Start};

use super::{World, events, follow, follow_now, gives_up, publish, take, versions};

pub(super) async fn what_is_published_next_is_told_in_order(world: &dyn World) {
    let bus = world.bus();
    publish(&bus, 1..=5).await;
    let mut follower = follow_now(&bus).await;
    publish(&bus, 6..=8).await;
    publish(&bus, 9..=9).await;
    let told: Vec<_> = take(&mut *follower, 4).await.into_iter().map(|delivered| delivered.event).collect();
    assert_eq!(told, events(6..=9), "and what it tells is what was published");
}

pub(super) async fn all_who_follow_see_all(world: &dyn World) {
    let bus = world.bus();
    let mut followers =
        [follow_now(&bus).await, follow_now(&world.neighbour()).await, follow_now(&world.neighbour()).await];
    publish(&bus, 1..=50).await;
    for follower in &mut followers {
        assert_eq!(versions(&mut **follower, 50).await, Vec::from_iter(1..=50));
    }
}

pub(super) async fn what_another_gateway_publishes_is_told(world: &dyn World) {
    let mut follower = follow_now(&world.bus()).await;
    for n in 1..=20 {
        let bus = if n % 2 == 0 { world.bus() } else { world.neighbour() };
        publish(&bus, [n]).await;
    }
    assert_eq!(versions(&mut *follower, 20).await, Vec::from_iter(1..=20));
}

pub(super) async fn many_at_once_are_told_in_order(world: &dyn World) {
    let bus = world.bus();
    let mut follower = follow_now(&bus).await;
    publish(&bus, 1..=2_500).await;
    assert_eq!(versions(&mut *follower, 2_500).await, Vec::from_iter(1..=2_500));
}

pub(super) async fn a_wait_that_is_given_up_loses_nothing(world: &dyn World) {
    let bus = world.bus();
    let mut follower = follow_now(&bus).await;
    for n in 1..=10 {
        gives_up(follower.next()).await;
        publish(&bus, [n]).await;
        assert_eq!(versions(&mut *follower, 1).await, [n]);
    }
}

pub(super) async fn positions_are_apart_and_can_be_written_down(world: &dyn World) {
    let bus = world.bus();
    let mut follower = follow_now(&bus).await;
    publish(&bus, 1..=20).await;
    let told = take(&mut *follower, 20).await;
    let positions: HashSet<_> = told.iter().map(|delivered| delivered.position.clone()).collect();
    assert_eq!(positions.len(), 20);
    for position in positions {
        assert_eq!(Position::read(position.as_str()), Some(position));
    }
}

pub(super) async fn nobody_is_told_anything_by_an_empty_publication(world: &dyn World) {
    let bus = world.bus();
    let mut follower = follow(&bus, Start::Now).await.events;
    publish(&bus, []).await;
    publish(&bus, [1]).await;
    assert_eq!(versions(&mut *follower, 1).await, [1]);
}
