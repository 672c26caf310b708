//! Event streams (WHATWG HTML §9.2; the protocol of graphql-sse in distinct connections mode: a request for each
//! operation, events `next` and `complete`).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use futures::stream::{self, BoxStream, Stream, StreamExt as _};
use serde_json::json;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::super::request::Encoded;
use super::super::request_id::RequestId;
use super::opening::{Begun, begin};
use super::payload::payload;
use super::session_changed;
use crate::graphql::ErrorCode;
use crate::http::Gateway;
use crate::live::{Frame, SessionState, Watched};
use crate::ports::Position;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// nginx passes on at once what has this.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");
/// How often something is sent, so that nobody in between takes the connection for dead.
const HEARTBEAT: Duration = Duration::from_secs(12);

/// Answers an operation by an event stream.
pub(in crate::http) async fn stream(
    gateway: Arc<Gateway>,
    id: RequestId,
    headers: &HeaderMap,
    encoded: Encoded<'_>,
) -> Response {
    let after = headers.get(LAST_EVENT_ID).and_then(|last| last.to_str().ok()).and_then(Position::read);
    // What is answered is negotiated as if JSON were wanted: it becomes an event.
    let mut asked = headers.clone();
    asked.insert(header::ACCEPT, HeaderValue::from_static("application/graphql-response+json"));
    match begin(&gateway, &id, &asked, encoded, after).await {
        Begun::Told { frames, identified } => {
            let session = identified.map(|identified| gateway.live.vigil.watch(&identified));
            let mut heartbeat = interval(HEARTBEAT);
            heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let stop = gateway.live.stop.clone();
            let events = Events { frames, session, heartbeat, stop, request_id: id.id, is_over: false };
            events_of(stream::unfold(events, async |mut events| Some((events.next().await?, events))))
        }
        // It was not looked at, or not allowed: that is for HTTP to say.
        Begun::Answered(response) if ![StatusCode::OK, StatusCode::BAD_REQUEST].contains(&response.status()) => {
            response
        }
        Begun::Answered(response) => {
            let (parts, body) = response.into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
            let text = format!("{}{COMPLETE}", next(&String::from_utf8_lossy(&body), None));
            let mut response = events_of(stream::iter([text]));
            for (name, value) in &parts.headers {
                if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
                    response.headers_mut().entry(name).or_insert_with(|| value.clone());
                }
            }
            response
        }
    }
}

const COMPLETE: &str = "event: complete\ndata:\n\n";

/// A result as an event.
fn next(payload: &str, position: Option<&Position>) -> String {
    // JSON as we write it has no line breaks.
    let id = position.map(|position| format!("id: {position}\n")).unwrap_or_default();
    format!("event: next\n{id}data: {payload}\n\n")
}

/// The events of a subscription.
struct Events {
    frames: BoxStream<'static, Frame>,
    session: Option<Watched>,
    heartbeat: Interval,
    stop: CancellationToken,
    request_id: String,
    is_over: bool,
}

impl Events {
    async fn next(&mut self) -> Option<String> {
        while !self.is_over {
            tokio::select! {
                // Who is cut off comes back after what came last.
                () = self.stop.cancelled() => return None,
                frame = self.frames.next() => {
                    let Some(frame) = frame else { return Some(self.last(String::new())) };
                    return Some(next(&payload(&frame, false), frame.position.as_ref()));
                }
                state = session_changed(&mut self.session) => {
                    if state == SessionState::Ended {
                        let extensions =
                            json!({ "code": ErrorCode::Unauthenticated.as_str(), "requestId": self.request_id });
                        let error = json!({ "message": "The session has ended. Sign in again.", "extensions": extensions });
                        return Some(self.last(next(&json!({ "errors": [error] }).to_string(), None)));
                    }
                }
                // A comment, also at once: then the client knows that it is heard.
                _ = self.heartbeat.tick() => return Some(":\n\n".to_owned()),
            }
        }
        None
    }

    fn last(&mut self, event: String) -> String {
        self.is_over = true;
        event + COMPLETE
    }
}

fn events_of(events: impl Stream<Item = String> + Send + 'static) -> Response {
    let mut response = Response::new(Body::from_stream(events.map(|event| Ok::<_, Infallible>(Bytes::from(event)))));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(UNBUFFERED, HeaderValue::from_static("no"));
    response
}
