//! What the client and the server call an error, as the ports call it.

use std::fmt;

use elasticsearch::http::StatusCode;
use serde::Deserialize;

use crate::ports::{ErrorKind, Role, StoreError};

/// An error as the server describes it: in a refused request's body, or in one item of a bulk answer.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Reason {
    /// The usual form.
    Typed {
        /// Its class, as `index_not_found_exception`.
        r#type: String,
        /// A sentence.
        reason: Option<String>,
        /// The same from within, where the sentence above only says that something failed.
        #[serde(default)]
        root_cause: Vec<Cause>,
    },
    /// The form that a few of its parts use.
    Plain(String),
}

/// An inner error.
#[derive(Debug, Deserialize)]
pub(super) struct Cause {
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Refusal {
    error: Reason,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(reason) => f.write_str(reason),
            Self::Typed { r#type, reason, root_cause } => {
                let inner = root_cause.first().and_then(|cause| cause.reason.as_deref());
                write!(f, "{type}: {}", inner.or(reason.as_deref()).unwrap_or_default())
            }
        }
    }
}

/// The failure of a request that the server answered with a status other than success.
pub(super) fn refused(status: StatusCode, body: &[u8]) -> StoreError {
    match serde_json::from_slice(body) {
        Ok(Refusal { error }) => because(status, &error),
        // A proxy's page, or none at all.
        Err(_) => StoreError::new(Role::Search, kind_of(status), format!("status {status}")),
    }
}

/// The failure of a request, or of one item of it, with what the server says of it.
pub(super) fn because(status: StatusCode, reason: &Reason) -> StoreError {
    StoreError::new(Role::Search, kind_of(status), format!("status {status}: {reason}"))
}

/// The failure of a request that was not answered.
pub(super) fn unanswered(error: elasticsearch::Error) -> StoreError {
    let kind = if error.is_timeout() { ErrorKind::Timeout } else { ErrorKind::Unavailable };
    StoreError::new(Role::Search, kind, error)
}

/// An answer that can't be read.
pub(super) fn unreadable(error: serde_json::Error) -> StoreError {
    StoreError::new(Role::Search, ErrorKind::Internal, error)
}

fn kind_of(status: StatusCode) -> ErrorKind {
    match status {
        // All that we ask for by name is an index.
        StatusCode::NOT_FOUND => ErrorKind::NotReady,
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => ErrorKind::Timeout,
        StatusCode::UNAUTHORIZED
        | StatusCode::FORBIDDEN
        | StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE => ErrorKind::Unavailable,
        _ => ErrorKind::Internal,
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    fn told(status: u16, body: &str) -> (ErrorKind, String) {
        let error = refused(StatusCode::from_u16(status).expect("a status"), body.as_bytes());
        (error.kind, error.source().expect("a source").to_string())
    }

    #[test]
    fn an_error_says_what_the_server_said() {
        let (kind, said) = told(
            400,
            r#"{"error":{"root_cause":[{"type":"a","reason":"no field"}],"type":"b","reason":"all shards failed"}}"#,
        );
        assert_eq!((kind, said.as_str()), (ErrorKind::Internal, "status 400 Bad Request: b: no field"));
        let (kind, said) = told(404, r#"{"error":"alias [x] missing","status":404}"#);
        assert_eq!((kind, said.as_str()), (ErrorKind::NotReady, "status 404 Not Found: alias [x] missing"));
    }

    #[test]
    fn a_proxy_may_answer_in_the_servers_place() {
        let (kind, said) = told(502, "<html>");
        assert_eq!((kind, said.as_str()), (ErrorKind::Unavailable, "status 502 Bad Gateway"));
        assert_eq!(told(504, "").0, ErrorKind::Timeout);
    }
}
