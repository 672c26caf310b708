//! What can go wrong with RabbitMQ, and what kind of failure that is to the ports.

use crate::ports::{ErrorKind, Role, StoreError};

/// A failure of RabbitMQ.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The client's own.
    #[error(transparent)]
    Amqp(#[from] lapin::Error),
    /// No answer in time.
    #[error("no answer in time")]
    Late,
    /// The broker did not take what was published.
    #[error("the broker did not take what was published")]
    Refused,
    /// The broker ended what was being read.
    #[error("the broker ended the delivery")]
    Ended,
    /// What comes next is gone.
    #[error("what comes next was trimmed away")]
    Behind,
    /// The broker says something that can't be.
    #[error("{0}")]
    Odd(&'static str),
}

/// AMQP's code for what exists already, but is not what was asked for.
pub(super) const PRECONDITION_FAILED: u16 = 406;

impl Failure {
    /// AMQP's code, where the broker said one.
    pub(super) fn code(&self) -> Option<u16> {
        match self {
            Self::Amqp(error) => match error.kind() {
                lapin::ErrorKind::ProtocolError(error) => Some(error.get_id()),
                _ => None,
            },
            _ => None,
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        let kind = match &failure {
            Failure::Late => ErrorKind::Timeout,
            Failure::Refused | Failure::Ended | Failure::Behind => ErrorKind::Unavailable,
            Failure::Odd(_) => ErrorKind::Internal,
            Failure::Amqp(error) => match error.kind() {
                lapin::ErrorKind::ProtocolError(_) if failure.code() == Some(PRECONDITION_FAILED) => {
                    ErrorKind::Internal
                }
                // It hung up, refused to serve or to serve us, or its own state is such that it can't.
                _ => ErrorKind::Unavailable,
            },
        };
        Self::new(Role::Events, kind, failure)
    }
}
