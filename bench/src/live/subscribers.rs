//! Those who wait: a WebSocket each.

use std::time::{Duration, Instant};

use futures::stream::{self, SplitStream, StreamExt as _};
use futures::{SinkExt as _, TryStreamExt as _};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use crate::Failure;

/// How many connect at once.
const AT_ONCE: usize = 32;
/// How long all of them may take to be told of one event.
const PATIENCE: Duration = Duration::from_secs(60);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub(super) struct Subscribers {
    count: usize,
    told: mpsc::UnboundedReceiver<Instant>,
    _listening: JoinSet<()>,
}

impl Subscribers {
    /// Lets so many wait for changes of a post.
    pub(super) async fn connect(url: &str, post: &str, count: usize) -> Result<Self, Failure> {
        let url = url.replacen("http", "ws", 1) + "/graphql";
        let sockets: Vec<Socket> =
            stream::iter(0..count).map(|_| connect(&url, post)).buffer_unordered(AT_ONCE).try_collect().await?;
        let (tell, told) = mpsc::unbounded_channel();
        let mut listening = JoinSet::new();
        for socket in sockets {
            let (mut sink, stream) = socket.split();
            listening.spawn({
                let tell = tell.clone();
                async move {
                    listen(stream, &tell).await;
                    // It ends with what measures.
                    let _ = sink.close().await;
                }
            });
        }
        Ok(Self { count, told, _listening: listening })
    }

    /// When each of them was told of an event.
    pub(super) async fn told(&mut self) -> Result<Vec<Instant>, Failure> {
        let mut moments = Vec::with_capacity(self.count);
        while moments.len() < self.count {
            let late = || format!("{} of {} were told in time", moments.len(), self.count);
            let moment = timeout(PATIENCE, self.told.recv()).await.map_err(|_| late())?;
            moments.push(moment.ok_or("all of them are gone")?);
        }
        Ok(moments)
    }
}

async fn connect(url: &str, post: &str) -> Result<Socket, Failure> {
    let mut request = url.into_client_request()?;
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
    let config = WebSocketConfig::default().read_buffer_size(1024).write_buffer_size(0);
    let (mut socket, _) = connect_async_with_config(request, Some(config), true).await?;
    socket.send(Message::text(r#"{"type":"connection_init"}"#)).await?;
    let query = "subscription ($p: ID!) { postChanged(id: $p) { id title likeCount author { handle } } }";
    let payload = json!({ "query": query, "variables": { "p": post } });
    socket.send(Message::text(json!({ "id": "1", "type": "subscribe", "payload": payload }).to_string())).await?;
    // The answer to a query that is sent after it says that it stands.
    let marker = json!({ "id": "2", "type": "subscribe", "payload": { "query": "{ __typename }" } });
    socket.send(Message::text(marker.to_string())).await?;
    while let Some(message) = socket.next().await {
        if matches!(message?, Message::Text(text) if text.contains("\"complete\"")) {
            return Ok(socket);
        }
    }
    Err("a WebSocket was closed".into())
}

async fn listen(mut stream: SplitStream<Socket>, tell: &mpsc::UnboundedSender<Instant>) {
    while let Some(Ok(message)) = stream.next().await {
        if matches!(message, Message::Text(text) if text.contains("\"next\"")) && tell.send(Instant::now()).is_err() {
            return;
        }
    }
}
