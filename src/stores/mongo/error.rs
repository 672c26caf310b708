//! What the driver's errors mean to callers.

use mongodb::error::{
    Error, ErrorKind as DriverErrorKind, TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT, WriteFailure,
};

use crate::ports::{ErrorKind, Role, StoreError};

const MAX_TIME_EXPIRED: i32 = 50;
const WRITE_CONFLICT: i32 = 112;
const DUPLICATE_KEY: i32 = 11_000;
/// The server is up but does not serve, or can't reach one that does: unreachable hosts (6, 7, 89, 9001), shutting
/// down (91, 11600), not the primary or just stepping down (189, 10107, 11602, 13435, 13436).
const NOT_SERVING: [i32; 11] = [6, 7, 89, 91, 189, 9_001, 10_107, 11_600, 11_602, 13_435, 13_436];

/// The driver's error as the port's.
pub(super) fn store_error(error: Error) -> StoreError {
    StoreError::new(Role::Posts, kind_of(&error), error)
}

/// A write that a command answered with, in place of failing.
pub(super) fn refused_write(code: Option<i32>, what: String) -> StoreError {
    StoreError::new(Role::Posts, code.and_then(kind_of_code).unwrap_or(ErrorKind::Internal), what)
}

/// What kind of failure the driver's error is.
pub(super) fn kind_of(error: &Error) -> ErrorKind {
    if error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT) {
        return ErrorKind::OutcomeUnknown;
    }
    match error.kind.as_ref() {
        DriverErrorKind::ServerSelection { .. }
        | DriverErrorKind::Io(_)
        | DriverErrorKind::ConnectionPoolCleared { .. }
        | DriverErrorKind::DnsResolve { .. }
        | DriverErrorKind::Authentication { .. }
        // Whatever it is that does not keep to the protocol: the store is not there.
        | DriverErrorKind::InvalidResponse { .. }
        | DriverErrorKind::Shutdown => return ErrorKind::Unavailable,
        _ => {}
    }
    let transient = || error.contains_label(TRANSIENT_TRANSACTION_ERROR).then_some(ErrorKind::Conflict);
    code_of(error).and_then(kind_of_code).or_else(transient).unwrap_or(ErrorKind::Internal)
}

fn kind_of_code(code: i32) -> Option<ErrorKind> {
    match code {
        MAX_TIME_EXPIRED => Some(ErrorKind::Timeout),
        code if NOT_SERVING.contains(&code) => Some(ErrorKind::Unavailable),
        // What a transaction inserts it has looked for: a key that is there now was written meanwhile.
        WRITE_CONFLICT | DUPLICATE_KEY => Some(ErrorKind::Conflict),
        _ => None,
    }
}

fn code_of(error: &Error) -> Option<i32> {
    match error.kind.as_ref() {
        DriverErrorKind::Command(command) => Some(command.code),
        DriverErrorKind::Write(WriteFailure::WriteError(write)) => Some(write.code),
        DriverErrorKind::Write(WriteFailure::WriteConcernError(concern)) => Some(concern.code),
        DriverErrorKind::InsertMany(many) => many.write_errors.iter().flatten().map(|write| write.code).next(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_are_told_what_they_decide_by() {
        let io = Error::from(std::io::Error::other("connection reset"));
        assert_eq!(kind_of(&io), ErrorKind::Unavailable);
        assert_eq!(kind_of(&Error::custom("anything else")), ErrorKind::Internal);
        for (code, kind) in [
            (50, ErrorKind::Timeout),
            (112, ErrorKind::Conflict),
            (11_000, ErrorKind::Conflict),
            (10_107, ErrorKind::Unavailable),
            (121, ErrorKind::Internal),
        ] {
            assert_eq!(refused_write(Some(code), String::new()).kind, kind, "code {code}");
        }
    }
}
