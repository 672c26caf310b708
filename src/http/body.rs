//! Reads a request's body within its limits, so that a client whose body is too large or too slow still reads why.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use bytes::BytesMut;
use futures::StreamExt as _;

use crate::graphql::ErrorCode;

/// How many times a body's limit is read before its connection is given up.
const DRAINED: usize = 8;

/// What a body must keep to.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimits {
    /// The most bytes that it may have.
    pub size: usize,
    /// How long its client may take to send it.
    pub time: Duration,
}

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// It has more bytes than this.
    TooLarge(usize),
    /// It was not there in time.
    TooSlow,
    /// It is compressed: what it comes to can't be told before it is unpacked.
    Encoded,
    /// The connection failed before its end.
    Broken,
}

impl Unread {
    /// What the client is told, and a header that goes with it.
    pub(super) fn told(self) -> (StatusCode, ErrorCode, String, Option<(HeaderName, HeaderValue)>) {
        match self {
            Self::TooLarge(most) => {
                let message = format!("The body has more than {most} bytes.");
                (StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::RequestTooLarge, message, None)
            }
            Self::TooSlow => {
                let close = (header::CONNECTION, HeaderValue::from_static("close"));
                let message = "The body was not sent in time.".to_owned();
                (StatusCode::REQUEST_TIMEOUT, ErrorCode::Timeout, message, Some(close))
            }
            Self::Encoded => {
                // RFC 9110 §12.5.3 has this header say that it is the coding which was not accepted.
                let accepted = (header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
                let message = "The body must not be compressed.".to_owned();
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::BadUserInput, message, Some(accepted))
            }
            Self::Broken => {
                let message = "The body could not be read.".to_owned();
                (StatusCode::BAD_REQUEST, ErrorCode::BadUserInput, message, None)
            }
        }
    }
}

/// Reads a body.
///
/// What comes after the limit is read and thrown away, up to eight times the limit: to close a connection that is still being written to
/// resets it, and the client sees a broken pipe in place of the answer (RFC 9112 §9.6). A client that asks beforehand
/// (`Expect: 100-continue`) is refused before it sends anything.
pub(super) async fn read_body(headers: &HeaderMap, body: Body, limits: BodyLimits) -> Result<Bytes, Unread> {
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limits.size) && headers.contains_key(header::EXPECT) {
        return Err(Unread::TooLarge(limits.size));
    }
    let read = tokio::time::timeout(limits.time, read_up_to(limits.size, declared.unwrap_or(0), body)).await;
    let body = read.unwrap_or(Err(Unread::TooSlow))?;
    match headers.get(header::CONTENT_ENCODING) {
        Some(coding) if !coding.as_bytes().eq_ignore_ascii_case(b"identity") => Err(Unread::Encoded),
        _ => Ok(body),
    }
}

async fn read_up_to(most: usize, declared: usize, body: Body) -> Result<Bytes, Unread> {
    let mut chunks = body.into_data_stream();
    let mut whole = BytesMut::with_capacity(declared.min(most));
    let mut read = 0_usize;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Unread::Broken)?;
        read += chunk.len();
        if read <= most {
            whole.extend_from_slice(&chunk);
        } else if read > DRAINED.saturating_mul(most) {
            break;
        }
    }
    if read > most { Err(Unread::TooLarge(most)) } else { Ok(whole.freeze()) }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::stream;

    use super::*;

    const MAX_BODY: usize = 1024 * 1024;
    const LIMITS: BodyLimits = BodyLimits { size: MAX_BODY, time: Duration::from_secs(30) };

    async fn read(body: Vec<u8>, headers: &HeaderMap) -> Result<usize, Unread> {
        read_body(headers, Body::from(body), LIMITS).await.map(|bytes| bytes.len())
    }

    #[tokio::test]
    async fn a_body_of_the_limit_is_read_and_one_of_a_byte_more_is_not() {
        let headers = HeaderMap::new();
        assert_eq!(read(vec![b' '; MAX_BODY], &headers).await, Ok(MAX_BODY));
        assert_eq!(read(vec![b' '; MAX_BODY + 1], &headers).await, Err(Unread::TooLarge(MAX_BODY)));
        assert_eq!(read(Vec::new(), &headers).await, Ok(0));
    }

    #[tokio::test]
    async fn what_is_too_large_is_drained_up_to_a_bound() {
        let mut asking = HeaderMap::new();
        asking.insert(header::CONTENT_LENGTH, HeaderValue::from(3 * MAX_BODY));
        let sending = asking.clone();
        asking.insert(header::EXPECT, HeaderValue::from_static("100-continue"));
        for (headers, sent, expected) in [(&sending, 3, 3), (&HeaderMap::new(), 20, 9), (&asking, 3, 0)] {
            let taken = Arc::new(AtomicUsize::new(0));
            let count = taken.clone();
            let chunks = stream::repeat_with(move || {
                count.fetch_add(1, Ordering::Relaxed);
                Ok::<_, Infallible>(Bytes::from(vec![b' '; MAX_BODY]))
            });
            let refused = read_body(headers, Body::from_stream(chunks.take(sent)), LIMITS).await;
            assert_eq!((refused, taken.load(Ordering::Relaxed)), (Err(Unread::TooLarge(MAX_BODY)), expected));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_in_time_is_given_up() {
        let drop_by_drop = |every: u64| {
            let drops = stream::unfold(0, move |sent| async move {
                tokio::time::sleep(Duration::from_secs(every)).await;
                (sent < 10).then_some((Ok::<_, Infallible>(Bytes::from_static(b" ")), sent + 1))
            });
            Body::from_stream(drops)
        };
        let headers = HeaderMap::new();
        assert_eq!(read_body(&headers, drop_by_drop(1), LIMITS).await.map(|body| body.len()), Ok(10));
        assert_eq!(read_body(&headers, drop_by_drop(10), LIMITS).await, Err(Unread::TooSlow));
    }

    #[tokio::test]
    async fn what_is_compressed_is_refused_whatever_it_holds() {
        for (coding, expected) in
            [("gzip", Err(Unread::Encoded)), ("identity, br", Err(Unread::Encoded)), ("Identity", Ok(2))]
        {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
            assert_eq!(read(b"{}".to_vec(), &headers).await, expected, "{coding}");
        }
    }
}
