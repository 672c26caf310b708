//! The doors: routes, what is accepted, and how answers leave.

mod accept;
mod admission;
mod batch;
mod body;
mod budget;
mod caching;
mod client_address;
mod graphiql;
mod graphql;
mod health;
mod json;
mod listen;
mod live;
mod metrics;
mod pages;
mod reading;
mod request;
mod request_id;
mod respond;
mod security;
mod timing;
mod tls;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use ipnet::IpNet;

pub use admission::{Admission, AdmissionLimits};
pub use body::BodyLimits;
pub use health::{Health, Phase};
pub use listen::{ConnectionLimits, serve};
pub use live::{ClientMessage, LiveDoors, LiveLimits};
pub use request::{Encoded, NotARequest, Requested};
pub use security::Doors;
pub use tls::{Tls, TlsError};

use crate::cache::Results;
use crate::config::ExplainFor;
use crate::graphql::{Loading, PolygraphSchema};
use crate::ports::{Entropy, Stores, Trail};
use crate::services::documents::Documents;
use crate::services::identity::Identity;
use crate::services::rate_limits::RateLimits;
use crate::services::use_cases::UseCases;

/// All that a request is answered with.
pub struct Gateway {
    /// The executable schema.
    pub schema: PolygraphSchema,
    /// The stores that queries are answered from.
    pub stores: Stores,
    /// Kept results, if any are.
    pub results: Option<Results>,
    /// What clients may do.
    pub use_cases: UseCases,
    /// The documents that are known by name.
    pub documents: Documents,
    /// Who stands behind a token.
    pub identity: Arc<dyn Identity>,
    /// How long the stores are asked for a request, all in all.
    pub request_timeout: Duration,
    /// What those who ask may ask for, if that is limited.
    pub rate_limits: Option<RateLimits>,
    /// Lets operations be executed, no more at once than can be.
    pub admission: Admission,
    /// The proxies that are believed about where requests come from.
    pub trusted_proxies: Vec<IpNet>,
    /// The present on a clock that never goes back.
    pub now: fn() -> Instant,
    /// For how many seconds caches between us and clients may use what is public without asking, if they may.
    pub shared_max_age: Option<u64>,
    /// Which stores answer, and whether the gateway takes requests.
    pub health: Arc<Health>,
    /// Whether `/metrics` is there.
    pub tells_metrics: bool,
    /// For request ids.
    pub entropy: Arc<dyn Entropy>,
    /// To whom requests are explained.
    pub explain: ExplainFor,
    /// Makes stores that leave a trail, for a request that is to be explained.
    pub traced: fn(&Stores) -> (Stores, Trail),
    /// Opens the lanes of each request.
    pub loading: Loading,
    /// Who is let in to what.
    pub doors: Doors,
    /// Those who are told what happens.
    pub live: Arc<LiveDoors>,
}

/// The gateway, as handlers get it.
type Shared = State<Arc<Gateway>>;

/// The routes of a gateway.
pub fn router(gateway: Gateway) -> Router {
    let gateway = Arc::new(gateway);
    let routes = Router::new()
        .route("/", get(graphiql::page).fallback(respond::method_not_allowed_get))
        .route("/assets/graphiql/{name}", get(graphiql::file).fallback(respond::method_not_allowed_get))
        .route("/graphql", get(graphql::get).post(graphql::post).fallback(respond::method_not_allowed))
        .route("/schema.graphql", get(pages::schema).fallback(respond::method_not_allowed_get))
        .route("/livez", get(pages::alive).fallback(respond::method_not_allowed_get))
        .route("/metrics", get(metrics::metrics).fallback(respond::method_not_allowed_get))
        .route("/readyz", get(health::ready).fallback(respond::method_not_allowed_get))
        .fallback(respond::not_found);
    let routes = match security::cors(&gateway.doors.cors_origins) {
        Some(cors) => routes.layer(cors),
        None => routes,
    };
    routes.layer(request_id::layer(Arc::clone(&gateway))).with_state(gateway)
}
