//! What a driver's error means to those who called.

use sea_orm::sqlx::error::{DatabaseError, Error};
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, SqlErr, SqlxError};

use crate::ports::{ErrorKind, Role, StoreError};

/// The failure of `role` that `error` stands for.
pub(super) fn store_error(role: Role, error: DbErr) -> StoreError {
    StoreError::new(role, kind(&error), error)
}

/// The failure of what was to be committed by `error`: a commit, or a statement in a transaction of its own. Only a
/// server that goes on serving can say that it changed nothing; one that is shutting down may have committed before.
pub(super) fn write_error(role: Role, error: DbErr) -> StoreError {
    let mut failure = store_error(role, error);
    let cause = std::error::Error::source(&failure).and_then(|cause| cause.downcast_ref::<DbErr>());
    if cause.is_some_and(leaves_the_outcome_open) {
        failure.kind = ErrorKind::OutcomeUnknown;
    }
    failure
}

fn leaves_the_outcome_open(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) = error else {
        // Without a connection nothing was sent.
        return false;
    };
    match error.as_ref() {
        Error::PoolTimedOut | Error::PoolClosed => false,
        Error::Database(_) => matches!(driver(error), ErrorKind::Unavailable | ErrorKind::Timeout),
        _ => true,
    }
}

/// A write that a unique index refused has lost against another one.
pub(super) fn contested(mut error: StoreError) -> StoreError {
    let cause = std::error::Error::source(&error).and_then(|cause| cause.downcast_ref::<DbErr>());
    if let Some(SqlErr::UniqueConstraintViolation(_)) = cause.and_then(DbErr::sql_err) {
        error.kind = ErrorKind::Conflict;
    }
    error
}

/// A store that answers, but lacks tables.
pub(super) fn not_ready(role: Role, why: String) -> StoreError {
    StoreError::new(role, ErrorKind::NotReady, why)
}

fn kind(error: &DbErr) -> ErrorKind {
    match error {
        DbErr::ConnectionAcquire(ConnAcquireErr::Timeout | ConnAcquireErr::ConnectionClosed) => ErrorKind::Unavailable,
        DbErr::Conn(RuntimeErr::SqlxError(error)) => connecting(error),
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => driver(error),
        _ => ErrorKind::Internal,
    }
}

/// While connecting, every refusal means that the store does not serve us, a wrong password included.
fn connecting(error: &SqlxError) -> ErrorKind {
    match driver(error) {
        ErrorKind::Internal => ErrorKind::Unavailable,
        kind => kind,
    }
}

fn driver(error: &SqlxError) -> ErrorKind {
    match error {
        Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            match code.parse::<u32>() {
                Ok(code) if code_is_sqlites(error.as_ref()) => sqlite(code, error.message()),
                _ => postgres(&code),
            }
        }
        // Whatever it is that does not keep to the protocol: the store is not there.
        Error::Protocol(_) => ErrorKind::Unavailable,
        Error::Io(_) | Error::Tls(_) | Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed => {
            ErrorKind::Unavailable
        }
        _ => ErrorKind::Internal,
    }
}

fn code_is_sqlites(error: &dyn DatabaseError) -> bool {
    error.try_downcast_ref::<sea_orm::SqlxSqliteError>().is_some()
}

/// By SQLSTATE: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn postgres(state: &str) -> ErrorKind {
    match state {
        "57014" => ErrorKind::Timeout,                      // query_canceled, by statement_timeout
        "40001" | "40P01" | "55P03" => ErrorKind::Conflict, // serialization, deadlock, lock_not_available
        "42P01" | "42703" | "3F000" => ErrorKind::NotReady, // undefined table, column, schema
        "25006" => ErrorKind::Unavailable,                  // a standby: it refuses writes
        _ => match state.get(..2) {
            // Connection, authorization, catalog name, resources, operator intervention, system error.
            Some("08" | "28" | "3D" | "53" | "57" | "58") => ErrorKind::Unavailable,
            _ => ErrorKind::Internal,
        },
    }
}

/// By result code, extended or not: <https://www.sqlite.org/rescode.html>.
fn sqlite(code: u32, message: &str) -> ErrorKind {
    match code & 0xff {
        5 | 6 => ErrorKind::Conflict,               // BUSY, LOCKED
        8 | 10 | 13 | 14 => ErrorKind::Unavailable, // READONLY, IOERR, FULL, CANTOPEN
        9 => ErrorKind::Timeout,                    // INTERRUPT
        1 if message.starts_with("no such table") || message.starts_with("no such column") => ErrorKind::NotReady,
        _ => ErrorKind::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_of_postgresql() {
        for (state, kind) in [
            ("57P01", ErrorKind::Unavailable),
            ("53300", ErrorKind::Unavailable),
            ("28P01", ErrorKind::Unavailable),
            ("57014", ErrorKind::Timeout),
            ("40P01", ErrorKind::Conflict),
            ("42P01", ErrorKind::NotReady),
            ("23505", ErrorKind::Internal),
            ("", ErrorKind::Internal),
        ] {
            assert_eq!(postgres(state), kind, "{state}");
        }
    }

    #[test]
    fn codes_of_sqlite() {
        assert_eq!(sqlite(517, "database is locked"), ErrorKind::Conflict);
        assert_eq!(sqlite(14, "unable to open database file"), ErrorKind::Unavailable);
        assert_eq!(sqlite(1, "no such table: users"), ErrorKind::NotReady);
        assert_eq!(sqlite(1, "near \"FORM\": syntax error"), ErrorKind::Internal);
        assert_eq!(sqlite(2067, "UNIQUE constraint failed: users.handle"), ErrorKind::Internal);
    }

    #[test]
    fn the_outcome_is_open_where_the_answer_was_lost() {
        let cut = || Error::Io(std::io::ErrorKind::UnexpectedEof.into());
        let unknown = |error| write_error(Role::Users, error).kind == ErrorKind::OutcomeUnknown;
        assert!(unknown(DbErr::Query(RuntimeErr::SqlxError(cut().into()))));
        assert!(unknown(DbErr::Exec(RuntimeErr::SqlxError(Error::WorkerCrashed.into()))));
        assert!(unknown(DbErr::Exec(RuntimeErr::SqlxError(Error::Protocol("half a message".into()).into()))));
        assert!(!unknown(DbErr::Conn(RuntimeErr::SqlxError(cut().into()))), "nothing was sent");
        assert!(!unknown(DbErr::Exec(RuntimeErr::SqlxError(Error::PoolTimedOut.into()))));
        assert!(!unknown(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)));
    }

    #[test]
    fn a_full_pool_is_unavailable() {
        let error = store_error(Role::Users, DbErr::ConnectionAcquire(ConnAcquireErr::Timeout));
        assert_eq!((error.kind, error.role), (ErrorKind::Unavailable, Role::Users));
    }
}
