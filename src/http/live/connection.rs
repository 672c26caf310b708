//! One WebSocket, from its first message to its closing.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::ws::{Message, WebSocket};
use axum::http::{HeaderMap, HeaderValue, header};
use futures::stream::{BoxStream, SelectAll, StreamExt as _};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::super::graphql::identify;
use super::super::request_id::{self, RequestId};
use super::operation::{Said, begin};
use super::protocol::{self, ClientMessage, Closing, Resumption};
use super::session_changed;
use crate::graphql::ErrorCode;
use crate::http::Gateway;
use crate::live::{SessionState, Watched};
use crate::services::identity::IdentityError;

/// How often a client is asked whether it is there. One of which nothing was heard between two questions is gone.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// How long a client may take to read one message.
const WRITING: Duration = Duration::from_secs(10);
/// How many messages a client may send in a second; further ones are read in the next.
const MESSAGES: u32 = 100;

/// A WebSocket, and what is under way on it.
pub(super) struct Connection {
    gateway: Arc<Gateway>,
    /// The request that it was opened by.
    id: RequestId,
    socket: WebSocket,
    /// The headers that its operations come with.
    headers: HeaderMap,
    phase: Phase,
    session: Option<Watched>,
    is_behind: watch::Receiver<bool>,
    /// What is under way, by the client's ids.
    operations: HashMap<String, Operation>,
    said: SelectAll<BoxStream<'static, (u64, Said)>>,
    /// The number of the next operation: a client may use an id again.
    next: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing was said yet; something must be by then.
    Silent(Instant),
    Acknowledged,
}

struct Operation {
    number: u64,
    cancelled: CancellationToken,
}

impl Drop for Operation {
    fn drop(&mut self) {
        self.cancelled.cancel();
    }
}

/// Why a connection ends: with a closing of ours, or without one where nobody would read it.
type Ended = Option<Closing>;

impl Connection {
    /// Clients that are no browsers may send their `token` with the request already.
    pub(super) fn new(gateway: Arc<Gateway>, id: RequestId, token: Option<HeaderValue>, socket: WebSocket) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/graphql-response+json"));
        headers.extend(token.map(|token| (header::AUTHORIZATION, token)));
        let phase = Phase::Silent((gateway.now)() + gateway.live.limits.init_timeout);
        let is_behind = gateway.live.live.is_behind();
        Self {
            gateway,
            id,
            socket,
            headers,
            phase,
            session: None,
            is_behind,
            operations: HashMap::new(),
            said: SelectAll::new(),
            next: 0,
        }
    }

    /// Serves it to its end.
    pub(super) async fn run(mut self) {
        self.is_behind.mark_unchanged();
        if let Some(closing) = self.serve().await {
            // It is told, if it can still be told.
            let _ = timeout(WRITING, self.socket.send(closing.message())).await;
        }
    }

    async fn serve(&mut self) -> Ended {
        let stop = self.gateway.live.stop.clone();
        let mut heartbeat = interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        heartbeat.reset();
        let mut was_heard = true;
        let mut pace = Pace::new(self.gateway.now);
        loop {
            let done = tokio::select! {
                biased;
                () = stop.cancelled() => return Some(Closing::GoingAway),
                state = session_changed(&mut self.session) => self.session_is(state).await,
                () = too_silent(self.phase) => return Some(Closing::InitialisationTimeout),
                message = self.socket.recv() => {
                    was_heard = true;
                    pace.keep().await;
                    match message {
                        Some(Ok(message)) => self.hear(message).await,
                        Some(Err(error)) => return too_big(error),
                        None => return None,
                    }
                }
                Some((number, said)) = self.said.next() => self.say(number, said).await,
                Ok(()) = self.is_behind.changed(), if self.phase == Phase::Acknowledged => {
                    let is_behind = *self.is_behind.borrow_and_update();
                    self.send(protocol::lagging(is_behind)).await
                }
                _ = heartbeat.tick() => {
                    if !std::mem::take(&mut was_heard) {
                        return None;
                    }
                    self.send(Message::Ping(Default::default())).await
                }
            };
            if let Err(ended) = done {
                return ended;
            }
        }
    }

    /// Does what a message asks.
    async fn hear(&mut self, message: Message) -> Result<(), Ended> {
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => return Err(Some(Closing::InvalidMessage)),
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Close(_) => return Err(None),
        };
        match ClientMessage::read(&text).ok_or(Some(Closing::InvalidMessage))? {
            ClientMessage::Init { payload } => self.init(payload).await,
            ClientMessage::Ping { payload } => self.send(protocol::pong(payload.as_deref())).await,
            ClientMessage::Pong => Ok(()),
            ClientMessage::Complete { id } => {
                self.operations.remove(&id);
                Ok(())
            }
            ClientMessage::Subscribe { id, payload } => self.subscribe(id, payload).await,
        }
    }

    /// Finds out who it is, by the token of the payload or else of the request.
    async fn init(&mut self, payload: Option<Value>) -> Result<(), Ended> {
        if self.phase == Phase::Acknowledged {
            return Err(Some(Closing::TooManyInitialisations));
        }
        let given = payload.as_ref().and_then(Value::as_object).into_iter().flatten();
        let mut given = given.filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        if let Some((_, token)) = given.next() {
            let token = token.as_str().and_then(|token| HeaderValue::from_str(token).ok());
            self.headers.insert(header::AUTHORIZATION, token.ok_or(Some(Closing::Forbidden))?);
        }
        match identify(&self.gateway, &self.headers).await {
            Ok(identified) => self.session = identified.map(|identified| self.gateway.live.vigil.watch(&identified)),
            Err(IdentityError::Invalid | IdentityError::NotLinked) => return Err(Some(Closing::Forbidden)),
            Err(IdentityError::Store(error)) => {
                tracing::warn!(%error, "a token could not be checked");
                return Err(Some(Closing::TryAgainLater));
            }
        }
        self.phase = Phase::Acknowledged;
        self.send(protocol::ack()).await
    }

    async fn subscribe(&mut self, id: String, payload: Box<RawValue>) -> Result<(), Ended> {
        if self.phase != Phase::Acknowledged {
            return Err(Some(Closing::Unauthorized));
        }
        if !protocol::is_request(&payload) {
            return Err(Some(Closing::InvalidMessage));
        }
        if self.operations.contains_key(&id) {
            return Err(Some(Closing::SubscriberExists(id)));
        }
        let most = self.gateway.live.limits.socket_operations;
        let request = RequestId { id: request_id::random(&self.gateway), address: self.id.address };
        if self.operations.len() >= most {
            let message = format!("At most {most} operations at once on a WebSocket. End some of them first.");
            let extensions = json!({ "code": ErrorCode::RateLimited.as_str(), "requestId": request.id });
            return self.send(protocol::error(&id, &json!([{ "message": message, "extensions": extensions }]))).await;
        }
        let number = self.next;
        self.next += 1;
        let cancelled = CancellationToken::new();
        let resumption = Resumption::read(&payload);
        let said = begin(Arc::clone(&self.gateway), request, self.headers.clone(), id.clone(), payload, resumption);
        let said = said.take_until(cancelled.clone().cancelled_owned()).map(move |said| (number, said));
        self.said.push(said.boxed());
        self.operations.insert(id, Operation { number, cancelled });
        Ok(())
    }

    /// Tells the client what has come of an operation, unless it has ended it meanwhile.
    async fn say(&mut self, number: u64, said: Said) -> Result<(), Ended> {
        let (Said::Next { id, .. } | Said::Failed { id, .. } | Said::Complete { id } | Said::Forbidden { id }) = &said;
        if self.operations.get(id).is_none_or(|operation| operation.number != number) {
            return Ok(());
        }
        match said {
            Said::Next { id, payload } => self.send(protocol::next(&id, &payload)).await,
            Said::Failed { id, errors } => {
                self.operations.remove(&id);
                self.send(protocol::error(&id, &errors)).await
            }
            Said::Complete { id } => {
                self.operations.remove(&id);
                self.send(protocol::complete(&id)).await
            }
            Said::Forbidden { .. } => Err(Some(Closing::Forbidden)),
        }
    }

    async fn session_is(&mut self, state: SessionState) -> Result<(), Ended> {
        match state {
            SessionState::Valid => Ok(()),
            SessionState::EndsSoon(at) => self.send(protocol::session_ends(at)).await,
            SessionState::Ended => Err(Some(Closing::Forbidden)),
        }
    }

    /// Sends a message. Whoever does not read it in time is given up.
    async fn send(&mut self, message: Message) -> Result<(), Ended> {
        match timeout(WRITING, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(None),
        }
    }
}

/// Comes when nothing was said in time.
async fn too_silent(phase: Phase) {
    match phase {
        Phase::Silent(until) => sleep_until(until.into()).await,
        Phase::Acknowledged => std::future::pending().await,
    }
}

/// A message that is too big ends the connection, as does a client that does not speak WebSocket.
fn too_big(error: axum::Error) -> Ended {
    error.to_string().contains("too long").then_some(Closing::MessageTooBig)
}

/// How many messages came in the present second.
struct Pace {
    now: fn() -> Instant,
    since: Instant,
    count: u32,
}

impl Pace {
    fn new(now: fn() -> Instant) -> Self {
        Self { now, since: now(), count: 0 }
    }

    /// Notes a message, and waits for the next second where there were enough in this one: a flood is read no faster.
    async fn keep(&mut self) {
        const SECOND: Duration = Duration::from_secs(1);
        self.count += 1;
        if self.count > MESSAGES {
            sleep_until((self.since + SECOND).into()).await;
        }
        if (self.now)().saturating_duration_since(self.since) >= SECOND {
            *self = Self::new(self.now);
        }
    }
}
