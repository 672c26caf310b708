//! How a request becomes an operation that is ready: read, its document found, prepared.

use axum::http::StatusCode;
use axum::response::Response;

use super::graphql::Exchange;
use super::request::{Encoded, NotARequest, Requested};
use crate::graphql::{ErrorCode, Operation, Ready, prepare};
use crate::services::documents::{Meant, Protocol, Unserved};

impl Exchange<'_> {
    /// Reads the request; `Err` where it is none.
    pub(super) fn decode(&self, encoded: Encoded<'_>) -> Result<Requested, Box<Response>> {
        encoded.decode(self.headers).map_err(|fault| Box::new(self.not_a_request(fault)))
    }

    /// The refusal of what is no request.
    pub(super) fn not_a_request(&self, fault: NotARequest) -> Response {
        let (status, code, message) = match fault {
            NotARequest::Malformed(message) => (StatusCode::BAD_REQUEST, ErrorCode::BadUserInput, message),
            NotARequest::UnsupportedMediaType => {
                let message = "The body must be application/json in UTF-8.".to_owned();
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::BadUserInput, message)
            }
        };
        self.refuse(status, code, &message)
    }

    /// Finds the document that is meant, and prepares it; `Err` where it is not to run.
    pub(super) async fn prepare(&self, requested: Requested) -> Result<Ready, Box<Response>> {
        let Requested { text, document, operation: name, variables, safe } = requested;
        let meant = self.gateway.documents.find(text, document).await;
        let Meant { text, registers } = meant.map_err(|unserved| Box::new(self.unserved(unserved)))?;
        let ready = prepare(&self.gateway.schema, Operation { query: text, name, variables, safe }).await;
        if let Some(hash) = registers
            && ready.is_valid()
        {
            self.gateway.documents.register(hash, &ready.operation().query).await;
        }
        Ok(ready)
    }

    fn unserved(&self, unserved: Unserved) -> Response {
        // Clients of Apollo's protocol know its refusals by these messages, which its own server answers with 200.
        let (status, code, message) = match unserved {
            Unserved::Missing => {
                (StatusCode::BAD_REQUEST, ErrorCode::BadUserInput, "There is no `query` in the request.")
            }
            Unserved::Unknown(Protocol::PersistedQuery) => {
                (StatusCode::OK, ErrorCode::PersistedQueryNotFound, "PersistedQueryNotFound")
            }
            Unserved::Unknown(Protocol::DocumentId) => {
                (StatusCode::BAD_REQUEST, ErrorCode::PersistedQueryNotFound, "No document has this `documentId`.")
            }
            Unserved::Unsupported => {
                (StatusCode::OK, ErrorCode::PersistedQueryNotSupported, "PersistedQueryNotSupported")
            }
            Unserved::OtherHash => {
                (StatusCode::BAD_REQUEST, ErrorCode::BadUserInput, "`query` has another SHA-256 than the request says.")
            }
            Unserved::Untrusted => (
                StatusCode::FORBIDDEN,
                ErrorCode::Forbidden,
                "Only trusted documents run here, and this is none of them.",
            ),
        };
        self.refuse(status, code, message)
    }
}
