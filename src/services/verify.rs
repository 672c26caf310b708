//! Comparing the truth with all that is derived from it, and mending what differs.
//!
//! Both sides are walked in the order of their keys, a page at a time. Writes may go on meanwhile, so what seems to
//! differ is read from the truth once more before it is reported; a change that is still on its way to the index is a
//! difference all the same. Repairs write what the truth says at that moment, with its version, as the relay does.

mod counts;
mod index;
mod walk;

use std::fmt;

use crate::ports::{StoreResult, Stores};
use crate::services::progress::Progress;

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
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, id, truth, derived } = self;
        write!(f, "{}: {id}: truth {truth}, derived {derived}", kind.name())
    }
}

/// What to do with a difference beside telling of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nothing.
    Report,
    /// Mend it.
    Repair,
}

/// Compares everything, tells `found` of each difference, and returns how many there were.
///
/// # Errors
/// The first failure of a store. To begin again does no harm.
pub async fn verify(
    stores: &Stores,
    mode: Mode,
    progress: &dyn Progress,
    found: &mut (dyn FnMut(&Difference) + Send),
) -> StoreResult<u64> {
    let mut differences = 0;
    let mut tell = |difference: &Difference| {
        differences += 1;
        found(difference);
    };
    // Orphans are counted, and in the index: they go first.
    counts::verify_likes(stores, mode, progress, &mut tell).await?;
    counts::verify_counts(stores, mode, progress, &mut tell).await?;
    index::verify_index(stores, mode, progress, &mut tell).await?;
    Ok(differences)
}
