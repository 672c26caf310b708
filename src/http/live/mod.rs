//! What is told as it happens: over WebSocket (graphql-transport-ws) and as an event stream (graphql-sse, distinct
//! connections).
//!
//! Both begin an operation in the same way ([`opening`]). A query or mutation is answered as over plain HTTP, through
//! the same cache, budgets and limits; a subscription becomes a stream of [`Frame`](crate::live::Frame)s.

mod clients;
mod connection;
mod opening;
mod operation;
mod payload;
mod protocol;
mod sse;
mod upgrade;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::live::{Live, SessionState, Vigil, Watched};
use clients::Clients;

pub use protocol::ClientMessage;
pub(super) use sse::stream;
pub(super) use upgrade::upgrade;

/// How much is told, and to how many.
#[derive(Debug, Clone, Copy)]
pub struct LiveLimits {
    /// How many WebSockets there are at once.
    pub sockets: usize,
    /// How long a WebSocket's first message may take.
    pub init_timeout: Duration,
    /// How many operations are under way on a WebSocket at once.
    pub socket_operations: usize,
    /// How many subscriptions a client has at once.
    pub client_subscriptions: usize,
    /// How many bytes a message of a WebSocket has.
    pub message_size: usize,
}

/// Those who are told, and who they are.
pub struct LiveDoors {
    live: Arc<Live>,
    vigil: Arc<Vigil>,
    limits: LiveLimits,
    sockets: Arc<Semaphore>,
    clients: Arc<Clients>,
    /// Ends all WebSockets and event streams.
    stop: CancellationToken,
    connections: TaskTracker,
}

impl LiveDoors {
    /// Nobody is connected yet.
    pub fn new(live: Arc<Live>, vigil: Arc<Vigil>, limits: LiveLimits) -> Self {
        Self {
            live,
            vigil,
            limits,
            sockets: Arc::new(Semaphore::new(limits.sockets)),
            clients: Arc::new(Clients::new(limits.client_subscriptions)),
            stop: CancellationToken::new(),
            connections: TaskTracker::new(),
        }
    }

    /// Follows the bus and watches over sessions until `stop`. Then all who are connected are told to come back to
    /// another gateway; this returns when the last has gone.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        tokio::join!(self.live.run(stop.clone()), self.vigil.run(stop));
        self.stop.cancel();
        self.connections.close();
        self.connections.wait().await;
    }
}

/// Comes when the state of the session has changed, if there is one.
async fn session_changed(session: &mut Option<Watched>) -> SessionState {
    match session {
        Some(session) => session.changed().await,
        None => std::future::pending().await,
    }
}
