//! The one place that turns failures into what clients see: a code, and a sentence without internals.

use std::time::Duration;

use async_graphql::{ErrorExtensions as _, ServerError, Value};

use crate::domain::InvalidInput;
use crate::ports::{ErrorKind, StoreError};
use crate::services::outcome::ServiceError;

/// `errors[].extensions.code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The document is not GraphQL.
    ParseFailed,
    /// The document does not fit the schema.
    ValidationFailed,
    /// A value breaks a rule of the API.
    BadUserInput,
    /// Nobody is signed in, or with a token that is not valid.
    Unauthenticated,
    /// The request as such is not allowed.
    Forbidden,
    /// A store is down or too slow.
    StoreUnavailable,
    /// Something was tried too often.
    RateLimited,
    /// More is asked for than can be done in good time.
    Overloaded,
    /// The body is too large.
    RequestTooLarge,
    /// The request took longer than it may.
    Timeout,
    /// The selection is nested too deeply.
    QueryTooDeep,
    /// More is selected than an operation may select, or it may cost more.
    QueryTooComplex,
    /// The document has too many lexical tokens.
    TooManyTokens,
    /// The document has too many aliases.
    TooManyAliases,
    /// No document has the name that the request gives.
    PersistedQueryNotFound,
    /// Documents can't be registered.
    PersistedQueryNotSupported,
    /// The schema may not be asked about.
    IntrospectionDisabled,
    /// A defect of ours.
    Internal,
}

impl ErrorCode {
    /// The code as clients see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::ValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::StoreUnavailable => "STORE_UNAVAILABLE",
            Self::RateLimited => "RATE_LIMITED",
            Self::Overloaded => "OVERLOADED",
            Self::RequestTooLarge => "REQUEST_TOO_LARGE",
            Self::QueryTooDeep => "QUERY_TOO_DEEP",
            Self::QueryTooComplex => "QUERY_TOO_COMPLEX",
            Self::TooManyTokens => "TOO_MANY_TOKENS",
            Self::TooManyAliases => "TOO_MANY_ALIASES",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::PersistedQueryNotSupported => "PERSISTED_QUERY_NOT_SUPPORTED",
            Self::IntrospectionDisabled => "INTROSPECTION_DISABLED",
            Self::Timeout => "TIMEOUT",
            Self::Internal => "INTERNAL",
        }
    }
}

/// Why a field has no value.
///
/// It has no `Display`: async-graphql turns whatever has one into an error without a code.
#[derive(Debug, Clone)]
pub(super) enum ApiError {
    Invalid(InvalidInput),
    Unauthenticated,
    /// Something was tried too often; it may be tried again after this.
    RateLimited(Duration),
    /// More of such work waits than can be done in good time.
    Overloaded,
    /// A subscription's field has no value now. No client sees it.
    NothingToTell,
    Store(StoreError),
}

pub(super) type Result<T, E = ApiError> = std::result::Result<T, E>;

impl From<InvalidInput> for ApiError {
    fn from(invalid: InvalidInput) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<StoreError> for ApiError {
    fn from(failure: StoreError) -> Self {
        Self::Store(failure)
    }
}

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Store(failure) => Self::Store(failure),
            ServiceError::RateLimited { retry_after } => Self::RateLimited(retry_after),
            ServiceError::Overloaded => Self::Overloaded,
            ServiceError::AccountClosed => Self::Unauthenticated,
        }
    }
}

impl From<ApiError> for async_graphql::Error {
    fn from(error: ApiError) -> Self {
        let with_code = |code: ErrorCode, message: String| {
            Self::new(message).extend_with(|_, extensions| extensions.set("code", code.as_str()))
        };
        match error {
            ApiError::Invalid(invalid) => with_code(ErrorCode::BadUserInput, invalid.to_string()),
            ApiError::Unauthenticated => with_code(ErrorCode::Unauthenticated, "Sign in first.".to_owned()),
            ApiError::NothingToTell => with_code(ErrorCode::Internal, "There is nothing to tell.".to_owned()),
            ApiError::Overloaded => {
                with_code(ErrorCode::Overloaded, format!("Too much is asked for at the moment. {LATER}"))
            }
            ApiError::RateLimited(wait) => {
                // Rounded up: who waits as told is not refused again.
                let seconds = wait.as_millis().div_ceil(1_000).max(1) as u64;
                let message = format!("Tried too often. Try again in {seconds} s.");
                with_code(ErrorCode::RateLimited, message)
                    .extend_with(|_, extensions| extensions.set("retryAfter", seconds))
            }
            ApiError::Store(failure) => {
                let (code, message) = of_store(&failure);
                let error = with_code(code, message);
                match failure.kind {
                    ErrorKind::OutcomeUnknown => {
                        error.extend_with(|_, extensions| extensions.set("outcome", "UNKNOWN"))
                    }
                    _ => error,
                }
            }
        }
    }
}

/// What to do where too much is asked for.
const LATER: &str = "Try again in a while.";

/// A store's failure as clients see it. It was logged where the call was made: many fields may share it.
fn of_store(failure: &StoreError) -> (ErrorCode, String) {
    let role = failure.role;
    let code = if failure.is_late_request() { ErrorCode::Timeout } else { ErrorCode::StoreUnavailable };
    match failure.kind {
        ErrorKind::OutcomeUnknown => {
            (code, format!("The store of {role} did not say whether it wrote this. Look before you try again."))
        }
        ErrorKind::Timeout if code == ErrorCode::Timeout => (code, "The request took too long.".to_owned()),
        ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::NotReady | ErrorKind::Conflict => {
            (code, format!("The store of {role} does not answer at the moment."))
        }
        ErrorKind::Overloaded => (ErrorCode::Overloaded, format!("The store of {role} has too much to do. {LATER}")),
        ErrorKind::Internal => (ErrorCode::Internal, "Something went wrong on our side.".to_owned()),
    }
}

/// The code of an error that the executor made. Errors of our resolvers carry theirs; the rest are the executor's
/// own: with a path they are about a value that did not coerce, without one about the document.
pub(super) fn code_of(error: &ServerError) -> ErrorCode {
    let given = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
    if let Some(Value::String(given)) = given {
        let known = [
            ErrorCode::BadUserInput,
            ErrorCode::Unauthenticated,
            ErrorCode::RateLimited,
            ErrorCode::Overloaded,
            ErrorCode::StoreUnavailable,
            ErrorCode::Timeout,
        ];
        return known.into_iter().find(|code| code.as_str() == given).unwrap_or(ErrorCode::Internal);
    }
    if !error.path.is_empty() {
        return ErrorCode::BadUserInput;
    }
    match error.message.as_str() {
        message if message.starts_with("Unknown operation named") || message.starts_with("Operation name required") => {
            ErrorCode::BadUserInput
        }
        _ => ErrorCode::ValidationFailed,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Pos;

    use super::*;
    use crate::ports::Role;
    use crate::ports::deadline::DeadlinePassed;

    /// The code, and the outcome if one is told, of a mutation whose store failed like this.
    fn told(kind: ErrorKind) -> (ErrorCode, Option<Value>) {
        told_of(StoreError::new(Role::Posts, kind, "the driver's words"))
    }

    fn told_of(failure: StoreError) -> (ErrorCode, Option<Value>) {
        let failure = ServiceError::from(failure);
        let error = async_graphql::Error::from(ApiError::from(failure)).into_server_error(Pos::default());
        assert!(!error.message.contains("driver"), "{}", error.message);
        let outcome = error.extensions.as_ref().and_then(|extensions| extensions.get("outcome")).cloned();
        (code_of(&error), outcome)
    }

    #[test]
    fn only_of_a_lost_answer_the_outcome_is_unknown() {
        let unknown = Some(Value::from("UNKNOWN"));
        assert_eq!(told(ErrorKind::OutcomeUnknown), (ErrorCode::StoreUnavailable, unknown));
        for kind in [ErrorKind::Unavailable, ErrorKind::Timeout, ErrorKind::NotReady, ErrorKind::Conflict] {
            assert_eq!(told(kind), (ErrorCode::StoreUnavailable, None), "{kind:?}");
        }
        assert_eq!(told(ErrorKind::Internal), (ErrorCode::Internal, None));
        assert_eq!(told(ErrorKind::Overloaded), (ErrorCode::Overloaded, None));
    }
    #[test]
    fn a_request_without_time_is_told_so() {
        let late = |kind| told_of(StoreError::new(Role::Posts, kind, DeadlinePassed));
        assert_eq!(late(ErrorKind::Timeout), (ErrorCode::Timeout, None));
        assert_eq!(late(ErrorKind::OutcomeUnknown), (ErrorCode::Timeout, Some(Value::from("UNKNOWN"))));
    }
}
