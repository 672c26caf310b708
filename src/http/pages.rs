//! Pages beside the API: the schema, and whether the process lives.

use axum::extract::{RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use super::{Shared, respond};
use crate::graphql::federated_sdl;

/// The schema in SDL, where clients may ask about it at all; with `?federation`, as routers compose it.
pub(super) async fn schema(State(gateway): Shared, RawQuery(parameters): RawQuery) -> Response {
    if !gateway.doors.schema {
        return respond::not_found().await;
    }
    let is_for_routers = parameters.is_some_and(|parameters| parameters.split('&').any(|name| name == "federation"));
    let sdl = if is_for_routers { federated_sdl().to_owned() } else { crate::graphql::sdl() };
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], sdl).into_response()
}

/// That the process lives; says nothing of its stores.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}
