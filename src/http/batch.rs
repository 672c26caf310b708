//! Batches: several operations in one body, as a JSON array. Neither GraphQL nor GraphQL over HTTP knows them; Apollo's
//! clients send them (`BatchHttpLink`), and graphql-yoga and Apollo Server answer them the same way.

use axum::body::to_bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::{BufMut as _, Bytes, BytesMut};
use futures::future::join_all;
use serde_json::value::RawValue;

use super::graphql::{self, Exchange};
use super::request::{Encoded, NotARequest};
use super::request_id::RequestId;
use super::{Gateway, accept, respond};
use crate::cache::Form;

/// Whether a body is an array.
pub(super) fn is_one(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"[")
}

/// Answers the operations of a batch side by side, each as if it had come alone, and puts the answers into an array in
/// their order. The status is that of all answers, or 200 where they differ.
pub(super) async fn answer(gateway: &Gateway, id: &RequestId, headers: &HeaderMap, body: &[u8]) -> Response {
    let Some(media) = accept::negotiate(headers) else { return graphql::not_acceptable() };
    let exchange = Exchange { gateway, id, headers, media, is_get: false };
    let operations = match read(headers, body, gateway.doors.max_batch) {
        Ok(operations) => operations,
        Err(fault) => return exchange.not_a_request(fault),
    };
    let answers = operations.iter().map(|operation| {
        let encoded = Encoded { form: Form::Body, raw: operation.get().as_bytes() };
        graphql::answer(gateway, id, headers, encoded)
    });
    joined(media, join_all(answers).await).await
}

/// The operations of a batch.
fn read<'a>(headers: &HeaderMap, body: &'a [u8], most: usize) -> Result<Vec<&'a RawValue>, NotARequest> {
    if !(Encoded { form: Form::Body, raw: body }).is_readable(headers) {
        return Err(NotARequest::UnsupportedMediaType);
    }
    let operations: Vec<&RawValue> =
        serde_json::from_slice(body).map_err(|_| NotARequest::Malformed("The body is not JSON.".to_owned()))?;
    match operations.len() {
        0 => Err(NotARequest::Malformed("The batch holds no operation.".to_owned())),
        count if count > most => {
            Err(NotARequest::Malformed(format!("A batch holds at most {most} operations; this one holds {count}.")))
        }
        _ => Ok(operations),
    }
}

async fn joined(media: accept::MediaType, answers: Vec<Response>) -> Response {
    let first = answers.first().map_or(StatusCode::OK, Response::status);
    let status = if answers.iter().all(|answer| answer.status() == first) { first } else { StatusCode::OK };
    let (mut body, mut retry_after) = (BytesMut::new(), None::<u64>);
    for (place, answer) in answers.into_iter().enumerate() {
        let seconds = answer.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        retry_after = retry_after.max(seconds);
        body.put_u8(if place == 0 { b'[' } else { b',' });
        // An answer is in memory as a whole already.
        body.put(to_bytes(answer.into_body(), usize::MAX).await.unwrap_or_default());
    }
    body.put_u8(b']');
    let mut response = respond::graphql(media, status, Bytes::from(body));
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, graphql::CHALLENGE);
    }
    response
}
