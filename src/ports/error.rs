//! The one error of all ports: what kind of failure, of which store, and the driver's own error as its source.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use super::deadline::DeadlinePassed;

/// The result of a port's method.
pub type StoreResult<T> = Result<T, StoreError>;

/// The part that a store plays, whatever engine plays it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Users and follows: truth.
    Users,
    /// Posts and likes: truth.
    Posts,
    /// Search and analytics: derived.
    Search,
    /// Resolved results: derived.
    Cache,
    /// The event bus: it carries what the truth stores hold until it has it.
    Events,
}

impl Role {
    /// The parts that every gateway has a store for, in the order in which they are listed to people. The event bus is
    /// listed as well where a server of its own carries it.
    pub const ALL: [Self; 4] = [Self::Users, Self::Posts, Self::Search, Self::Cache];

    /// The part's name in `/readyz`, logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Posts => "posts",
            Self::Search => "search",
            Self::Cache => "cache",
            Self::Events => "events",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What kind of failure it was: all that callers decide by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The store can't be reached, or refused to serve.
    Unavailable,
    /// The store did not answer in time.
    Timeout,
    /// The call was not made: more of them wait for the store than it can serve in good time.
    Overloaded,
    /// The store answers, but has not been migrated yet.
    NotReady,
    /// The answer to a write was lost: nobody knows whether it was made.
    OutcomeUnknown,
    /// The write lost against another one, and may be tried again.
    Conflict,
    /// The store holds something that can't be read, or answered what it should not: a defect.
    Internal,
}

/// A failure of a store. Cheap to clone, since a batch hands one failure to all who asked.
#[derive(Debug, Clone)]
pub struct StoreError {
    /// What kind of failure.
    pub kind: ErrorKind,
    /// Whose.
    pub role: Role,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl StoreError {
    /// A failure of `role`, caused by a driver's error.
    pub fn new(role: Role, kind: ErrorKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { kind, role, source: Some(Arc::from(source.into())) }
    }

    /// A store's answer or content that can't be: a defect, with a sentence for the log.
    pub fn internal(role: Role, what: impl Into<String>) -> Self {
        Self::new(role, ErrorKind::Internal, what.into())
    }

    /// Whether it was the request that had no time left, whatever the store would have said.
    pub fn is_late_request(&self) -> bool {
        self.source.as_ref().is_some_and(|source| source.is::<DeadlinePassed>())
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            ErrorKind::Unavailable => "can't be reached",
            ErrorKind::Timeout => "did not answer in time",
            ErrorKind::Overloaded => "has too much to do",
            ErrorKind::NotReady => "has not been migrated",
            ErrorKind::OutcomeUnknown => "did not say whether it wrote",
            ErrorKind::Conflict => "met a conflicting write",
            ErrorKind::Internal => "failed",
        };
        write!(f, "the store of {} {what}", self.role)
    }
}

impl StdError for StoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
