//! GraphiQL: its page, and the files that the page loads. `web/graphiql` is their source; its build is part of the
//! binary ([decision 27](../../docs/decisions/0027-graphiql-bundled.md)).

use std::io::{self, Read as _};
use std::sync::LazyLock;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use bytes::Bytes;
use flate2::read::GzDecoder;
use sha2::{Digest as _, Sha256};

use super::{Shared, accept, caching, respond};
use crate::domain::hex;

const PAGE: &str = include_str!("../../web/graphiql/dist/index.html");

/// Changes with the page, so that a browser that has it need not load it again.
static TAG: LazyLock<String> = LazyLock::new(|| format!("\"{}\"", hex(&Sha256::digest(PAGE)[..16])));

/// What the page may load: what comes from here, and nothing else.
const POLICY: &str = concat!(
    "default-src 'none'; ",
    // No inline script, and no `eval`.
    "script-src 'self'; ",
    // Monaco writes rules into style elements as it goes: for colours, for fonts, for each mark in the text.
    "style-src 'self' 'unsafe-inline'; ",
    // Monaco's icons.
    "font-src 'self'; ",
    // The page's icon, and the waves under what Monaco finds wrong, are `data:` URLs.
    "img-src data:; ",
    // Monaco's language services.
    "worker-src 'self'; ",
    // The API, over HTTP and WebSocket.
    "connect-src 'self'; ",
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// A file of the build.
struct File {
    /// With a hash of what is in it, so that it may be kept for ever.
    name: &'static str,
    gzip: &'static [u8],
}

/// The file of the build that has this name, without the `.gz` that it has there.
macro_rules! file {
    ($name:literal) => {
        File {
            name: $name,
            gzip: include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/web/graphiql/dist/", $name, ".gz")),
        }
    };
}

static FILES: &[File] = include!("../../web/graphiql/dist/files.rs");

/// The page, with queries to try.
pub(super) async fn page(State(gateway): Shared, request: HeaderMap) -> Response {
    if !gateway.doors.graphiql {
        return respond::not_found().await;
    }
    // A 304 replaces the headers that a browser has kept, so it has the policy as well.
    let headers =
        [(header::CONTENT_SECURITY_POLICY, POLICY), (header::CACHE_CONTROL, "no-cache"), (header::ETAG, TAG.as_str())];
    if caching::has_tag(&request, &TAG) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, Html(PAGE)).into_response()
}

/// A file that the page loads.
pub(super) async fn file(State(gateway): Shared, Path(name): Path<String>, request: HeaderMap) -> Response {
    let found = FILES.iter().find(|file| file.name == name).filter(|_| gateway.doors.graphiql);
    let Some(file) = found else { return respond::not_found().await };
    let mut response = if accept::takes_gzip(&request) {
        ([(header::CONTENT_ENCODING, "gzip")], Bytes::from_static(file.gzip)).into_response()
    } else {
        match file.inflated().await {
            Ok(bytes) => bytes.into_response(),
            Err(error) => {
                tracing::error!(%error, file = file.name, "a file of GraphiQL can't be decompressed");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.content_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    response
}

impl File {
    fn content_type(&self) -> &'static str {
        match self.name.rsplit('.').next() {
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("ttf") => "font/ttf",
            Some("md") => "text/markdown; charset=utf-8",
            _ => "application/octet-stream",
        }
    }

    fn inflate(&self) -> io::Result<Bytes> {
        let mut bytes = Vec::new();
        GzDecoder::new(self.gzip).read_to_end(&mut bytes)?;
        Ok(bytes.into())
    }

    /// For the few that don't take what is compressed. Milliseconds of work, which other requests need not wait for.
    async fn inflated(&'static self) -> io::Result<Bytes> {
        tokio::task::spawn_blocking(|| self.inflate()).await.map_err(io::Error::other)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_can_be_inflated_and_has_a_type() {
        assert!(FILES.len() > 5);
        for file in FILES {
            assert!(file.inflate().expect(file.name).len() > file.gzip.len() / 2, "{}", file.name);
            assert_ne!(file.content_type(), "application/octet-stream", "{}", file.name);
        }
    }

    #[test]
    fn the_page_loads_its_files_alone_and_has_no_script_of_its_own() {
        let loaded: Vec<_> =
            PAGE.split("/assets/graphiql/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(loaded.len() > 2, "{PAGE}");
        for name in loaded {
            assert!(FILES.iter().any(|file| file.name == name), "{name} is not there");
        }
        assert_eq!(PAGE.matches("<script").count(), PAGE.matches(" src=\"/assets/graphiql/").count());
    }
}
