//! `/graphql`: decode, identify, look up, execute, answer.

use axum::Extension;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::accept::{self, MediaType};
use super::admission::Overloaded;
use super::body::read_body;
use super::caching::{self, Keepers, Verdict, Why};
use super::request::Encoded;
use super::request_id::RequestId;
use super::respond::{self, Id};
use super::timing::{Part, Timing};
use super::{Gateway, Shared, batch, budget, live};
use crate::cache::{Form, Found, Making, Question, Reads, Results, mark_of, noting};
use crate::config::ExplainFor;
use crate::domain::{GlobalId, Scope, Viewer};
use crate::graphql::{Asker, ErrorCode, Executed, Explain, Fate, Operation, Ready, RequestContext, execute};
use crate::ports::{CachedBody, Stores, deadline};
use crate::services::identity::{Identified, IdentityError};
use crate::services::rate_limits::{Charge, Payer};

/// `1` asks what the request asked of the stores.
const EXPLAIN: HeaderName = HeaderName::from_static("x-explain");
/// `1` asks what the operation may cost.
const COST: HeaderName = HeaderName::from_static("x-cost");

/// How whoever is not known may make themselves known (RFC 6750 §3).
pub(super) const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer");

/// After how many seconds those may come back who were refused since others were first.
const TRY_AGAIN_AFTER: u64 = 1;

pub(super) async fn get(
    State(gateway): Shared,
    Extension(id): Id,
    socket: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    request: Request,
) -> Response {
    let headers = request.headers();
    if let Ok(socket) = socket {
        return live::upgrade(gateway, id, headers.clone(), socket);
    }
    let parameters = request.uri().query().unwrap_or_default();
    if gateway.doors.graphiql
        && accept::wants_page(headers)
        && !parameters.split('&').any(|parameter| parameter.starts_with("query="))
    {
        return Redirect::to("/").into_response();
    }
    let encoded = Encoded { form: Form::Parameters, raw: parameters.as_bytes() };
    if accept::wants_events(headers) {
        return live::stream(gateway, id, headers, encoded).await;
    }
    answer(&gateway, &id, headers, encoded).await
}

pub(super) async fn post(State(gateway): Shared, Extension(id): Id, request: Request) -> Response {
    let (Parts { headers, .. }, body) = request.into_parts();
    let body = match read_body(&headers, body, gateway.doors.body).await {
        Ok(body) => body,
        Err(unread) => {
            let media = accept::negotiate(&headers).unwrap_or(MediaType::Json);
            let (status, code, message, header) = unread.told();
            let mut response = respond::refusal(media, status, code, &message, &id);
            response.headers_mut().extend(header);
            return response;
        }
    };
    let encoded = Encoded { form: Form::Body, raw: &body };
    if accept::wants_events(&headers) {
        return live::stream(gateway, id, &headers, encoded).await;
    }
    if gateway.doors.max_batch > 0 && batch::is_one(&body) {
        return batch::answer(&gateway, &id, &headers, &body).await;
    }
    answer(&gateway, &id, &headers, encoded).await
}

/// The answer to who accepts nothing that we have.
pub(super) fn not_acceptable() -> Response {
    let message = "Accept application/graphql-response+json or application/json.\n";
    (StatusCode::NOT_ACCEPTABLE, message).into_response()
}

/// A request on its way to its answer.
pub(super) struct Exchange<'a> {
    pub gateway: &'a Gateway,
    pub id: &'a RequestId,
    pub headers: &'a HeaderMap,
    pub media: MediaType,
    pub is_get: bool,
}

/// What a request asks: known by its bytes, or read and prepared.
enum Asked {
    Known(Question),
    Read(Ready),
}

/// How an answer is to be made that is not kept.
struct Wanted {
    identified: Option<Identified>,
    viewer: Viewer,
    scope: Option<Scope>,
    /// What is asked, where it is to be explained.
    explained: Option<Option<Question>>,
    /// What to keep it by, if it may be kept.
    making: Option<Making>,
    verdict: Verdict,
}

/// The answer to an operation that came with these headers.
pub(super) async fn answer(gateway: &Gateway, id: &RequestId, headers: &HeaderMap, encoded: Encoded<'_>) -> Response {
    let Some(media) = accept::negotiate(headers) else { return not_acceptable() };
    let exchange = Exchange { gateway, id, headers, media, is_get: encoded.form == Form::Parameters };
    let mut told = Told { timing: Timing::begin(gateway.now, may_be_explained(&gateway.explain)), is_allowed: false };
    let answered = deadline::within(gateway.now, gateway.request_timeout, exchange.answer(encoded, &mut told)).await;
    let mut response = answered.unwrap_or_else(|refusal| *refusal);
    if told.is_allowed {
        told.timing.tell(&mut response);
    }
    response
}

/// What is told of how a request went, and whether whoever asks may be told.
struct Told {
    timing: Timing,
    is_allowed: bool,
}

impl Exchange<'_> {
    /// The answer; `Err` where it is a refusal.
    async fn answer(&self, encoded: Encoded<'_>, told: &mut Told) -> Result<Response, Box<Response>> {
        let recalled = self.results().filter(|_| encoded.is_readable(self.headers));
        let recalled = recalled.and_then(|results| results.recall(encoded.form, encoded.raw));
        let asked = match recalled {
            Some(question) => Ok(question),
            None => Err(self.decode(encoded)?),
        };
        let identified = self.identify().await?;
        let viewer = identified.map_or(Viewer::Anonymous, |identified| Viewer::User(identified.user));
        told.is_allowed = may_have_explained(&self.gateway.explain, viewer);
        told.timing.done(Part::Identify);
        let asked = match asked {
            Ok(question) => Asked::Known(question),
            Err(requested) => Asked::Read(Box::pin(self.prepare(requested)).await?),
        };
        told.timing.done(Part::Prepare);
        let scope = match &asked {
            Asked::Known(question) => Some(question.scope()),
            Asked::Read(ready) => ready.scope(),
        };
        let explained = self.asks(&EXPLAIN) && told.is_allowed;
        let question = self.question(&asked, encoded);
        let found = match (self.results(), question) {
            (None, _) => Err(Why::Off),
            (Some(_), None) => Err(Why::Refused),
            (Some(_), Some(_)) if explained || self.asks(&COST) => Err(Why::Explained),
            (Some(_), Some(_)) if caching::wants_fresh(self.headers) => Err(Why::Asked),
            (Some(results), Some(question)) => Ok(results.find(&question, viewer).await),
        };
        told.timing.done(Part::Cache);
        let payer = Payer::of(viewer, self.id.address);
        let (making, verdict) = match found {
            Ok(Found::Kept(body)) => return self.paid(payer, self.kept(body, scope, Verdict::Hit)).await,
            Ok(Found::Shared(body)) => return self.paid(payer, self.kept(body, scope, Verdict::Coalesced)).await,
            Ok(Found::Nothing(making)) => (Some(making), Verdict::Miss),
            Ok(Found::Unusable(why)) => (None, Verdict::Bypass(Why::Unusable(why))),
            Err(why) => (None, Verdict::Bypass(why)),
        };
        let wanted = Wanted { identified, viewer, scope, explained: explained.then_some(question), making, verdict };
        // Boxed, since a kept answer would have to carry the room for all that executing takes.
        let made = Box::pin(self.make(asked, encoded, wanted)).await;
        told.timing.done(Part::Execute);
        made
    }

    /// An answer that is made now.
    async fn make(&self, asked: Asked, encoded: Encoded<'_>, wanted: Wanted) -> Result<Response, Box<Response>> {
        let Wanted { identified, viewer, scope, explained, making, verdict } = wanted;
        let mut ready = match asked {
            Asked::Read(ready) => ready,
            Asked::Known(_) => self.prepare(self.decode(encoded)?).await?,
        };
        let charge = self.charge(Payer::of(viewer, self.id.address), || ready.cost(&self.gateway.schema)).await?;
        let _admitted = self.gateway.admission.enter().await.map_err(|Overloaded| Box::new(self.overloaded()))?;
        let reads = making.is_some().then(Reads::default);
        let asker = self.asker(identified, reads.is_some() && scope == Some(Scope::Public));
        let context = match (&reads, explained) {
            (Some(reads), _) => self.context(noting(&self.gateway.stores, reads), asker),
            (None, None) => self.context(self.gateway.stores.clone(), asker),
            (None, Some(question)) => {
                let (stores, trail) = (self.gateway.traced)(&self.gateway.stores);
                let cache = self.would_be_found(question, viewer).await;
                self.context(stores, asker).explained(Explain { trail, cache })
            }
        };
        let context = context.telling_cost(self.asks(&COST));
        let executed = execute(&self.gateway.schema, context, ready, &self.id.id).await;
        let executed = executed.map_err(|error| {
            tracing::error!(%error, "a response could not be serialised");
            let message = "Something went wrong on our side.";
            Box::new(self.refuse(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Internal, message))
        })?;
        if let Some(making) = making
            && executed.keepable
            && let Some(tags) = reads.and_then(|reads| reads.tags())
        {
            making.keep(executed.body.clone(), tags).await;
        }
        let mut response = self.executed(executed, scope, verdict);
        if let Some(charge) = charge {
            budget::tell(&mut response, &charge);
        }
        Ok(response)
    }

    /// The refusal of what can't be done in good time.
    fn overloaded(&self) -> Response {
        let message = "Too much is asked for at the moment. Try again in a while.";
        let (status, code) = (StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Overloaded);
        respond::refusal_for(self.media, status, code, message, TRY_AGAIN_AFTER, self.id)
    }

    /// Takes what the request costs from the budget of who pays, where budgets are kept; `Err` where too little is left.
    pub(super) async fn charge(
        &self,
        payer: Payer,
        cost: impl FnOnce() -> u64,
    ) -> Result<Option<Charge>, Box<Response>> {
        let Some(limits) = &self.gateway.rate_limits else { return Ok(None) };
        let charge = limits.charge(payer, cost()).await;
        match charge.and_then(|charge| Some((charge, charge.spent.refused_for?))) {
            Some((charge, wait)) => Err(Box::new(budget::refused(self.media, &charge, wait, self.id))),
            None => Ok(charge),
        }
    }

    /// An answer that was made before, once it is paid for.
    async fn paid(&self, payer: Payer, mut response: Response) -> Result<Response, Box<Response>> {
        // Boxed, so that kept answers need no room for it where nothing is charged.
        if self.gateway.rate_limits.is_some()
            && let Some(charge) = Box::pin(self.charge(payer, || 1)).await?
        {
            budget::tell(&mut response, &charge);
        }
        Ok(response)
    }

    /// Whether the request has this header with the value `1`.
    fn asks(&self, header: &HeaderName) -> bool {
        self.headers.get(header).is_some_and(|asked| asked == "1")
    }

    fn results(&self) -> Option<&Results> {
        self.gateway.results.as_ref()
    }

    pub(super) fn refuse(&self, status: StatusCode, code: ErrorCode, message: &str) -> Response {
        respond::refusal(self.media, status, code, message, self.id)
    }

    /// What the request asks, where it is a query and answers are kept.
    fn question(&self, asked: &Asked, encoded: Encoded<'_>) -> Option<Question> {
        let ready = match asked {
            Asked::Known(question) => return Some(*question),
            Asked::Read(ready) => ready,
        };
        let (results, scope) = (self.results()?, ready.scope()?);
        let Operation { query, name, variables, .. } = ready.operation();
        let question = results.question(scope, query, name.as_deref(), variables);
        results.remember(encoded.form, encoded.raw, question);
        Some(question)
    }

    /// What the cache would have done for a request that is explained.
    async fn would_be_found(&self, question: Option<Question>, viewer: Viewer) -> &'static str {
        let (Some(results), Some(question)) = (self.results(), question) else { return "off" };
        match results.has(&question, viewer).await {
            Some(true) => "hit",
            Some(false) => "miss",
            None => "bypass",
        }
    }

    /// Who sent the request: nobody in particular without an `Authorization` header. A token is checked before anything
    /// that is kept is given away, however public.
    pub(super) async fn identify(&self) -> Result<Option<Identified>, Box<Response>> {
        match identify(self.gateway, self.headers).await {
            Ok(identified) => Ok(identified),
            Err(error @ (IdentityError::Invalid | IdentityError::NotLinked)) => {
                let message = match error {
                    IdentityError::NotLinked => "The token is valid, but its subject is linked to no user here.",
                    _ => "The token is not valid. Sign in again, or send no Authorization header.",
                };
                let mut response = self.refuse(StatusCode::UNAUTHORIZED, ErrorCode::Unauthenticated, message);
                // RFC 9110 §15.5.2: a 401 says how to do better.
                response.headers_mut().insert(header::WWW_AUTHENTICATE, CHALLENGE);
                Err(Box::new(response))
            }
            Err(IdentityError::Store(error)) => {
                tracing::warn!(%error, "a token could not be checked");
                let message = "The token can't be checked at the moment.";
                Err(Box::new(self.refuse(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::StoreUnavailable, message)))
            }
        }
    }

    /// Who asks, as resolvers are told. What is kept for everybody is made for nobody in particular, so that nothing
    /// of anybody's can be in it.
    pub(super) fn asker(&self, identified: Option<Identified>, is_for_everybody: bool) -> Asker {
        let identified = identified.filter(|_| !is_for_everybody);
        Asker {
            viewer: identified.map_or(Viewer::Anonymous, |identified| Viewer::User(identified.user)),
            session: identified.and_then(|identified| identified.session),
            is_confirmed: identified.is_some_and(|identified| identified.is_confirmed),
            address: self.id.address,
        }
    }

    pub(super) fn context(&self, stores: Stores, asker: Asker) -> RequestContext {
        RequestContext::new(self.gateway.loading, stores, self.gateway.use_cases.clone(), asker)
    }

    /// An answer that was made before.
    fn kept(&self, CachedBody { mark, bytes }: CachedBody, scope: Option<Scope>, verdict: Verdict) -> Response {
        let response = respond::graphql(self.media, StatusCode::OK, bytes);
        let keepers = scope.map_or(Keepers::Nobody, |scope| Keepers::Asking(scope, mark));
        self.labelled(response, keepers, verdict)
    }

    /// An answer that was just made.
    pub(super) fn executed(&self, executed: Executed, scope: Option<Scope>, verdict: Verdict) -> Response {
        let status = match executed.fate {
            Fate::Ran => StatusCode::OK,
            Fate::Refused => self.media.refused(),
            Fate::RefusedMutation => StatusCode::METHOD_NOT_ALLOWED,
        };
        let keepers = match scope {
            Some(scope) if executed.keepable => {
                // The mark of what is sent by POST is told to nobody.
                let mark = if self.is_get { mark_of(&executed.body) } else { 0 };
                Keepers::Asking(scope, mark)
            }
            _ => Keepers::Nobody,
        };
        let is_query = scope.is_some() || executed.fate == Fate::Refused;
        let mut response = respond::graphql(self.media, status, executed.body);
        if executed.fate == Fate::RefusedMutation {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        if let Some(seconds) = executed.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if is_query {
            return self.labelled(response, keepers, verdict);
        }
        caching::label(response, keepers, self.headers, self.is_get, None)
    }

    fn labelled(&self, mut response: Response, keepers: Keepers, verdict: Verdict) -> Response {
        verdict.tell(&mut response);
        caching::label(response, keepers, self.headers, self.is_get, self.gateway.shared_max_age)
    }
}

/// Whether anybody may ask for explanations.
fn may_be_explained(explain: &ExplainFor) -> bool {
    *explain != ExplainFor::Users(Vec::new())
}

/// Whether this viewer may ask for explanations. One who may not is answered as if nothing had been asked.
fn may_have_explained(explain: &ExplainFor, viewer: Viewer) -> bool {
    match explain {
        ExplainFor::Everybody => true,
        ExplainFor::Users(ids) => viewer.id().is_some_and(|id| ids.contains(&GlobalId::from(id).to_string())),
    }
}

/// Who sent a request with these headers.
pub(super) async fn identify(gateway: &Gateway, headers: &HeaderMap) -> Result<Option<Identified>, IdentityError> {
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
