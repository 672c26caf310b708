//! WebSockets: frames (RFC 6455), and the messages of graphql-transport-ws in them.

use std::io::{Cursor, Read, Write};

use polygraph::http::ClientMessage;
use serde_json::{Value, json};
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Message, WebSocket};

/// The most bytes of a message, as a gateway might be configured.
const MAX_MESSAGE: usize = 64 * 1024;

/// A client that has sent all that it will send, and reads what it is told.
struct Sent(Cursor<Vec<u8>>);

impl Read for Sent {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(into)
    }
}

impl Write for Sent {
    fn write(&mut self, told: &[u8]) -> std::io::Result<usize> {
        Ok(told.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What a client may send once its WebSocket is open: text that is a message is the same message when it is written
/// plainly. If the first byte is `{`, all of it is taken for one frame's text, so that messages are found sooner.
pub fn frames(data: &[u8]) {
    if data.starts_with(b"{") {
        return std::str::from_utf8(data).into_iter().for_each(message);
    }
    let config = WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(Some(MAX_MESSAGE));
    let mut socket = WebSocket::from_raw_socket(Sent(Cursor::new(data.to_vec())), Role::Server, Some(config));
    while let Ok(read) = socket.read() {
        assert!(read.len() <= MAX_MESSAGE);
        if let Message::Text(text) = read {
            message(&text);
        }
    }
}

fn message(text: &str) {
    let Some(message) = ClientMessage::read(text) else { return };
    let plain = plainly(&message);
    let again = ClientMessage::read(&plain.to_string()).expect("it was read before");
    assert_eq!(plainly(&again), plain);
}

fn plainly(message: &ClientMessage) -> Value {
    // A payload that stays as it was sent need not be JSON that fits our own values: numbers may be too large.
    let shape = |payload: &serde_json::value::RawValue| payload.get().starts_with('{');
    match message {
        ClientMessage::Init { payload } => json!({ "type": "connection_init", "payload": payload }),
        ClientMessage::Ping { payload } => {
            assert!(payload.as_deref().is_none_or(shape));
            json!({ "type": "ping" })
        }
        ClientMessage::Pong => json!({ "type": "pong" }),
        ClientMessage::Subscribe { id, payload } => {
            assert!(shape(payload) && !id.is_empty());
            json!({ "type": "subscribe", "id": id, "payload": {} })
        }
        ClientMessage::Complete { id } => json!({ "type": "complete", "id": id }),
    }
}
