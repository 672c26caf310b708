//! What a projection has to do with the events that it is given.

use std::error::Error as _;

use async_trait::async_trait;

use crate::ports::{Claim, ErrorKind, StoreError};

/// Brings what is derived up to the truth.
#[async_trait]
pub trait Projector: Send + Sync {
    /// Handles claims, and says for each, in their order, what became of it. It must be safe to handle any of them
    /// again, or at the same time as another relay does.
    async fn project(&self, claims: &[Claim]) -> Vec<Result<(), ProjectError>>;

    /// How many aggregates it takes at once.
    fn most_claims(&self) -> u32 {
        200
    }
}

/// Why a claim was not projected.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ProjectError {
    /// It failed, and may do better another time.
    #[error("{0}")]
    Retry(String),
    /// It will never do better.
    #[error("{0}")]
    Poison(String),
    /// A store is down, which is not the event's fault.
    #[error(transparent)]
    StoreDown(StoreError),
}

impl From<StoreError> for ProjectError {
    fn from(error: StoreError) -> Self {
        match error.kind {
            // An answer is lost when a store goes down; what is projected may be projected again.
            ErrorKind::Unavailable
            | ErrorKind::Timeout
            | ErrorKind::Overloaded
            | ErrorKind::NotReady
            | ErrorKind::OutcomeUnknown => Self::StoreDown(error),
            ErrorKind::Conflict | ErrorKind::Internal => Self::Retry(explain(&error)),
        }
    }
}

/// The error with what stands behind it, for an operator.
pub(super) fn explain(error: &StoreError) -> String {
    let cause = error.source().map(|source| format!(": {source}")).unwrap_or_default();
    format!("{error}{cause}")
}
