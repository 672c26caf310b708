//! The contract of [`EventBus`]: everyone who follows sees everything, in order; groups share it out.

mod following;
mod groups;
mod history;
mod memory;
mod outage;
mod poison;
mod rabbitmq;
mod redis;
mod restarts;
mod servers;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use polygraph::domain::Timestamp;
use polygraph::domain::event::{Aggregate, ENVELOPE_VERSION, Event, Happened};
use polygraph::ports::{
    Delivered, Entropy, EventBus, Follow, Following, Group, GroupMember, InHand, Position, Start, StoreResult,
};
use uuid::Uuid;

/// Far longer than anything here takes, a broker that starts included.
const PATIENCE: Duration = Duration::from_secs(60);

/// How much the small bus remembers, about.
const FEW: u64 = 200;

/// A backend under test.
#[async_trait]
trait World: Send + Sync {
    /// The bus, as one gateway has it: the same each time.
    fn bus(&self) -> Arc<dyn EventBus>;

    /// The same bus, as another gateway has it.
    fn neighbour(&self) -> Arc<dyn EventBus>;

    /// Another bus, which remembers [`FEW`] events: the same each time.
    fn small(&self) -> Arc<dyn EventBus>;

    /// What a group of the bus gave up on, once there are so many.
    async fn dead_letters(&self, group: &Group, count: usize) -> Vec<Event>;
}

/// Randomness for names: a counter, no number of which another test has.
struct Counted;

impl Entropy for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        bytes.iter_mut().zip(number.iter().rev().cycle()).for_each(|(byte, random)| *byte = *random);
    }
}

/// Events of one post, one for each of these versions.
fn events(versions: impl IntoIterator<Item = u64>) -> Vec<Event> {
    let event = |version: u64| Event {
        v: ENVELOPE_VERSION,
        id: Uuid::from_u128(u128::from(version) | (1 << 100)),
        at: Timestamp::from_millis(1_763_700_000_000 + version as i64),
        aggregate: Aggregate::Post(Uuid::from_u128(7)),
        version,
        happened: Happened::PostLiked { author: Uuid::from_u128(8), user: Uuid::from_u128(u128::from(version)) },
    };
    versions.into_iter().map(event).collect()
}

async fn publish(bus: &Arc<dyn EventBus>, versions: impl IntoIterator<Item = u64>) {
    bus.publish(&events(versions)).await.expect("it takes them");
}

async fn soon<T>(what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// Asks until the answer is there.
async fn until<T, F: Future<Output = Option<T>>>(what: &str, ask: impl Fn() -> F) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    soon(what, asking).await
}

async fn follow(bus: &Arc<dyn EventBus>, start: Start) -> Following {
    soon("somebody who follows", bus.follow(start)).await.expect("it can be followed")
}

/// Somebody who follows from now on.
async fn follow_now(bus: &Arc<dyn EventBus>) -> Box<dyn Follow> {
    follow(bus, Start::Now).await.events
}

/// The next so many events, with their positions.
async fn take(follower: &mut dyn Follow, count: usize) -> Vec<Delivered> {
    let mut taken: Vec<Delivered> = Vec::new();
    while taken.len() < count {
        let next = soon("events", follower.next()).await.expect("they come");
        assert!((1..=1_000).contains(&next.len()), "{} at once", next.len());
        taken.extend(next);
    }
    assert_eq!(taken.len(), count, "no more than were published");
    taken
}

/// The versions of the next so many events.
async fn versions(follower: &mut dyn Follow, count: usize) -> Vec<u64> {
    take(follower, count).await.iter().map(|delivered| delivered.event.version).collect()
}

fn group(name: &str) -> Group {
    Group::named(name).expect("a name of a group")
}

async fn join(bus: &Arc<dyn EventBus>, name: &str) -> Box<dyn GroupMember> {
    soon("a member", bus.join(&group(name))).await.expect("it can be joined")
}

/// What a member is handed next.
async fn hand(member: &mut dyn GroupMember) -> Vec<InHand> {
    let handed = soon("events for a member", member.next()).await.expect("they come");
    assert!((1..=100).contains(&handed.len()), "{} at once", handed.len());
    handed
}

/// The next so many events of a member, none of them settled.
async fn hand_all(member: &mut dyn GroupMember, count: usize) -> Vec<InHand> {
    let mut handed = Vec::new();
    while handed.len() < count {
        handed.extend(hand(member).await);
    }
    assert_eq!(handed.len(), count, "no more than were published");
    handed
}

fn versions_of(handed: &[InHand]) -> Vec<u64> {
    handed.iter().map(|in_hand| in_hand.event.version).collect()
}

/// Polls once, and gives up.
async fn gives_up<T>(work: impl Future<Output = StoreResult<T>>) {
    let outcome = futures::poll!(std::pin::pin!(work));
    assert!(outcome.is_pending(), "there is nothing yet");
}

/// A position that no bus under test has ever given.
fn foreign() -> Position {
    Position::read("x-of-another-kind").expect("a position")
}

/// Runs the suite on a backend: a test of its own name for each case.
macro_rules! event_bus_contract {
    ($world:expr) => {
        crate::event_bus::event_bus_contract! { $world =>
            following: what_is_published_next_is_told_in_order,
            following: all_who_follow_see_all,
            following: what_another_gateway_publishes_is_told,
            following: many_at_once_are_told_in_order,
            following: a_wait_that_is_given_up_loses_nothing,
            following: positions_are_apart_and_can_be_written_down,
            following: nobody_is_told_anything_by_an_empty_publication,
            history: one_goes_on_after_a_position,
            history: one_goes_on_from_where_one_began,
            history: whoever_has_seen_all_misses_nothing,
            history: a_position_of_another_bus_is_a_gap,
            history: what_is_old_is_forgotten_and_said_to_be,
            history: who_falls_too_far_behind_is_told,
            groups: a_group_shares_out_what_is_published,
            groups: each_group_sees_all,
            groups: a_group_is_remembered_while_nobody_is_in_it,
            groups: what_a_member_leaves_is_anothers,
            groups: what_is_finished_is_handed_to_nobody_again,
            groups: what_is_given_up_on_is_a_dead_letter,
            groups: what_is_handed_out_too_often_is_a_dead_letter,
            groups: a_members_wait_that_is_given_up_loses_nothing,
        }
    };
    ($world:expr => $($module:ident: $case:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                crate::event_bus::$module::$case(&$world.await).await;
            }
        )+
    };
}

use event_bus_contract;
