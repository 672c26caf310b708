//! Events without a fact: how a repair has everything derived from the truth made again.

use crate::domain::event::{Aggregate, Event, Happened, Stamp};

/// An event to be left about something that may be there or not, so that every projection reads the truth of it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touch {
    /// Whose.
    pub aggregate: Aggregate,
    /// What the event says. Projections take from it what to read again, and no more.
    pub happened: Happened,
    /// The version that is to be exceeded: what is derived may have seen one that the truth never had.
    pub above: u64,
    /// The event's moment and id.
    pub stamp: Stamp,
}

impl Touch {
    /// Its event: with the version that the thing has now, or where it is not there, the lowest that is high enough.
    pub fn event(&self, version: Option<u64>) -> Event {
        self.stamp.event(self.aggregate, version.unwrap_or(self.above + 1), self.happened)
    }
}
