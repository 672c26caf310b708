//! Content negotiation (GraphQL over HTTP; RFC 9110 §12.5.1).

use axum::http::{HeaderMap, HeaderName, StatusCode, header};

/// What events are sent as.
const EVENTS: &str = "text/event-stream";

/// What a GraphQL response is sent as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/graphql-response+json`.
    GraphqlResponse,
    /// `application/json`, which also those get who name nothing.
    Json,
    /// `application/json` for those who accept nothing else of ours.
    JsonAlone,
}

impl MediaType {
    pub(super) fn header(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json | Self::JsonAlone => "application/json; charset=utf-8",
        }
    }

    /// The status of an operation that was refused for what it is.
    ///
    /// Those who accept `application/json` alone can't tell our 400 from one of a proxy on the way, so GraphQL over HTTP
    /// has them answered 200 to whatever is a request; the errors are in the body either way.
    pub(super) fn refused(self) -> StatusCode {
        match self {
            Self::GraphqlResponse | Self::Json => StatusCode::BAD_REQUEST,
            Self::JsonAlone => StatusCode::OK,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json",
            Self::Json | Self::JsonAlone => "application/json",
        }
    }
}

/// The media type that the client likes best among ours; `None` where it accepts neither.
pub(super) fn negotiate(headers: &HeaderMap) -> Option<MediaType> {
    // What nearly everybody sends need not be taken apart.
    match headers.get(header::ACCEPT).map(|value| value.as_bytes()) {
        None => return Some(MediaType::Json),
        Some(b"*/*") if headers.get_all(header::ACCEPT).iter().nth(1).is_none() => return Some(MediaType::Json),
        Some(b"application/json") if headers.get_all(header::ACCEPT).iter().nth(1).is_none() => {
            return Some(MediaType::JsonAlone);
        }
        Some(_) => {}
    }
    let ranges = ranges(headers);
    if ranges.is_empty() {
        return Some(MediaType::Json);
    }
    let quality = |media: MediaType| {
        // The most specific range that fits decides.
        let specific = |range: &str| match range {
            "*/*" => Some(0),
            "application/*" => Some(1),
            name if name == media.name() => Some(2),
            _ => None,
        };
        let fitting = ranges.iter().filter_map(|(range, quality)| Some((specific(range)?, *quality)));
        fitting.max_by_key(|(specific, _)| *specific).map_or(0, |(_, quality)| quality)
    };
    let (json, graphql) = (quality(MediaType::Json), quality(MediaType::GraphqlResponse));
    // Named by both: the type that GraphQL over HTTP prefers. By a wildcard alone: what everybody reads.
    let named = ranges.iter().any(|(range, _)| range == MediaType::GraphqlResponse.name());
    match (json, graphql) {
        (0, 0) => None,
        (json, graphql) if graphql > json || (graphql == json && named) => Some(MediaType::GraphqlResponse),
        (_, 0) => Some(MediaType::JsonAlone),
        _ => Some(MediaType::Json),
    }
}

/// Whether the client likes an event stream best among what we send. Of what it likes as well, that is best which it names
/// first: some clients name all that they can read, event streams among the last.
pub(super) fn wants_events(headers: &HeaderMap) -> bool {
    // What nearly everybody sends need not be taken apart.
    if !headers.get_all(header::ACCEPT).iter().any(|value| value.as_bytes().windows(6).any(|part| part == b"event-")) {
        return false;
    }
    let is_sent = |range: &str| {
        let json = [MediaType::GraphqlResponse, MediaType::Json].map(MediaType::name);
        json.contains(&range) || matches!(range, EVENTS | "application/*" | "*/*")
    };
    let sent: Vec<_> = ranges(headers).into_iter().filter(|(range, quality)| *quality > 0 && is_sent(range)).collect();
    let best = sent.iter().map(|(_, quality)| *quality).max();
    sent.iter().find(|(_, quality)| Some(*quality) == best).is_some_and(|(range, _)| range == EVENTS)
}

/// Whether the client is a browser that asks for a page.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    ranges(headers).iter().any(|(range, quality)| range == "text/html" && *quality > 0)
}

/// Whether the client takes what is compressed by gzip (RFC 9110 §12.5.3).
pub(super) fn takes_gzip(headers: &HeaderMap) -> bool {
    let codings = weighted(headers, &header::ACCEPT_ENCODING);
    let quality = |name: &str| codings.iter().find(|(coding, _)| coding == name).map(|(_, quality)| *quality);
    quality("gzip").or_else(|| quality("x-gzip")).or_else(|| quality("*")).is_some_and(|quality| quality > 0)
}

/// The media ranges with their qualities.
fn ranges(headers: &HeaderMap) -> Vec<(String, u32)> {
    weighted(headers, &header::ACCEPT)
}

/// What a header lists, with their qualities, in thousandths.
fn weighted(headers: &HeaderMap, name: &HeaderName) -> Vec<(String, u32)> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let range = |text: &str| {
        let mut parts = text.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let quality = quality.map_or(Some(1.0), |quality| quality.parse::<f32>().ok()).unwrap_or(0.0);
        (name, (quality.clamp(0.0, 1.0) * 1000.0) as u32)
    };
    values.flat_map(|value| value.split(',').map(range)).filter(|(name, _)| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn negotiated(accept: &str) -> Option<MediaType> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().expect("a header"));
        negotiate(&headers)
    }

    #[test]
    fn the_client_chooses() {
        assert_eq!(negotiate(&HeaderMap::new()), Some(MediaType::Json));
        assert_eq!(negotiated("*/*"), Some(MediaType::Json));
        assert_eq!(
            negotiated("application/graphql-response+json, application/json;q=0.9"),
            Some(MediaType::GraphqlResponse)
        );
        assert_eq!(negotiated("application/graphql-response+json;q=0.1, application/json"), Some(MediaType::Json));
        assert_eq!(negotiated("application/*;q=0.5, application/json;q=0"), Some(MediaType::GraphqlResponse));
        assert_eq!(negotiated("text/html"), None);
        assert_eq!(negotiated("application/json;q=0"), None);
    }

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        for (accept, expected) in [
            ("gzip", true),
            ("br;q=1.0, GZIP;q=0.1", true),
            ("*", true),
            ("x-gzip", true),
            ("br", false),
            ("identity", false),
            ("gzip;q=0, *", false),
            ("*;q=0", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, accept.parse().expect("a header"));
            assert_eq!(takes_gzip(&headers), expected, "{accept}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[test]
    fn events_are_for_those_who_like_them_best() {
        let wants = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().expect("a header"));
            wants_events(&headers)
        };
        for accept in [
            "text/event-stream",
            "text/event-stream, application/json",
            "text/event-stream, multipart/mixed",
            "image/png, text/event-stream;q=0.9, */*;q=0.1",
        ] {
            assert!(wants(accept), "{accept}");
        }
        // The last but one is what urql sends with queries.
        for accept in [
            "*/*",
            "text/event-stream;q=0",
            "text/event-stream;q=0.5, application/json",
            "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed",
            "application/*, text/event-stream",
        ] {
            assert!(!wants(accept), "{accept}");
        }
    }

    #[test]
    fn who_accepts_json_alone_is_known() {
        for accept in ["application/json", "application/json;q=0.5, text/html", "application/json; charset=utf-8"] {
            assert_eq!(negotiated(accept), Some(MediaType::JsonAlone), "{accept}");
        }
        for accept in ["application/json, text/plain, */*", "application/*"] {
            assert_eq!(negotiated(accept), Some(MediaType::Json), "{accept}");
        }
    }
}
