//! What a subscriber is told.

use bytes::Bytes;

use crate::ports::Position;

/// What a subscriber did not get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Missed {
    /// Nothing.
    #[default]
    Nothing,
    /// So many events.
    Events(u64),
    /// Nobody knows how many: the bus has lost some of its history.
    Unknown,
}

impl Missed {
    /// What was missed, and one event more.
    pub(super) fn and_one(self) -> Self {
        match self {
            Self::Nothing => Self::Events(1),
            Self::Events(count) => Self::Events(count.saturating_add(1)),
            Self::Unknown => Self::Unknown,
        }
    }
}

/// One thing that a subscriber is told.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The response as JSON, without `extensions`; `None` where there is only something that was missed to tell of.
    pub body: Option<Bytes>,
    /// Where the event stands in the history of the bus; `None` where it is none of the bus's.
    pub position: Option<Position>,
    /// What the subscriber did not get before this.
    pub missed: Missed,
    /// Whether nothing comes after it.
    last: bool,
}

impl Frame {
    /// The response to an event at this position.
    pub(super) fn of(body: Bytes, last: bool, position: Option<Position>) -> Self {
        Self { body: Some(body), position, missed: Missed::Nothing, last }
    }

    /// Nothing but that something was missed.
    pub(super) fn gap(missed: Missed) -> Self {
        Self { body: None, position: None, missed, last: false }
    }

    /// Whether nothing comes after it.
    pub fn is_last(&self) -> bool {
        self.last
    }
}
