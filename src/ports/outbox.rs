//! The port to the outbox of a truth store: events that were left with the facts, waiting for each projection.

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::{Backend, StoreResult};
use crate::domain::Timestamp;
use crate::domain::event::{Aggregate, Event};

/// What is derived from the truth. Each has its own progress through the outbox: one that is down delays no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Projection {
    /// The search index.
    Index,
    /// The deletion of what belongs to closed accounts (a saga whose state is the outbox).
    Deletion,
    /// The event bus.
    Bus,
}

impl Projection {
    /// All projections: an event waits for each of them.
    pub const ALL: [Self; 3] = [Self::Index, Self::Deletion, Self::Bus];

    /// Its name, as stores keep it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Deletion => "deletion",
            Self::Bus => "bus",
        }
    }

    /// Whether it has anything to do with such an event: the others never wait for it.
    pub fn wants(self, event: &Event) -> bool {
        use crate::domain::event::Happened::{UserClosed, UserFollowed, UserUnfollowed};
        match self {
            Self::Index => !matches!(event.happened, UserFollowed { .. } | UserUnfollowed { .. }),
            Self::Deletion => matches!(event.happened, UserClosed),
            Self::Bus => true,
        }
    }
}

/// An event that waits, and how often it was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// The event.
    pub event: Event,
    /// How many tries failed.
    pub attempts: u32,
}

/// Events of one aggregate that wait for a projection, the oldest first, claimed by one worker until its lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Whose events.
    pub aggregate: Aggregate,
    /// Never empty.
    pub events: Vec<Waiting>,
}

/// Who claims, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Lease {
    /// The worker: random, new for each process.
    pub worker: Uuid,
    /// The present.
    pub now: Timestamp,
    /// How long others stay away from what is claimed.
    pub length: Duration,
}

/// An event that a projection gave up on, until somebody retries or drops it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// The projection that gave up.
    pub projection: Projection,
    /// The event.
    pub event: Event,
    /// How many tries failed.
    pub attempts: u32,
    /// Why the last one did.
    pub reason: String,
}

/// How far a projection is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backlog {
    /// Events that wait.
    pub waiting: u64,
    /// Events that were given up on.
    pub parked: u64,
    /// When the oldest that waits happened.
    pub oldest: Option<Timestamp>,
}

/// The outbox of one truth store. Any number of workers may use it at once.
///
/// An event is kept until every projection that [wants](Projection::wants) it is done with it. Within one projection,
/// events of one aggregate are claimed together and in order, by one worker at a time. An aggregate with a parked event
/// goes on with those after it, since projections read the truth again and need no event for itself.
#[async_trait]
pub trait Outbox: Backend {
    /// Claims up to `limit` aggregates with events that are due, those that waited longest first. Events of one
    /// aggregate beyond 500 wait for its next claim.
    async fn claim(&self, projection: Projection, limit: u32, lease: Lease) -> StoreResult<Vec<Claim>>;

    /// Ends all leases, from `now` on: for a worker that knows that there is no other, and that those before it are
    /// gone. Where a store can't tell them apart, pauses before another try end as well. Returns how many.
    async fn end_leases(&self, projection: Projection, now: Timestamp) -> StoreResult<u64>;

    /// Forgets these events of claims: the projection is done with them. Their aggregates may be claimed again.
    async fn finish(&self, projection: Projection, events: &[Uuid]) -> StoreResult<()>;

    /// Lets these events of claims wait until `due`, counts the try that failed, and ends the claims.
    async fn postpone(&self, projection: Projection, events: &[Uuid], due: Timestamp) -> StoreResult<()>;

    /// Gives up on these events of claims, counts the try that failed, and ends the claims.
    async fn park(&self, projection: Projection, events: &[Uuid], reason: &str) -> StoreResult<()>;

    /// Those of these aggregates about which events wait, due or claimed or not; parked ones do not wait.
    async fn waiting(&self, projection: Projection, aggregates: &[Aggregate]) -> StoreResult<HashSet<Aggregate>>;

    /// How far the projection is behind.
    async fn backlog(&self, projection: Projection) -> StoreResult<Backlog>;

    /// Events that were given up on, the oldest first, at most `limit`.
    async fn parked(&self, limit: u32) -> StoreResult<Vec<Parked>>;

    /// Lets parked events wait again from `due` on, all of them or the one with this id. Returns how many.
    async fn retry_parked(&self, event: Option<Uuid>, due: Timestamp) -> StoreResult<u64>;

    /// Forgets a parked event. Returns whether there was one.
    async fn drop_parked(&self, event: Uuid) -> StoreResult<bool>;
}
