//! Request ids: one for each request, in the response's header and in each of its errors.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::panic::AssertUnwindSafe;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use futures::FutureExt as _;
use tracing::Instrument as _;

use super::{Gateway, Shared, respond};
use crate::domain::hex;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id of the request at hand, and where it comes from.
#[derive(Debug, Clone)]
pub(super) struct RequestId {
    pub id: String,
    /// The address of the connection's other end; unspecified where the transport has none.
    pub address: IpAddr,
}

/// Takes the id that a proxy in front gave, if it is a plain one, and makes one otherwise. A request that panics is
/// answered here, where its id is known.
pub(super) async fn assign(State(gateway): Shared, mut request: Request, next: Next) -> Response {
    let given = request.headers().get(&HEADER).and_then(|id| id.to_str().ok()).filter(|id| is_plain(id));
    let id = given.map_or_else(|| random(&gateway), ToOwned::to_owned);
    let span = tracing::debug_span!("request", id, method = %request.method(), path = request.uri().path());
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    let address = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let known = RequestId { id: id.clone(), address };
    request.extensions_mut().insert(known.clone());
    let answered = AssertUnwindSafe(next.run(request).instrument(span)).catch_unwind().await;
    let mut response = answered.unwrap_or_else(|panic| respond::panicked(&*panic, &known));
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

fn is_plain(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn random(gateway: &Gateway) -> String {
    let mut bytes = [0; 12];
    gateway.entropy.fill(&mut bytes);
    hex(&bytes)
}
