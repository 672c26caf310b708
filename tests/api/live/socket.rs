//! A client of graphql-transport-ws that sends what it is told to, right or wrong.

use std::net::SocketAddr;
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue, Response};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// How long what is due may take, on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// What came.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Heard {
    Said(Value),
    Closed(u16, String),
    /// The connection is gone without a closing.
    Gone,
}

pub(super) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens one with these headers; the answer, where that is refused.
    pub(super) async fn try_open(
        address: SocketAddr,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Box<Response<Option<Vec<u8>>>>> {
        let mut request = format!("ws://{address}/graphql").into_client_request().expect("a URL");
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).expect("a header");
            request.headers_mut().insert(HeaderName::from_static(name), value);
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => Err(response),
            Err(error) => panic!("no WebSocket: {error}"),
        }
    }

    /// Opens one that speaks the protocol.
    pub(super) async fn open(address: SocketAddr) -> Self {
        let opened = Self::try_open(address, &[("sec-websocket-protocol", "graphql-transport-ws")]).await;
        opened.unwrap_or_else(|response| panic!("refused: {response:?}"))
    }

    /// Opens one, and is acknowledged, as nobody in particular or by a token.
    pub(super) async fn ready(address: SocketAddr, token: Option<&str>) -> Self {
        let mut socket = Self::open(address).await;
        let payload = token.map(|token| json!({ "Authorization": format!("Bearer {token}") }));
        socket.say(&json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.hear().await, Heard::Said(json!({ "type": "connection_ack" })));
        socket
    }

    pub(super) async fn send(&mut self, message: Message) {
        self.0.send(message).await.expect("it is sent");
    }

    pub(super) async fn say(&mut self, message: &Value) {
        self.send(Message::text(message.to_string())).await;
    }

    /// Asks for an operation.
    pub(super) async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        self.say(&json!({ "id": id, "type": "subscribe", "payload": { "query": query, "variables": variables } }))
            .await;
    }

    /// The next that comes, but for what only keeps the connection alive.
    pub(super) async fn hear(&mut self) -> Heard {
        // What keeps the connection alive is nothing to wait for longer.
        let until = Instant::now() + PATIENCE;
        loop {
            let message = timeout_at(until, self.0.next()).await.expect("something comes");
            return match message {
                Some(Ok(Message::Text(text))) => Heard::Said(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Close(Some(frame)))) => Heard::Closed(frame.code.into(), frame.reason.to_string()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(other)) => panic!("{other:?}"),
                Some(Err(_)) | None => Heard::Gone,
            };
        }
    }

    /// The payload of the next result of the operation `id`, which must be what comes next.
    pub(super) async fn next(&mut self, id: &str) -> Value {
        match self.hear().await {
            Heard::Said(mut message) if message["type"] == "next" && message["id"] == id => message["payload"].take(),
            other => panic!("a result of {id}, not {other:?}"),
        }
    }

    /// The data of the next result, which must be without errors.
    pub(super) async fn data(&mut self, id: &str) -> Value {
        let mut payload = self.next(id).await;
        assert_eq!(payload.get("errors"), None, "{payload}");
        payload["data"].take()
    }

    /// Waits until the operations so far have been begun: they are in order with this.
    pub(super) async fn settle(&mut self) {
        self.subscribe("settle", "{ __typename }", json!({})).await;
        assert_eq!(self.data("settle").await, json!({ "__typename": "Query" }));
        assert_eq!(self.hear().await, Heard::Said(json!({ "id": "settle", "type": "complete" })));
    }
}
