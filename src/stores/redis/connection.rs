//! The connections of the pool: how they are made, and when one is not to be used again.
//!
//! `bb8_redis::RedisConnectionManager` never calls a connection broken, so that after a restart of the server the
//! pool would go on handing out dead ones; and it takes no timeouts. This one does both.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bb8_redis::bb8::{ErrorSink, ManageConnection};
use bb8_redis::redis::aio::MultiplexedConnection;
use bb8_redis::redis::{
    AsyncConnectionConfig, Client, ErrorKind, IntoConnectionInfo as _, RedisError, ServerErrorKind, cmd,
};
use tokio::sync::watch;

use super::RedisOptions;
use super::error::Failure;

/// Makes connections and tells which of them are broken.
pub(super) struct Manager {
    client: Client,
    config: AsyncConnectionConfig,
    /// Grows when the server hangs up: what was connected before is then distrusted as a whole, without every idle
    /// connection failing a request of its own.
    losses: Arc<AtomicU64>,
}

impl Manager {
    pub(super) fn new(options: &RedisOptions) -> Result<Self, RedisError> {
        let client = Client::open(options.url.as_str().into_connection_info()?)?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(options.connect_timeout))
            .set_response_timeout(Some(options.command_timeout));
        Ok(Self { client, config, losses: Arc::default() })
    }
}

impl ManageConnection for Manager {
    type Connection = Connection;
    type Error = RedisError;

    async fn connect(&self) -> Result<Connection, RedisError> {
        let losses_before = self.losses.load(Ordering::Acquire);
        let link = self.client.get_multiplexed_async_connection_with_config(&self.config).await?;
        Ok(Connection { link, losses: Arc::clone(&self.losses), losses_before, broken: false, run_id: None })
    }

    async fn is_valid(&self, connection: &mut Connection) -> Result<(), RedisError> {
        cmd("PING").query_async(&mut connection.link).await
    }

    fn has_broken(&self, connection: &mut Connection) -> bool {
        !connection.is_fit()
    }
}

/// A connection to the server, and what became of it. A command whose future is dropped leaves it usable: redis-rs
/// reads the answer that nobody waits for, and throws it away.
pub(super) struct Connection {
    link: MultiplexedConnection,
    losses: Arc<AtomicU64>,
    losses_before: u64,
    broken: bool,
    run_id: Option<String>,
}

impl Connection {
    /// What commands are sent through.
    pub(super) fn link(&mut self) -> &mut MultiplexedConnection {
        &mut self.link
    }

    /// The name of the server process at the other end, which another one never has: not the same server after a
    /// restart, nor a replica that took over. It is asked once, since a connection never outlives the process.
    pub(super) async fn run_id(&mut self) -> Result<String, RedisError> {
        if let Some(run_id) = &self.run_id {
            return Ok(run_id.clone());
        }
        let info: String = cmd("INFO").arg("server").query_async(&mut self.link).await?;
        let run_id = info.lines().find_map(|line| line.strip_prefix("run_id:"));
        let run_id = run_id.ok_or_else(|| RedisError::from((ErrorKind::UnexpectedReturnType, "INFO has no run_id")))?;
        Ok(self.run_id.insert(run_id.to_owned()).clone())
    }

    /// Whether it may be used again.
    pub(super) fn is_fit(&self) -> bool {
        !self.broken && self.losses_before == self.losses.load(Ordering::Acquire)
    }

    /// What commands came to, having learnt from their failure.
    pub(super) fn outcome<T>(&mut self, answer: Result<T, RedisError>) -> Result<T, Failure> {
        answer.map_err(|error| {
            self.note(&error);
            Failure::Command(error)
        })
    }

    /// Learns from a command's failure. Answers of a healthy server, refusals included, change nothing; a server that
    /// has become a replica counts as broken, since only a new connection finds the new primary.
    fn note(&mut self, error: &RedisError) {
        let demoted = error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly);
        self.broken |= demoted || error.is_io_error() || error.is_unrecoverable_error();
        if error.is_connection_dropped() {
            // Who lost a connection of an earlier time learns nothing new about those made since.
            let (before, after) = (self.losses_before, self.losses_before + 1);
            let _ = self.losses.compare_exchange(before, after, Ordering::AcqRel, Ordering::Acquire);
        }
    }
}

/// Tells those who wait for a connection that one could not be established.
///
/// As the pool's error sink it hears of a failure after the pool has counted the attempt as ended; so whoever begins
/// to wait after that has an attempt of its own.
#[derive(Clone)]
pub(super) struct ConnectFailures(watch::Sender<RedisError>);

impl ConnectFailures {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(RedisError::from((ErrorKind::Io, "no attempt to connect has failed"))))
    }

    /// The next failure from the moment of this call on, not of the first poll.
    pub(super) fn next(&self) -> impl Future<Output = RedisError> + use<> {
        let mut failures = self.0.subscribe();
        async move {
            // The sender outlives the wait: it belongs to the same `Redis` as the waiter.
            let _ = failures.changed().await;
            failures.borrow().clone()
        }
    }
}

impl ErrorSink<RedisError> for ConnectFailures {
    fn sink(&self, error: RedisError) {
        self.0.send_replace(error);
    }

    fn boxed_clone(&self) -> Box<dyn ErrorSink<RedisError>> {
        Box::new(self.clone())
    }
}

impl fmt::Debug for ConnectFailures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConnectFailures")
    }
}
