//! Who is let in to what, and what browsers are told to heed.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::response::Response;
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::body::BodyLimits;
use crate::config::CorsOrigins;

/// Who is let in to what.
#[derive(Debug, Clone)]
pub struct Doors {
    /// What bodies must keep to.
    pub body: BodyLimits,
    /// Whether GraphiQL is served.
    pub graphiql: bool,
    /// Whether the schema's text is served.
    pub schema: bool,
    /// How many operations a batch may hold; 0: there are none.
    pub max_batch: usize,
    /// Pages of which other origins may read answers.
    pub cors_origins: CorsOrigins,
    /// `Strict-Transport-Security`, if browsers are to come by HTTPS only.
    pub hsts: Option<HeaderValue>,
}

impl Doors {
    /// The header that tells browsers to come by HTTPS only for so long, in whole seconds.
    pub fn hsts_for(max_age: Duration) -> Option<HeaderValue> {
        HeaderValue::try_from(format!("max-age={}", max_age.as_secs())).ok()
    }
}

/// Adds what browsers are to heed to an answer: to take it for nothing but what it says it is, to tell no other site
/// where they come from, and to show it in no frame. What is no page of ours may load nothing.
pub(super) fn add_headers(response: &mut Response, doors: &Doors) {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    if let Some(hsts) = &doors.hsts {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, hsts.clone());
    }
}

/// What lets pages of other origins read answers; `None` where there are none. Tokens are sent by a page itself, never
/// by the browser, so credentials are not allowed.
pub(super) fn cors(origins: &CorsOrigins) -> Option<CorsLayer> {
    let allowed = match origins {
        CorsOrigins::Any => AllowOrigin::any(),
        CorsOrigins::These(origins) if origins.is_empty() => return None,
        CorsOrigins::These(origins) => {
            AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
        }
    };
    let asked = ["x-cost", "x-explain", "x-request-id"].map(HeaderName::from_static);
    let told = ["x-cache", "x-request-id"].map(HeaderName::from_static);
    Some(
        CorsLayer::new()
            .allow_origin(allowed)
            .allow_methods([Method::GET, Method::POST])
            .allow_headers(
                [header::ACCEPT, header::AUTHORIZATION, header::CACHE_CONTROL, header::CONTENT_TYPE]
                    .into_iter()
                    .chain(asked)
                    .collect::<Vec<_>>(),
            )
            .expose_headers(told.into_iter().chain([header::RETRY_AFTER]).collect::<Vec<_>>())
            .max_age(Duration::from_secs(60 * 60)),
    )
}
