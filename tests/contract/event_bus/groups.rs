//! Groups of workers: each event is one member's of each group, until somebody is done with it.

use polygraph::ports::{GroupMember, InHand, MOST_DELIVERIES};

use super::{World, events, gives_up, group, hand, hand_all, join, publish, soon, versions_of};

pub(super) async fn a_group_shares_out_what_is_published(world: &dyn World) {
    let bus = world.bus();
    let mut members = [join(&bus, "mail").await, join(&world.neighbour(), "mail").await];
    publish(&bus, 1..=400).await;
    let [first, second] = &mut members;
    let mut seen = Vec::new();
    // Each has some in hand while the other has.
    let both = [hand(&mut **first).await, hand(&mut **second).await];
    for (member, handed) in members.iter_mut().zip(both) {
        seen.extend(finish(&mut **member, handed).await);
    }
    while seen.len() < 400 {
        let [first, second] = &mut members;
        let (which, handed) = tokio::select! {
            handed = hand(&mut **first) => (0, handed),
            handed = hand(&mut **second) => (1, handed),
        };
        seen.extend(finish(&mut *members[which], handed).await);
    }
    seen.sort_unstable();
    assert_eq!(seen, Vec::from_iter(1..=400), "each is one member's");
}

/// Is done with what a member was handed for the first time; the versions of it.
async fn finish(member: &mut dyn GroupMember, handed: Vec<InHand>) -> Vec<u64> {
    assert!(handed.iter().all(|in_hand| in_hand.redeliveries == 0), "{handed:?}");
    soon("that it is done", member.finish(&handed)).await.expect("it is done");
    versions_of(&handed)
}

pub(super) async fn each_group_sees_all(world: &dyn World) {
    let bus = world.bus();
    publish(&bus, [1]).await;
    let mut members = [join(&bus, "mail").await, join(&bus, "a-b_c.9").await];
    publish(&bus, 2..=40).await;
    for member in &mut members {
        assert_eq!(versions_of(&hand_all(&mut **member, 39).await), Vec::from_iter(2..=40), "from its beginning on");
    }
}

pub(super) async fn a_group_is_remembered_while_nobody_is_in_it(world: &dyn World) {
    let bus = world.bus();
    drop(join(&bus, "mail").await);
    publish(&bus, 1..=3).await;
    let mut member = join(&world.neighbour(), "mail").await;
    assert_eq!(versions_of(&hand_all(&mut *member, 3).await), [1, 2, 3]);
}

pub(super) async fn what_a_member_leaves_is_anothers(world: &dyn World) {
    let bus = world.bus();
    let mut first = join(&bus, "mail").await;
    publish(&bus, 1..=10).await;
    let handed = hand_all(&mut *first, 10).await;
    soon("that some are done", first.finish(&handed[..4])).await.expect("they are done");
    let mut second = join(&world.neighbour(), "mail").await;
    gives_up(second.next()).await;
    drop(first);
    let mut again = hand_all(&mut *second, 6).await;
    again.sort_by_key(|in_hand| in_hand.event.version);
    assert_eq!(versions_of(&again), [5, 6, 7, 8, 9, 10]);
    assert!(again.iter().all(|in_hand| in_hand.redeliveries > 0), "{again:?}");
    soon("that they are done", second.finish(&again)).await.expect("they are done");
    publish(&bus, [11]).await;
    assert_eq!(versions_of(&hand_all(&mut *second, 1).await), [11]);
}

pub(super) async fn what_is_finished_is_handed_to_nobody_again(world: &dyn World) {
    let bus = world.bus();
    let mut member = join(&bus, "mail").await;
    publish(&bus, 1..=5).await;
    let handed = hand_all(&mut *member, 5).await;
    soon("that they are done", member.finish(&handed)).await.expect("they are done");
    // To say so again does no harm.
    soon("that they are done", member.finish(&handed)).await.expect("they are done");
    drop(member);
    let mut member = join(&bus, "mail").await;
    publish(&bus, [6]).await;
    assert_eq!(versions_of(&hand_all(&mut *member, 1).await), [6]);
}

pub(super) async fn what_is_given_up_on_is_a_dead_letter(world: &dyn World) {
    let bus = world.bus();
    let mut member = join(&bus, "mail").await;
    publish(&bus, 1..=5).await;
    let handed = hand_all(&mut *member, 5).await;
    soon("that they are buried", member.bury(&handed[1..3])).await.expect("they are buried");
    soon("that they are done", member.finish(&[handed[0].clone(), handed[3].clone(), handed[4].clone()]))
        .await
        .expect("they are done");
    assert_eq!(world.dead_letters(&group("mail"), 2).await, events([2, 3]));
    drop(member);
    let mut member = join(&bus, "mail").await;
    publish(&bus, [6]).await;
    assert_eq!(versions_of(&hand_all(&mut *member, 1).await), [6]);
}

pub(super) async fn what_is_handed_out_too_often_is_a_dead_letter(world: &dyn World) {
    let bus = world.bus();
    let mut member = join(&bus, "mail").await;
    publish(&bus, [1]).await;
    for times in 0..MOST_DELIVERIES {
        let handed = hand_all(&mut *member, 1).await;
        assert_eq!((versions_of(&handed), handed[0].redeliveries.min(1)), (vec![1], times.min(1)));
        drop(member);
        member = join(&bus, "mail").await;
    }
    publish(&bus, [2]).await;
    assert_eq!(versions_of(&hand_all(&mut *member, 1).await), [2]);
    assert_eq!(world.dead_letters(&group("mail"), 1).await, events([1]));
}

pub(super) async fn a_members_wait_that_is_given_up_loses_nothing(world: &dyn World) {
    let bus = world.bus();
    let mut member = join(&bus, "mail").await;
    for n in 1..=10 {
        gives_up(member.next()).await;
        publish(&bus, [n]).await;
        let handed = hand_all(&mut *member, 1).await;
        assert_eq!(versions_of(&handed), [n]);
        soon("that it is done", member.finish(&handed)).await.expect("it is done");
    }
}
