//! Pages beside the API: the schema, and whether the process lives.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use super::{Shared, respond};

/// The schema in SDL, where clients may ask about it at all.
pub(super) async fn schema(State(gateway): Shared) -> Response {
    if !gateway.doors.schema {
        return respond::not_found().await;
    }
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], crate::graphql::sdl()).into_response()
}

/// That the process lives; says nothing of its stores.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}
