//! Request ids: one for each request, in the response's header and in each of its errors.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tower::layer::layer_fn;
use tower::{Layer, Service};
use tracing::Instrument as _;

use super::client_address::client_address;
use super::{Gateway, respond, security};
use crate::domain::hex;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id of the request at hand, and where it comes from.
#[derive(Debug, Clone)]
pub(super) struct RequestId {
    pub id: String,
    /// The address of the client; unspecified where the transport has none.
    pub address: IpAddr,
}

/// Gives each request to a service its id.
///
/// A service of its own, since axum's `from_fn` clones and boxes what comes after it for every request: a tenth of what a
/// kept answer costs.
#[derive(Clone)]
pub(super) struct WithId<S> {
    gateway: Arc<Gateway>,
    inner: S,
}

/// What gives requests their ids.
pub(super) fn layer<S>(gateway: Arc<Gateway>) -> impl Layer<S, Service = WithId<S>> + Clone {
    layer_fn(move |inner| WithId { gateway: Arc::clone(&gateway), inner })
}

/// Takes the id that a proxy in front gave, if it is a plain one, and makes one otherwise. A request that panics is
/// answered here, where its id is known. Every answer leaves with the headers that browsers are to heed.
impl<S> Service<Request> for WithId<S>
where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send + 'static>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let given = request.headers().get(&HEADER).and_then(|id| id.to_str().ok()).filter(|id| is_plain(id));
        let id = given.map_or_else(|| random(&self.gateway), ToOwned::to_owned);
        let span = tracing::debug_span!("request", id, method = %request.method(), path = request.uri().path());
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let address = client_address(peer, request.headers(), &self.gateway.trusted_proxies);
        let known = RequestId { id, address };
        request.extensions_mut().insert(known.clone());
        let answering = self.inner.call(request).instrument(span);
        let gateway = Arc::clone(&self.gateway);
        Box::pin(async move {
            let answered = AssertUnwindSafe(answering).catch_unwind().await;
            let mut response = answered.unwrap_or_else(|panic| Ok(respond::panicked(&*panic, &known)))?;
            if let Ok(value) = HeaderValue::from_str(&known.id) {
                response.headers_mut().insert(HEADER, value);
            }
            security::add_headers(&mut response, &gateway.doors);
            Ok(response)
        })
    }
}

fn is_plain(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// An id of our own.
pub(super) fn random(gateway: &Gateway) -> String {
    let mut bytes = [0; 12];
    gateway.entropy.fill(&mut bytes);
    hex(&bytes)
}
