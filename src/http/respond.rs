//! How answers leave: GraphQL responses, and refusals in the same shape.

use std::any::Any;

use axum::Extension;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use serde_json::{Value, json};

use super::accept::MediaType;
use super::request_id::RequestId;
use crate::graphql::ErrorCode;

/// A GraphQL response that is serialised already.
pub(super) fn graphql(media: MediaType, status: StatusCode, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    // Room for all that is said with an answer.
    *response.headers_mut() = HeaderMap::with_capacity(12);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media.header()));
    response
}

/// A request that was refused as a whole.
pub(super) fn refusal(
    media: MediaType,
    status: StatusCode,
    code: ErrorCode,
    message: &str,
    id: &RequestId,
) -> Response {
    let extensions = json!({ "code": code.as_str(), "requestId": id.id });
    refused(media, status, &json!({ "message": message, "extensions": extensions }))
}

/// A request that was refused as a whole for now: it may be sent again after so many seconds.
pub(super) fn refusal_for(
    media: MediaType,
    status: StatusCode,
    code: ErrorCode,
    message: &str,
    seconds: u64,
    id: &RequestId,
) -> Response {
    let extensions = json!({ "code": code.as_str(), "requestId": id.id, "retryAfter": seconds });
    let mut response = refused(media, status, &json!({ "message": message, "extensions": extensions }));
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

fn refused(media: MediaType, status: StatusCode, error: &Value) -> Response {
    let mut response = graphql(media, status, Bytes::from(json!({ "errors": [error] }).to_string()));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// 405 for `/graphql`.
pub(super) async fn method_not_allowed() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD, POST")], "Use GET or POST.\n").into_response()
}

/// 405 for everything else.
pub(super) async fn method_not_allowed_get() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")], "Use GET.\n").into_response()
}

/// 404, which says where the API is.
pub(super) async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "There is nothing here. The API is at /graphql.\n").into_response()
}

/// A defect of ours: the request is answered, the panic's text is for the log alone.
pub(super) fn panicked(panic: &(dyn Any + Send), id: &RequestId) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or("unknown"), "a request panicked");
    let message = "Something went wrong on our side.";
    refusal(MediaType::Json, StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Internal, message, id)
}

/// The request's id, as the middleware put it there.
pub(super) type Id = Extension<RequestId>;
