//! What is left of a client's budget, in the headers of its answers, and the refusal where too little is.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;

use super::accept::MediaType;
use super::request_id::RequestId;
use super::respond;
use crate::graphql::ErrorCode;
use crate::services::rate_limits::Charge;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Says in an answer what is left (draft-ietf-httpapi-ratelimit-headers-10): of which policy, of `q` units in `w` seconds, `r`
/// are left; and after `t` seconds all are there again.
pub(super) fn tell(response: &mut Response, Charge { policy, quota, spent }: &Charge) {
    let lines = [
        (POLICY, format!("\"{policy}\";q={};w={}", quota.units, quota.window.as_secs())),
        (LIMIT, format!("\"{policy}\";r={};t={}", spent.remaining, seconds(spent.full_after))),
    ];
    for (name, line) in lines {
        if let Ok(value) = HeaderValue::try_from(line) {
            response.headers_mut().insert(name, value);
        }
    }
}

/// The answer to a request whose cost is not left, and will be after `wait`.
pub(super) fn refused(media: MediaType, charge: &Charge, wait: Duration, id: &RequestId) -> Response {
    let wait = seconds(wait).max(1);
    let message = format!("Too much was asked for. Try again in {wait} s.");
    let (status, code) = (StatusCode::TOO_MANY_REQUESTS, ErrorCode::RateLimited);
    let mut response = respond::refusal_for(media, status, code, &message, wait, id);
    tell(&mut response, charge);
    response
}

/// Rounded up: who waits as told is not refused again.
fn seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;
    use crate::ports::{Quota, Spent};

    #[test]
    fn headers_are_those_of_the_draft() {
        let spent = Spent { refused_for: None, remaining: 40, full_after: Duration::from_millis(1_001) };
        let quota = Quota { units: 100, window: Duration::from_secs(60) };
        let mut response = Response::new(Body::empty());
        tell(&mut response, &Charge { policy: "viewer", quota, spent });
        let header = |name: HeaderName| response.headers()[name].to_str().expect("text").to_owned();
        assert_eq!(header(POLICY), "\"viewer\";q=100;w=60");
        assert_eq!(header(LIMIT), "\"viewer\";r=40;t=2");
    }
}
