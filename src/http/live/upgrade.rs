//! From HTTP to WebSocket (RFC 6455 §4, RFC 8441).

use std::sync::Arc;

use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;

use super::super::accept::MediaType;
use super::super::request_id::RequestId;
use super::super::respond;
use super::connection::Connection;
use super::protocol::{Closing, SUBPROTOCOL};
use crate::config::CorsOrigins;
use crate::graphql::ErrorCode;
use crate::http::Gateway;

/// After how many seconds those may come back for whom there is no place.
const TRY_AGAIN_AFTER: u64 = 5;
/// What a connection that says nothing holds ready, in bytes; larger messages make room for themselves.
const BUFFER: usize = 1024;

/// Lets a client go on by WebSocket.
pub(in crate::http) fn upgrade(
    gateway: Arc<Gateway>,
    id: RequestId,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !is_welcome(&headers, &gateway.doors.cors_origins) {
        let message = "Pages of this origin may not open a WebSocket here.";
        return respond::refusal(MediaType::Json, StatusCode::FORBIDDEN, ErrorCode::Forbidden, message, &id);
    }
    let Ok(place) = Arc::clone(&gateway.live.sockets).try_acquire_owned() else {
        let message = "There are as many WebSockets as there may be. Try again in a while.";
        let (status, code) = (StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Overloaded);
        return respond::refusal_for(MediaType::Json, status, code, message, TRY_AGAIN_AFTER, &id);
    };
    let most = gateway.live.limits.message_size;
    let upgrade = upgrade.protocols([SUBPROTOCOL]).max_message_size(most).max_frame_size(most);
    // One frame that could not be written is all that is kept back; a client slower than that is given up.
    let upgrade = upgrade.read_buffer_size(BUFFER).write_buffer_size(0).max_write_buffer_size(usize::MAX);
    let connections = gateway.live.connections.clone();
    // A copy: each header holds on to all that was read with it, which is kilobytes for as long as the WebSocket is open.
    let token = headers.get(header::AUTHORIZATION).and_then(|token| HeaderValue::from_bytes(token.as_bytes()).ok());
    drop(headers);
    upgrade.on_upgrade(move |socket| {
        connections.track_future(async move {
            serve(gateway, id, token, socket).await;
            drop(place);
        })
    })
}

async fn serve(gateway: Arc<Gateway>, id: RequestId, token: Option<HeaderValue>, mut socket: WebSocket) {
    if socket.protocol().is_none_or(|protocol| protocol != SUBPROTOCOL) {
        // It is told, if it can still be told.
        let _ = socket.send(Closing::SubprotocolNotAcceptable.message()).await;
        return;
    }
    Connection::new(gateway, id, token, socket).run().await;
}

/// Whether pages of the request's origin may open a WebSocket, which browsers let any page do: those of this host, and
/// those that may read answers. A client that is no page says no origin.
fn is_welcome(headers: &HeaderMap, origins: &CorsOrigins) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let is_ours = host.is_some_and(|host| {
        origin.split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
    });
    is_ours
        || match origins {
            CorsOrigins::Any => true,
            CorsOrigins::These(origins) => origins.iter().any(|allowed| allowed.as_str() == origin),
        }
}
