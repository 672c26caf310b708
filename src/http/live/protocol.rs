//! Messages and closings of graphql-transport-ws (the protocol of the graphql-ws library, revision of 2023).

use axum::extract::ws::{CloseFrame, Message};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::domain::Timestamp;

/// The subprotocol's name.
pub(super) const SUBPROTOCOL: &str = "graphql-transport-ws";

/// What a client says.
#[derive(Debug, Clone)]
pub enum ClientMessage {
    /// Who it is.
    Init {
        /// An object, by which it may say so.
        payload: Option<Value>,
    },
    /// Whether somebody is there.
    Ping {
        /// An object, which is sent back.
        payload: Option<Box<RawValue>>,
    },
    /// That it is there.
    Pong,
    /// What it asks.
    Subscribe {
        /// What it calls that.
        id: String,
        /// The request, an object.
        payload: Box<RawValue>,
    },
    /// That it does not want any more of it.
    Complete {
        /// What it called that.
        id: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw<'a> {
    #[serde(rename = "type", borrow)]
    kind: std::borrow::Cow<'a, str>,
    id: Option<String>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

impl ClientMessage {
    /// Reads a message; `None` where it is none of the protocol's.
    pub fn read(text: &str) -> Option<Self> {
        let Raw { kind, id, payload } = serde_json::from_str(text).ok()?;
        let payload = payload.filter(|payload| payload.get() != "null");
        let is_object = payload.is_none_or(|payload| payload.get().starts_with('{'));
        match (kind.as_ref(), id) {
            ("connection_init", None) if is_object => {
                let payload = payload.map(|payload| serde_json::from_str(payload.get())).transpose().ok()?;
                Some(Self::Init { payload })
            }
            ("ping", None) if is_object => Some(Self::Ping { payload: payload.map(ToOwned::to_owned) }),
            ("pong", None) if is_object => Some(Self::Pong),
            ("subscribe", Some(id)) if is_object && !id.is_empty() => {
                Some(Self::Subscribe { id, payload: payload?.to_owned() })
            }
            ("complete", Some(id)) if payload.is_none() && !id.is_empty() => Some(Self::Complete { id }),
            _ => None,
        }
    }
}

/// What of a `subscribe` payload is not the operation itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Resumption {
    /// Whether the client wants to be told after what to go on.
    pub tells_id: bool,
    /// After what to go on.
    pub after: Option<String>,
}

impl Resumption {
    /// Reads `extensions.lastEventId`: null to begin with, a position to go on.
    pub(super) fn read(payload: &RawValue) -> Self {
        let payload: Value = serde_json::from_str(payload.get()).unwrap_or_default();
        let last = payload.get("extensions").and_then(|extensions| extensions.get("lastEventId"));
        Self { tells_id: last.is_some(), after: last.and_then(Value::as_str).map(ToOwned::to_owned) }
    }
}

/// Whether a `subscribe` payload has the shape that the protocol demands; what it says is looked at later.
pub(super) fn is_request(payload: &RawValue) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Shape {
        query: Option<String>,
        document_id: Option<String>,
        operation_name: Option<String>,
        variables: Option<serde_json::Map<String, Value>>,
        extensions: Option<serde_json::Map<String, Value>>,
    }
    let Ok(shape) = serde_json::from_str::<Shape>(payload.get()) else { return false };
    // What these are is no matter here.
    let _ = (shape.operation_name, shape.variables);
    // A document may be named in place of being sent.
    let is_named = shape.document_id.is_some() || shape.extensions.is_some_and(|of| of.contains_key("persistedQuery"));
    shape.query.map_or(is_named, |query| !query.is_empty())
}

/// The connection is accepted.
pub(super) fn ack() -> Message {
    Message::text(r#"{"type":"connection_ack"}"#)
}

/// Somebody is there.
pub(super) fn pong(payload: Option<&RawValue>) -> Message {
    Message::text(match payload {
        Some(payload) => format!(r#"{{"type":"pong","payload":{payload}}}"#),
        None => r#"{"type":"pong"}"#.to_owned(),
    })
}

/// A result of the operation `id`, which is JSON.
pub(super) fn next(id: &str, payload: &str) -> Message {
    Message::text(format!(r#"{{"id":{},"type":"next","payload":{payload}}}"#, Value::from(id)))
}

/// The operation `id` failed before anything of it was executed.
pub(super) fn error(id: &str, errors: &Value) -> Message {
    Message::text(json!({ "id": id, "type": "error", "payload": errors }).to_string())
}

/// Nothing more comes of the operation `id`.
pub(super) fn complete(id: &str) -> Message {
    Message::text(json!({ "id": id, "type": "complete" }).to_string())
}

/// The session ends soon. A ping, since that may come at any time and no client minds it.
pub(super) fn session_ends(at: Timestamp) -> Message {
    Message::text(json!({ "type": "ping", "payload": { "sessionEndsAt": at.to_string() } }).to_string())
}

/// Events come late from now on, or not any more.
pub(super) fn lagging(is_behind: bool) -> Message {
    Message::text(json!({ "type": "ping", "payload": { "lagging": is_behind } }).to_string())
}

/// Why a connection is closed by us. Those from 4400 on are the protocol's, the others WebSocket's (RFC 6455 §7.4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Closing {
    GoingAway,
    MessageTooBig,
    TryAgainLater,
    InvalidMessage,
    Unauthorized,
    Forbidden,
    SubprotocolNotAcceptable,
    InitialisationTimeout,
    SubscriberExists(String),
    TooManyInitialisations,
}

impl Closing {
    pub(super) fn message(&self) -> Message {
        let (code, reason) = match self {
            Self::GoingAway => (1001, "Going away".into()),
            Self::MessageTooBig => (1009, "Message too big".into()),
            Self::TryAgainLater => (1013, "Try again later".into()),
            Self::InvalidMessage => (4400, "Invalid message".into()),
            Self::Unauthorized => (4401, "Unauthorized".into()),
            Self::Forbidden => (4403, "Forbidden".into()),
            Self::SubprotocolNotAcceptable => (4406, "Subprotocol not acceptable".into()),
            Self::InitialisationTimeout => (4408, "Connection initialisation timeout".into()),
            // A reason has at most 123 bytes.
            Self::SubscriberExists(id) if id.len() <= 64 => {
                (4409, format!("Subscriber for {id} already exists").into())
            }
            Self::SubscriberExists(_) => (4409, "Subscriber already exists".into()),
            Self::TooManyInitialisations => (4429, "Too many initialisation requests".into()),
        };
        Message::Close(Some(CloseFrame { code, reason }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_protocol_has_is_a_message() {
        for text in [
            r#"{"type":"connection_init"}"#,
            r#"{"type":"connection_init","payload":null}"#,
            r#"{"type":"connection_init","payload":{"Authorization":"Bearer x"}}"#,
            r#"{"type":"ping","payload":{"a":1}}"#,
            r#"{"type":"pong"}"#,
            r#"{"id":"1","type":"subscribe","payload":{"query":"{a}"}}"#,
            r#"{"id":"1","type":"complete"}"#,
        ] {
            assert!(ClientMessage::read(text).is_some(), "{text}");
        }
        for text in [
            "",
            "x",
            "[]",
            r#"{"type":"start","id":"1","payload":{}}"#,
            r#"{"type":"connection_init","payload":7}"#,
            r#"{"type":"ping","payload":[]}"#,
            r#"{"type":"subscribe","payload":{"query":"{a}"}}"#,
            r#"{"id":"","type":"subscribe","payload":{"query":"{a}"}}"#,
            r#"{"id":"1","type":"subscribe"}"#,
            r#"{"id":1,"type":"complete"}"#,
            r#"{"id":"1","id":"2","type":"complete"}"#,
            r#"{"id":"1","type":"next","payload":{}}"#,
            r#"{"type":"connection_ack"}"#,
        ] {
            assert!(ClientMessage::read(text).is_none(), "{text}");
        }
    }
}
