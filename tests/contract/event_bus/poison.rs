//! What nobody can read is in nobody's way.

use super::{World, events, follow_now, group, hand_all, join, publish, soon, versions, versions_of};

/// What this version can't read: no JSON, no event, one of a later version.
const POISON: [&str; 3] =
    ["not JSON", "{\"specversion\":\"1.0\"}", "{\"specversion\":\"1.0\",\"type\":\"org.polygraph.post.liked.v2\"}"];

pub(super) const COUNT: usize = POISON.len();

/// Plants it between events: followers are told of those alone, and a group has only those in hand.
pub(super) async fn is_passed_over(world: &dyn World, plant: impl AsyncFn(&str)) {
    let bus = world.bus();
    let (mut follower, mut member) = (follow_now(&bus).await, join(&bus, "mail").await);
    publish(&bus, [1]).await;
    for poison in POISON {
        plant(poison).await;
    }
    publish(&bus, [2]).await;
    assert_eq!(versions(&mut *follower, 2).await, [1, 2]);
    let handed = hand_all(&mut *member, 2).await;
    assert_eq!(versions_of(&handed), [1, 2]);
    soon("that it is buried", member.bury(&handed[..1])).await.expect("it is buried");
    publish(&bus, [3]).await;
    assert_eq!(versions_of(&hand_all(&mut *member, 1).await), [3], "and it is handed to nobody");
    assert_eq!(world.dead_letters(&group("mail"), 1).await, events([1]));
}
