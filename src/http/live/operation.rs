//! What an operation of a WebSocket comes to, message by message.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use futures::stream::{self, BoxStream, Stream, StreamExt as _};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio_util::task::AbortOnDropHandle;

use super::super::request::Encoded;
use super::super::request_id::RequestId;
use super::opening::{self, Begun};
use super::payload::payload;
use super::protocol::Resumption;
use crate::cache::Form;
use crate::graphql::ErrorCode;
use crate::http::Gateway;
use crate::ports::Position;

/// What is said of the operation `id`.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said {
    /// A result, as JSON.
    Next { id: String, payload: String },
    /// It failed before anything was executed: the errors.
    Failed { id: String, errors: Value },
    /// Nothing more comes.
    Complete { id: String },
    /// Who asks is not signed in any more.
    Forbidden { id: String },
}

/// Begins an operation, and tells what comes of it.
pub(super) fn begin(
    gateway: Arc<Gateway>,
    request: RequestId,
    headers: HeaderMap,
    id: String,
    operation: Box<RawValue>,
    Resumption { tells_id, after }: Resumption,
) -> impl Stream<Item = Said> + Send + 'static {
    let request_id = request.id.clone();
    // Boxed, so that there is no room for it any more once it is done: a subscription stays.
    let begun = Box::pin(async move {
        let encoded = Encoded { form: Form::Body, raw: operation.get().as_bytes() };
        let after = after.as_deref().and_then(Position::read);
        opening::begin(&gateway, &request, &headers, encoded, after).await
    });
    // A task of its own: a client that is slow to read must not hold a store's connection meanwhile.
    let begun = async { AbortOnDropHandle::new(tokio::spawn(begun)).await };
    stream::once(begun).flat_map(move |begun| -> BoxStream<'static, Said> {
        let id = id.clone();
        let begun = match begun {
            Ok(begun) => begun,
            Err(panicked) => {
                tracing::error!(%panicked, "an operation of a WebSocket panicked");
                let extensions = json!({ "code": ErrorCode::Internal.as_str(), "requestId": request_id });
                let errors = json!([{ "message": "Something went wrong on our side.", "extensions": extensions }]);
                return stream::iter([Said::Failed { id, errors }]).boxed();
            }
        };
        match begun {
            Begun::Answered(response) => stream::once(answered(id, response)).flat_map(stream::iter).boxed(),
            Begun::Told { frames, .. } => {
                let complete = Said::Complete { id: id.clone() };
                let next = move |frame| Said::Next { id: id.clone(), payload: payload(&frame, tells_id) };
                frames.map(next).chain(stream::iter([complete])).boxed()
            }
        }
    })
}

/// The answer to a query or mutation, or the refusal of whatever it was.
async fn answered(id: String, response: Response) -> Vec<Said> {
    let status = response.status();
    if status == StatusCode::UNAUTHORIZED {
        return vec![Said::Forbidden { id }];
    }
    // An answer is in memory as a whole already.
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap_or_default();
    let payload = String::from_utf8_lossy(&body).into_owned();
    if status == StatusCode::OK {
        return vec![Said::Next { id: id.clone(), payload }, Said::Complete { id }];
    }
    let refusal: Value = serde_json::from_str(&payload).unwrap_or_default();
    vec![Said::Failed { id, errors: refusal.get("errors").cloned().unwrap_or_default() }]
}
