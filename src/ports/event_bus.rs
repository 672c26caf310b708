//! The port to the event bus: what carries events from the relay to every gateway, and to other services.
//!
//! The bus is told what already is so: the outbox holds an event until the bus has it, so a bus
//! that is down delays what is told and loses nothing. It is read in two ways. Gateways *follow* it: each of them sees
//! every event. Workers *join a group*: each event is one member's of each group, and another's if that one fails.
//!
//! Delivery is at least once, in both ways: those who must not act twice go by [`Event::id`]. Events of one aggregate
//! are published in order, and whatever is published again was published before, so whoever drops the ids that they have
//! seen has each event once and each aggregate's in order.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::{Backend, StoreResult};
use crate::domain::event::Event;

/// Where an event stands in the history of a bus. Opaque: only the kind of bus that gave it can read it. Printable
/// ASCII without spaces, at most 64 bytes, so that it fits wherever it has to be written down (`Last-Event-ID`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Position(Arc<str>);

impl Position {
    /// The most bytes that one has.
    pub const LONGEST: usize = 64;

    /// The position that was written down as `text`; `None` where no bus can have written it.
    pub fn read(text: &str) -> Option<Self> {
        let is_one =
            !text.is_empty() && text.len() <= Self::LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_one.then(|| Self(text.into()))
    }

    /// The position as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// From where on the bus is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// From what is published next.
    Now,
    /// From what was published after this.
    After(Position),
}

/// An event, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// Where.
    pub position: Position,
    /// What happened.
    pub event: Event,
}

/// The bus, as it is followed.
pub struct Following {
    /// What comes.
    pub events: Box<dyn Follow>,
    /// The position after which they come, where there is one yet: a bus that nothing was published on may have none.
    pub from: Option<Position>,
    /// Whether the bus no longer has, or can't tell whether it has, everything after the position that was asked for:
    /// then what comes begins with the oldest that it has.
    pub has_gap: bool,
}

/// A reader of everything that is published. Dropping it ends it.
#[async_trait]
pub trait Follow: Send {
    /// The next events, in the order of the bus: at least one, as many as are there at once (at most 1,000). Waits as
    /// long as there are none. May be dropped while it waits, and asked again, without losing any.
    ///
    /// What can't be read (an envelope of a version to come) is passed over with a warning in the log.
    ///
    /// # Errors
    /// Where the connection is lost, the bus fails, or this reader was so slow that the bus no longer has what comes next.
    /// It is of no more use then: follow again, after the last position.
    async fn next(&mut self) -> StoreResult<Vec<Delivered>>;
}

/// The name of a group of workers: `[a-z0-9._-]`, 1 to 64 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Group(Arc<str>);

impl Group {
    /// The group of this name; `None` where it can't be one.
    pub fn named(name: &str) -> Option<Self> {
        let fits = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
        ((1..=64).contains(&name.len()) && name.bytes().all(fits)).then(|| Self(name.into()))
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How often an event is handed out to a group before it is a dead letter.
pub const MOST_DELIVERIES: u32 = 10;

/// An event that a member of a group has in hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InHand {
    /// What happened.
    pub event: Event,
    /// How often it was handed out before, to any member, as far as the bus can tell: more than 0 where it was.
    pub redeliveries: u32,
    /// By what this delivery is settled: the bus's own.
    pub receipt: Arc<str>,
}

/// One member of a group of workers. Dropping it gives what it has in hand to the others.
#[async_trait]
pub trait GroupMember: Send {
    /// The next events for this member: at least one, at most 100. Waits as long as there are none. May be dropped
    /// while it waits.
    ///
    /// What a member was handed and has not settled is another's once the member is gone (its connection was lost, or it
    /// has not been heard of for the time that the bus was opened with). An event that was handed out
    /// [`MOST_DELIVERIES`] times is a dead letter.
    ///
    /// # Errors
    /// Where the connection is lost, or the bus fails. This member is of no more use then.
    async fn next(&mut self) -> StoreResult<Vec<InHand>>;

    /// Says that these are done: nobody in the group is handed them again.
    ///
    /// # Errors
    /// Where the connection is lost, or the bus fails: then they may be handed out again.
    async fn finish(&mut self, taken: &[InHand]) -> StoreResult<()>;

    /// Gives up on these: they are dead letters of the group, kept aside for people to look at.
    ///
    /// # Errors
    /// As [`Self::finish`].
    async fn bury(&mut self, taken: &[InHand]) -> StoreResult<()>;
}

/// The event bus.
#[async_trait]
pub trait EventBus: Backend {
    /// Publishes these, in this order. When it returns, the bus has them.
    ///
    /// # Errors
    /// Where the bus fails or does not confirm in time: then any of them may have been published, and they are to be
    /// published again.
    async fn publish(&self, events: &[Event]) -> StoreResult<()>;

    /// Follows everything that is published. Events that are published once this returned are seen.
    ///
    /// # Errors
    /// Where the bus can't be reached, or fails.
    async fn follow(&self, start: Start) -> StoreResult<Following>;

    /// Joins a group. One that is new begins with what is published next, and is remembered from then on.
    ///
    /// # Errors
    /// Where the bus can't be reached, or fails.
    async fn join(&self, group: &Group) -> StoreResult<Box<dyn GroupMember>>;
}
