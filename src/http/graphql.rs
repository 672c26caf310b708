//! `/graphql`: decode, identify, look up, execute, answer.

use axum::Extension;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::Gateway;
use super::accept::{self, MediaType};
use super::body::{Unread, read_body};
use super::request::{self, NotARequest};
use super::request_id::RequestId;
use super::respond::{self, Id};
use crate::cache::Found;
use crate::config::ExplainFor;
use crate::domain::{GlobalId, Viewer};
use crate::graphql::{Asker, ErrorCode, Explain, Fate, Operation, RequestContext, execute};
use crate::services::identity::{Identified, IdentityError};

/// `1` asks what the request asked of the stores.
const EXPLAIN: HeaderName = HeaderName::from_static("x-explain");

pub(super) async fn get(
    State(gateway): State<Gateway>,
    Extension(id): Id,
    headers: HeaderMap,
    RawQuery(parameters): RawQuery,
) -> Response {
    let parameters = parameters.unwrap_or_default();
    if accept::wants_page(&headers) && !parameters.split('&').any(|parameter| parameter.starts_with("query=")) {
        return Redirect::to("/").into_response();
    }
    let operation = request::from_parameters(&parameters);
    answer(&gateway, &id, &headers, operation).await
}

pub(super) async fn post(
    State(gateway): State<Gateway>,
    Extension(id): Id,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let body = match read_body(&headers, body).await {
        Ok(body) => body,
        Err(unread) => {
            let media = accept::negotiate(&headers).unwrap_or(MediaType::Json);
            let (status, code, message) = match unread {
                Unread::TooLarge => {
                    (StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::RequestTooLarge, "The body has more than 1 MiB.")
                }
                Unread::Broken => (StatusCode::BAD_REQUEST, ErrorCode::BadUserInput, "The body could not be read."),
            };
            return respond::refusal(media, status, code, message, &id);
        }
    };
    let operation = request::from_body(&headers, &body);
    answer(&gateway, &id, &headers, operation).await
}

async fn answer(
    gateway: &Gateway,
    id: &RequestId,
    headers: &HeaderMap,
    operation: Result<Operation, NotARequest>,
) -> Response {
    let Some(media) = accept::negotiate(headers) else {
        let message = "Accept application/graphql-response+json or application/json.\n";
        return (StatusCode::NOT_ACCEPTABLE, message).into_response();
    };
    let refuse = |status, code, message: &str| respond::refusal(media, status, code, message, id);
    let operation = match operation {
        Ok(operation) => operation,
        Err(NotARequest::Malformed(message)) => {
            return refuse(StatusCode::BAD_REQUEST, ErrorCode::BadUserInput, &message);
        }
        Err(NotARequest::UnsupportedMediaType) => {
            let message = "The body must be application/json in UTF-8.";
            return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::BadUserInput, message);
        }
    };
    let identified = match identify(gateway, headers).await {
        Ok(identified) => identified,
        Err(error @ (IdentityError::Invalid | IdentityError::NotLinked)) => {
            let message = match error {
                IdentityError::NotLinked => "The token is valid, but its subject is linked to no user here.",
                _ => "The token is not valid. Sign in again, or send no Authorization header.",
            };
            let mut response = refuse(StatusCode::UNAUTHORIZED, ErrorCode::Unauthenticated, message);
            // RFC 9110 §15.5.2: a 401 says how to do better.
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            return response;
        }
        Err(IdentityError::Store(error)) => {
            tracing::warn!(%error, "a token could not be checked");
            let message = "The token can't be checked at the moment.";
            return refuse(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::StoreUnavailable, message);
        }
    };

    let viewer = identified.map_or(Viewer::Anonymous, |identified| Viewer::User(identified.user));
    let Operation { query, name, variables, .. } = &operation;
    let kept =
        gateway.results.as_ref().map(|results| (results, results.key(viewer, query, name.as_deref(), variables)));
    let found = match &kept {
        Some((results, key)) => results.fetch(*key).await,
        None => Found::Unusable,
    };
    let explained =
        headers.get(&EXPLAIN).is_some_and(|asked| asked == "1") && may_have_explained(&gateway.explain, viewer);
    if !explained && let Found::Body(body) = found {
        return respond::graphql(media, StatusCode::OK, body);
    }
    let session = identified.and_then(|identified| identified.session);
    let is_confirmed = identified.is_some_and(|identified| identified.is_confirmed);
    let asker = Asker { viewer, session, is_confirmed, address: id.address };
    let context = if explained {
        let (stores, trail) = (gateway.traced)(&gateway.stores);
        let cache = match (&kept, &found) {
            (None, _) => "off",
            (Some(_), Found::Body(_)) => "hit",
            (Some(_), Found::Nothing(_) | Found::Unusable) => "miss",
        };
        RequestContext::new(stores, gateway.use_cases.clone(), asker).explained(Explain { trail, cache })
    } else {
        RequestContext::new(gateway.stores.clone(), gateway.use_cases.clone(), asker)
    };
    let executed = match execute(&gateway.schema, context, operation, &id.id).await {
        Ok(executed) => executed,
        Err(error) => {
            tracing::error!(%error, "a response could not be serialised");
            return refuse(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Internal, "Something went wrong on our side.");
        }
    };
    if let Some((results, key)) = &kept
        && let Found::Nothing(as_of) = found
        && executed.keepable
        && !explained
    {
        results.store(*key, as_of, executed.body.clone()).await;
    }
    let status = match executed.fate {
        Fate::Ran => StatusCode::OK,
        Fate::Refused => StatusCode::BAD_REQUEST,
        Fate::RefusedMutation => StatusCode::METHOD_NOT_ALLOWED,
    };
    let mut response = respond::graphql(media, status, executed.body);
    if executed.fate == Fate::RefusedMutation {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    if let Some(seconds) = executed.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Whether this viewer may ask for explanations. One who may not is answered as if nothing had been asked.
fn may_have_explained(explain: &ExplainFor, viewer: Viewer) -> bool {
    match explain {
        ExplainFor::Everybody => true,
        ExplainFor::Users(ids) => viewer.id().is_some_and(|id| ids.contains(&GlobalId::from(id).to_string())),
    }
}

/// Who sent the request: nobody in particular without an `Authorization` header.
async fn identify(gateway: &Gateway, headers: &HeaderMap) -> Result<Option<Identified>, IdentityError> {
    let Some(header) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let token = header.to_str().ok().and_then(|header| {
        let (scheme, token) = header.trim().split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let token = token.filter(|token| !token.is_empty()).ok_or(IdentityError::Invalid)?;
    gateway.identity.identify(token).await.map(Some)
}
