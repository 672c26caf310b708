//! Reads a request's body up to its limit, so that a client whose body is too large still reads why.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use bytes::BytesMut;
use futures::StreamExt as _;

/// The most bytes that a body may have.
pub(super) const MAX_BODY: usize = 1024 * 1024;
/// How much of a body is read before its connection is given up.
const MAX_DRAINED: usize = 8 * MAX_BODY;

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// It has more than [`MAX_BODY`] bytes.
    TooLarge,
    /// The connection failed before its end.
    Broken,
}

/// Reads a body.
///
/// What comes after the limit is read and thrown away, up to 8 MiB: to close a connection that is still being written to
/// resets it, and the client sees a broken pipe in place of the answer (RFC 9112 §9.6). A client that asks beforehand
/// (`Expect: 100-continue`) is refused before it sends anything.
pub(super) async fn read_body(headers: &HeaderMap, body: Body) -> Result<Bytes, Unread> {
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > MAX_BODY) && headers.contains_key(header::EXPECT) {
        return Err(Unread::TooLarge);
    }
    let mut chunks = body.into_data_stream();
    let mut whole = BytesMut::with_capacity(declared.unwrap_or(0).min(MAX_BODY));
    let mut read = 0;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Unread::Broken)?;
        read += chunk.len();
        if read <= MAX_BODY {
            whole.extend_from_slice(&chunk);
        } else if read > MAX_DRAINED {
            break;
        }
    }
    if read > MAX_BODY { Err(Unread::TooLarge) } else { Ok(whole.freeze()) }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::http::HeaderValue;
    use futures::stream;

    use super::*;

    async fn read(body: Vec<u8>, headers: &HeaderMap) -> Result<usize, Unread> {
        read_body(headers, Body::from(body)).await.map(|bytes| bytes.len())
    }

    #[tokio::test]
    async fn a_body_of_the_limit_is_read_and_one_of_a_byte_more_is_not() {
        let headers = HeaderMap::new();
        assert_eq!(read(vec![b' '; MAX_BODY], &headers).await, Ok(MAX_BODY));
        assert_eq!(read(vec![b' '; MAX_BODY + 1], &headers).await, Err(Unread::TooLarge));
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
            let refused = read_body(headers, Body::from_stream(chunks.take(sent))).await;
            assert_eq!((refused, taken.load(Ordering::Relaxed)), (Err(Unread::TooLarge), expected));
        }
    }
}
