//! What is said about caching: by requests, and in the headers of answers (RFC 9110 §13, RFC 9111 §5.2).

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;

use crate::domain::Scope;
use crate::ports::Bypass;

const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

/// What the result cache did for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The answer was kept.
    Hit,
    /// It was not, and has been made.
    Miss,
    /// Another request was making it.
    Coalesced,
    /// The cache was not asked.
    Bypass(Why),
}

/// Why the result cache was not asked, or its word not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// It is off.
    Off,
    /// The request says so.
    Asked,
    /// The request is to be explained.
    Explained,
    /// The operation is not one to be executed.
    Refused,
    /// It can't be used at the moment.
    Unusable(Bypass),
}

impl Verdict {
    fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Hit => "HIT",
            Self::Miss => "MISS",
            Self::Coalesced => "COALESCED",
            Self::Bypass(Why::Off) => "BYPASS; reason=off",
            Self::Bypass(Why::Asked) => "BYPASS; reason=asked",
            Self::Bypass(Why::Explained) => "BYPASS; reason=explained",
            Self::Bypass(Why::Refused) => "BYPASS; reason=refused",
            Self::Bypass(Why::Unusable(Bypass::Lifeless)) => "BYPASS; reason=lifeless",
            Self::Bypass(Why::Unusable(Bypass::Unconfirmed)) => "BYPASS; reason=unconfirmed",
            Self::Bypass(Why::Unusable(Bypass::Unreachable)) => "BYPASS; reason=unreachable",
        })
    }

    /// Says in an answer what the cache did for it.
    pub(super) fn tell(self, response: &mut Response) {
        response.headers_mut().insert(X_CACHE, self.header());
    }
}

/// Whether a request wants its answer made anew.
pub(super) fn wants_fresh(headers: &HeaderMap) -> bool {
    let directives = headers.get_all(header::CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let mut directives = directives.flat_map(|value| value.split(','));
    directives.any(|directive| {
        let name = directive.split('=').next().unwrap_or_default().trim();
        name.eq_ignore_ascii_case("no-cache") || name.eq_ignore_ascii_case("no-store")
    })
}

/// Who may keep an answer, as its headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keepers {
    /// Anybody, who has to ask before using it again: whether it has changed, by this mark.
    Asking(Scope, u128),
    /// Nobody: it is no whole answer to a query.
    Nobody,
}

/// Adds to an answer who may keep it. A GET for what its client has already becomes a 304. `shared` is for how many
/// seconds caches that are shared may use what is public without asking, where they may at all.
pub(super) fn label(
    mut response: Response,
    keepers: Keepers,
    request: &HeaderMap,
    is_get: bool,
    shared: Option<u64>,
) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept, authorization"));
    let mark = match keepers {
        Keepers::Asking(Scope::Public, mark) => mark,
        Keepers::Asking(Scope::Private, _) => {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
            return response;
        }
        Keepers::Nobody => {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            return response;
        }
    };
    let shared = shared.filter(|_| is_get && !request.contains_key(header::AUTHORIZATION));
    let control = shared.and_then(|seconds| HeaderValue::try_from(format!("max-age=0, s-maxage={seconds}")).ok());
    headers.insert(header::CACHE_CONTROL, control.unwrap_or(HeaderValue::from_static("no-cache")));
    if !is_get {
        return response;
    }
    // Weak, since the same text is sent as either of two media types.
    let tag = format!("W/\"{mark:032x}\"");
    let is_known = has_tag(request, &tag);
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, tag);
    }
    if is_known {
        headers.remove(header::CONTENT_TYPE);
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
    }
    response
}

/// Whether the client has an answer with this tag, or any at all (`*`).
pub(super) fn has_tag(request: &HeaderMap, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let given = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    given.flat_map(|value| value.split(',')).any(|given| given.trim() == "*" || opaque(given) == opaque(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn requests_say_that_they_want_it_fresh() {
        for (value, expected) in [
            ("no-cache", true),
            ("max-age=0, No-Cache", true),
            ("no-store", true),
            ("max-age=0", false),
            ("no-cache-please", false),
            ("", false),
        ] {
            assert_eq!(wants_fresh(&headers(&[(header::CACHE_CONTROL, value)])), expected, "{value}");
        }
    }

    fn labelled(keepers: Keepers, request: &HeaderMap, is_get: bool, shared: Option<u64>) -> Response {
        label(Response::new(Body::from("{}")), keepers, request, is_get, shared)
    }

    fn control(response: &Response) -> &str {
        response.headers()[header::CACHE_CONTROL].to_str().expect("text")
    }

    #[test]
    fn what_is_private_or_no_answer_is_kept_by_nobody() {
        let none = HeaderMap::new();
        let private = labelled(Keepers::Asking(Scope::Private, 1), &none, true, Some(60));
        assert_eq!((control(&private), private.headers().get(header::ETAG)), ("private, no-store", None));
        let failed = labelled(Keepers::Nobody, &none, true, Some(60));
        assert_eq!((control(&failed), failed.headers().get(header::ETAG)), ("no-store", None));
    }

    #[test]
    fn shared_caches_use_what_is_public_without_asking_only_where_they_may() {
        let (none, signed_in) = (HeaderMap::new(), headers(&[(header::AUTHORIZATION, "Bearer x")]));
        let public = Keepers::Asking(Scope::Public, 1);
        assert_eq!(control(&labelled(public, &none, true, None)), "no-cache");
        assert_eq!(control(&labelled(public, &none, true, Some(60))), "max-age=0, s-maxage=60");
        assert_eq!(control(&labelled(public, &none, false, Some(60))), "no-cache");
        assert_eq!(control(&labelled(public, &signed_in, true, Some(60))), "no-cache");
    }

    #[test]
    fn a_get_for_what_its_client_has_is_not_modified() {
        let public = Keepers::Asking(Scope::Public, 0xab);
        let tag = "W/\"000000000000000000000000000000ab\"";
        for (given, status) in [
            (tag, 304),
            ("\"x\", W/\"000000000000000000000000000000ab\"", 304),
            ("\"000000000000000000000000000000ab\"", 304),
            ("*", 304),
            ("W/\"000000000000000000000000000000ac\"", 200),
        ] {
            let request = headers(&[(header::IF_NONE_MATCH, given)]);
            let response = labelled(public, &request, true, None);
            assert_eq!(response.status(), status, "{given}");
            assert_eq!(response.headers()[header::ETAG], tag);
            assert_eq!(labelled(public, &request, false, None).status(), 200, "a POST is always answered");
        }
    }
}
