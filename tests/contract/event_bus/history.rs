//! Whoever was away goes on where they were, or is told that something is missing.

use polygraph::ports::{ErrorKind, Follow, Start};

use super::{FEW, World, follow, follow_now, foreign, publish, soon, take, until, versions};

pub(super) async fn one_goes_on_after_a_position(world: &dyn World) {
    let bus = world.bus();
    let mut follower = follow_now(&bus).await;
    publish(&bus, 1..=30).await;
    let seen = take(&mut *follower, 30).await;
    drop(follower);
    for last in [0, 9, 17] {
        let mut again = follow(&world.neighbour(), Start::After(seen[last].position.clone())).await;
        assert!(!again.has_gap);
        assert_eq!(again.from.as_ref(), Some(&seen[last].position));
        let rest = take(&mut *again.events, 29 - last).await;
        assert_eq!(rest, seen[last + 1..], "at the same positions as before");
    }
}

pub(super) async fn one_goes_on_from_where_one_began(world: &dyn World) {
    let bus = world.bus();
    publish(&bus, 1..=3).await;
    let began = follow(&bus, Start::Now).await.from.expect("something was published");
    publish(&bus, 4..=6).await;
    let mut again = follow(&bus, Start::After(began)).await;
    assert!(!again.has_gap);
    assert_eq!(versions(&mut *again.events, 3).await, [4, 5, 6]);
}

pub(super) async fn whoever_has_seen_all_misses_nothing(world: &dyn World) {
    let bus = world.bus();
    let mut follower = follow_now(&bus).await;
    publish(&bus, 1..=3).await;
    let last = take(&mut *follower, 3).await.pop().expect("three");
    let mut again = follow(&bus, Start::After(last.position)).await;
    assert!(!again.has_gap);
    publish(&bus, [4]).await;
    assert_eq!(versions(&mut *again.events, 1).await, [4]);
}

pub(super) async fn a_position_of_another_bus_is_a_gap(world: &dyn World) {
    let bus = world.bus();
    publish(&bus, 1..=3).await;
    let mut following = follow(&bus, Start::After(foreign())).await;
    assert!(following.has_gap);
    assert_eq!(versions(&mut *following.events, 3).await, [1, 2, 3], "from the oldest on");
    let theirs = take(&mut *follow(&bus, Start::After(foreign())).await.events, 3).await.remove(1).position;

    let other = world.small();
    publish(&other, 11..=13).await;
    let mut following = follow(&other, Start::After(theirs)).await;
    assert!(following.has_gap, "it is a place on a bus of the same kind, and not on this one");
    assert_eq!(versions(&mut *following.events, 3).await, [11, 12, 13]);
}

pub(super) async fn what_is_old_is_forgotten_and_said_to_be(world: &dyn World) {
    let bus = world.small();
    let mut follower = follow_now(&bus).await;
    publish(&bus, [1]).await;
    let first = take(&mut *follower, 1).await.remove(0).position;
    let most = 20 * FEW;
    for begin in (2..most).step_by(50) {
        publish(&bus, begin..(begin + 50).min(most + 1)).await;
    }
    // A broker may take its time to trim.
    let mut again = until("something is forgotten", || async {
        Some(follow(&bus, Start::After(first.clone())).await).filter(|following| following.has_gap)
    })
    .await;
    let mut told = take_until(&mut *again.events, most).await;
    told.dedup();
    assert!(told.is_sorted() && told.len() >= FEW as usize / 2, "{} are left, in order", told.len());
    assert!(told.len() < most as usize / 2, "{} are still there", told.len());
    assert_eq!(told.last().map(|last| last - told[0] + 1), Some(told.len() as u64), "nothing is missing after that");
}

pub(super) async fn who_falls_too_far_behind_is_told(world: &dyn World) {
    let bus = world.small();
    let mut follower = follow_now(&bus).await;
    publish(&bus, [1]).await;
    let seen = take(&mut *follower, 1).await.remove(0).position;
    // More than it remembers, and than a reader is sent ahead.
    let most = 30 * FEW;
    for begin in (2..most).step_by(50) {
        publish(&bus, begin..(begin + 50).min(most + 1)).await;
    }
    until("something is forgotten", || async { follow(&bus, Start::After(seen.clone())).await.has_gap.then_some(()) })
        .await;
    let (told, error) = told_until_error(&mut *follower).await;
    let mut last = 1;
    for version in told {
        assert_eq!(version, last + 1, "what it is told is told without a gap");
        last = version;
    }
    assert_eq!(error, ErrorKind::Unavailable);
}

/// The versions up to this one.
async fn take_until(follower: &mut dyn Follow, last: u64) -> Vec<u64> {
    let mut told = Vec::new();
    while told.last() != Some(&last) {
        let next = soon("events", follower.next()).await.expect("they come");
        told.extend(next.iter().map(|delivered| delivered.event.version));
    }
    told
}

/// The versions up to an error.
async fn told_until_error(follower: &mut dyn Follow) -> (Vec<u64>, ErrorKind) {
    let mut told = Vec::new();
    loop {
        match soon("events, or an error", follower.next()).await {
            Ok(next) => told.extend(next.iter().map(|delivered| delivered.event.version)),
            Err(error) => return (told, error.kind),
        }
    }
}
