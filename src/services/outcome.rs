//! What becomes of a mutation: refusals that a form can show are data, all else is an error.

use std::time::Duration;

use crate::domain::input::UserError;
use crate::ports::StoreError;

/// What was asked for, or why it was refused: nothing was written then.
pub type Outcome<T> = Result<T, Vec<UserError>>;

/// The result of a mutation's service.
pub type ServiceResult<T> = Result<Outcome<T>, ServiceError>;

/// Why a mutation failed otherwise than by what was asked for.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ServiceError {
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It was tried too often.
    #[error("tried too often; again in {retry_after:?}")]
    RateLimited {
        /// How long to wait.
        retry_after: Duration,
    },
    /// More work of this kind waits already than can be done in good time.
    #[error("too much of this work is waiting")]
    Overloaded,
    /// Whoever asked was signed in, and their account has been closed since.
    #[error("the account has been closed")]
    AccountClosed,
}
