//! Pages beside the API: GraphiQL, the schema, and whether the process lives.

use axum::http::header;
use axum::response::{Html, IntoResponse};

/// GraphiQL, with queries to try.
pub(super) async fn graphiql() -> impl IntoResponse {
    Html(include_str!("graphiql.html"))
}

/// The schema in SDL.
pub(super) async fn schema() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], crate::graphql::sdl())
}

/// That the process lives; says nothing of its stores.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}
