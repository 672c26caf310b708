//! Pages beside the API: GraphiQL, the schema, and whether the process lives.

use std::sync::LazyLock;

use axum::extract::{RawQuery, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::{Shared, respond};
use crate::graphql::federated_sdl;

const GRAPHIQL: &str = include_str!("graphiql.html");

/// What the page of GraphiQL may load: its own scripts by their hashes, GraphiQL from its CDN, and answers from here.
/// Its editor makes style sheets and workers as it goes, and its import map names one module by a `data:` URL.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hashes = scripts(GRAPHIQL).map(|script| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(script))));
    let hashes = hashes.collect::<Vec<_>>().join(" ");
    format!(
        "default-src 'none'; script-src {hashes} https://esm.sh data:; style-src 'unsafe-inline' https://esm.sh; \
         font-src https://esm.sh data:; img-src 'self' data:; worker-src blob:; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    )
});

/// The scripts of a page that browsers execute, import maps included.
fn scripts(page: &str) -> impl Iterator<Item = &str> {
    ["<script type=\"importmap\">", "<script type=\"module\">"].into_iter().filter_map(|tag| {
        let (_, rest) = page.split_once(tag)?;
        rest.split_once("</script>").map(|(script, _)| script)
    })
}

/// GraphiQL, with queries to try.
pub(super) async fn graphiql(State(gateway): Shared) -> Response {
    if !gateway.doors.graphiql {
        return respond::not_found().await;
    }
    ([(header::CONTENT_SECURITY_POLICY, POLICY.as_str())], Html(GRAPHIQL)).into_response()
}

/// The schema in SDL, where clients may ask about it at all; with `?federation`, as routers compose it.
pub(super) async fn schema(State(gateway): Shared, RawQuery(parameters): RawQuery) -> Response {
    if !gateway.doors.schema {
        return respond::not_found().await;
    }
    let is_for_routers = parameters.is_some_and(|parameters| parameters.split('&').any(|name| name == "federation"));
    let sdl = if is_for_routers { federated_sdl() } else { crate::graphql::sdl() };
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], sdl).into_response()
}

/// That the process lives; says nothing of its stores.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}
