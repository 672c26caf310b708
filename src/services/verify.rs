//! Comparing the truth with all that is derived from it, and mending what differs.
//!
//! Both sides are walked in the order of their keys, a page at a time. Writes may go on meanwhile: what seems to differ
//! is looked at again, and told of only when no event about it is on its way any more (`verify::suspects`). A count and what
//! it counts are read as they were at one moment, so those need no second look.
//!
//! Nothing derived is written here. What is wrong in the truth, a count or an orphan, is mended there; for the rest a
//! repair leaves an event in the outbox, with a version above all that the index has seen, and every projection then
//! reads the truth again as it does after any write.

mod counts;
mod index;
mod likes;
mod suspects;
mod touches;
mod walk;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::event::{Aggregate, Stamp};
use crate::ports::{Outbox, Projection, StoreResult, Stores};
use crate::services::progress::Progress;
use crate::services::stamps::Stamps;

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DifferenceKind {
    /// The index lacks something.
    MissingDocument,
    /// The index holds an earlier or another state.
    StaleDocument,
    /// The index holds something that is not there.
    SurplusDocument,
    /// A count is not what is counted.
    WrongCount,
    /// A like of somebody who is not there, or of a post that is not.
    OrphanLike,
}

impl DifferenceKind {
    /// Its name, as it is printed.
    pub fn name(self) -> &'static str {
        match self {
            Self::MissingDocument => "missing document",
            Self::StaleDocument => "stale document",
            Self::SurplusDocument => "surplus document",
            Self::WrongCount => "wrong count",
            Self::OrphanLike => "orphan like",
        }
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What differs.
    pub kind: DifferenceKind,
    /// Of what: its kind and id, and which of its counts.
    pub id: String,
    /// What the truth says.
    pub truth: String,
    /// What is derived from it.
    pub derived: String,
    /// Whether an event about it waits all the same: nobody seems to carry it on.
    pub is_waiting: bool,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, id, truth, derived, is_waiting } = self;
        let waiting = if *is_waiting { " (its event waits)" } else { "" };
        write!(f, "{}: {id}: truth {truth}, derived {derived}{waiting}", kind.name())
    }
}

/// What to do with a difference beside telling of it.
#[derive(Clone, Copy)]
pub enum Mode<'a> {
    /// Nothing.
    Report,
    /// Mend it: with events that have these stamps.
    Repair(&'a Stamps),
}

/// How long an event on its way is waited for, where nothing else is said: ten times what a relay takes that is at work.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// What is compared.
#[derive(Clone, Copy)]
pub struct Comparison<'a> {
    /// The truth, and what is derived from it.
    pub stores: &'a Stores,
    /// Where the events about the truth wait.
    pub outboxes: &'a [Arc<dyn Outbox>],
    /// Whether differences are mended.
    pub mode: Mode<'a>,
    /// How long events on their way are waited for, before what they are about counts as a difference.
    pub patience: Duration,
}

impl Comparison<'_> {
    /// Compares everything, tells `found` of each difference, and returns how many there were.
    ///
    /// # Errors
    /// The first failure of a store. To begin again does no harm.
    pub async fn run(self, progress: &dyn Progress, found: &mut (dyn FnMut(&Difference) + Send)) -> StoreResult<u64> {
        let mut differences = 0;
        let mut tell = |difference: &Difference| {
            differences += 1;
            found(difference);
        };
        // Orphans are counted, and in the index: they go first.
        likes::verify(self, progress, &mut tell).await?;
        counts::verify(self, progress, &mut tell).await?;
        index::verify(self, progress, &mut tell).await?;
        Ok(differences)
    }

    /// Those of these aggregates about which events wait.
    async fn waiting(self, projection: Projection, aggregates: &[Aggregate]) -> StoreResult<HashSet<Aggregate>> {
        let mut waiting = HashSet::new();
        for outbox in self.outboxes {
            waiting.extend(outbox.waiting(projection, aggregates).await?);
        }
        Ok(waiting)
    }
}

/// Each of `ids` with a stamp of its own.
fn stamped<I: Copy>(ids: &[I], stamps: &Stamps) -> Vec<(I, Stamp)> {
    ids.iter().map(|&id| (id, stamps.stamp())).collect()
}
