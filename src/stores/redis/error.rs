//! What can go wrong with Redis, and what kind of failure that is to the ports.

use bb8_redis::redis::{ErrorKind as RedisErrorKind, RedisError, ServerErrorKind};

use crate::ports::{ErrorKind, Role, StoreError};

/// A failure of Redis, by where it happened.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// No connection could be established.
    #[error("connecting to Redis failed")]
    Connect(#[source] RedisError),
    /// Every connection is in use, and none came free.
    #[error("all connections to Redis are in use")]
    Busy,
    /// The command itself failed.
    #[error(transparent)]
    Command(RedisError),
}

impl Failure {
    /// As a failure of the store that plays this part.
    pub(super) fn of(self, role: Role) -> StoreError {
        let kind = match &self {
            Failure::Connect(_) => ErrorKind::Unavailable,
            Failure::Busy => ErrorKind::Timeout,
            Failure::Command(error) if error.is_timeout() => ErrorKind::Timeout,
            Failure::Command(error) if is_refusal(error) => ErrorKind::Unavailable,
            Failure::Command(_) => ErrorKind::Internal,
        };
        StoreError::new(role, kind, self)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        failure.of(Role::Cache)
    }
}

/// Whether the server hung up, or does not serve at the moment, or not us.
fn is_refusal(error: &RedisError) -> bool {
    use ServerErrorKind::{BusyLoading, ClusterDown, MasterDown, NoPerm, ReadOnly, TryAgain};

    match error.kind() {
        RedisErrorKind::Io | RedisErrorKind::AuthenticationFailed => true,
        RedisErrorKind::Server(BusyLoading | ClusterDown | MasterDown | NoPerm | ReadOnly | TryAgain) => true,
        RedisErrorKind::Extension => matches!(error.code(), Some("OOM" | "MISCONF" | "NOAUTH" | "WRONGPASS")),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(error: impl Into<RedisError>) -> ErrorKind {
        StoreError::from(Failure::Command(error.into())).kind
    }

    #[test]
    fn refusals_timeouts_and_defects_are_told_apart() {
        let full = bb8_redis::redis::make_extension_error("OOM".to_owned(), None);
        assert_eq!(kind(full), ErrorKind::Unavailable);
        let loading = RedisErrorKind::Server(ServerErrorKind::BusyLoading);
        assert_eq!(kind((loading, "loading")), ErrorKind::Unavailable);
        assert_eq!(kind(std::io::Error::from(std::io::ErrorKind::BrokenPipe)), ErrorKind::Unavailable);
        assert_eq!(kind(std::io::Error::from(std::io::ErrorKind::TimedOut)), ErrorKind::Timeout);
        assert_eq!(kind((RedisErrorKind::UnexpectedReturnType, "a list")), ErrorKind::Internal);
        assert_eq!(StoreError::from(Failure::Busy).kind, ErrorKind::Timeout);
    }
}
