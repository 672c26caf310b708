//! Redis (or Valkey), by way of `bb8-redis`: a pool of connections to one server.
//!
//! A command has a connection to itself while it runs. One shared, multiplexed connection would need fewer sockets,
//! but a body of a megabyte would then hold up every small answer behind it, and one lost connection would fail
//! every request in flight instead of one.

mod cache;
mod cache_entry;
mod connection;
mod documents;
mod error;
mod events;
mod rate_limit;
mod sessions;
mod throttle;

use std::time::Duration;

use bb8_redis::bb8::{Pool, PooledConnection, QueueStrategy, RunError};
use bb8_redis::redis::{Cmd, FromRedisValue, Pipeline};

pub use events::{RedisEvents, RedisEventsOptions};
pub use sessions::RedisSessions;

use self::connection::{ConnectFailures, Manager};
use self::error::Failure;
use crate::ports::StoreResult;

/// How to reach a Redis. Not `Debug`: its URL may hold a password.
#[derive(Clone)]
pub struct RedisOptions {
    /// `redis://` or, over TLS, `rediss://`, with user, password and database as usual.
    pub url: String,
    /// What every key starts with, before a colon.
    pub namespace: String,
    /// How many connections there are at most; at least one.
    pub max_connections: u32,
    /// How long establishing a connection may take, the look-up of its name and TLS included.
    pub connect_timeout: Duration,
    /// How long the answer to a command may take.
    pub command_timeout: Duration,
}

/// A Redis server, as the port's adapters share it.
pub struct Redis {
    namespace: String,
    pool: Pool<Manager>,
    connect_failures: ConnectFailures,
}

impl Redis {
    /// A Redis that is connected to when it is first asked something. To be called inside a Tokio runtime, which then
    /// runs the task that closes idle connections.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`](crate::ports::ErrorKind::Internal) when the URL is not one of Redis.
    pub fn connect_lazy(options: RedisOptions) -> StoreResult<Self> {
        let manager = Manager::new(&options).map_err(Failure::Command)?;
        let connect_failures = ConnectFailures::new();
        let pool = Pool::builder()
            .max_size(options.max_connections.max(1))
            // Long enough for a new connection, or for one that another command is done with.
            .connection_timeout(options.connect_timeout + options.command_timeout)
            .retry_connection(false)
            .error_sink(Box::new(connect_failures.clone()))
            .test_on_check_out(false)
            .queue_strategy(QueueStrategy::Lifo)
            .build_unchecked(manager);
        Ok(Self { namespace: options.namespace, pool, connect_failures })
    }

    /// Sends one command and reads its answer.
    async fn run<T: FromRedisValue>(&self, command: &Cmd) -> StoreResult<T> {
        let mut connection = self.connection().await?;
        let answer = command.query_async(connection.link()).await;
        Ok(connection.outcome(answer)?)
    }

    /// Sends several commands at once, whose answers mean nothing but that they were carried out.
    async fn run_all(&self, commands: &Pipeline) -> StoreResult<()> {
        let mut connection = self.connection().await?;
        let answer = commands.query_async(connection.link()).await;
        Ok(connection.outcome(answer)?)
    }

    /// A connection that was not lost, as far as is known without asking the server.
    async fn connection(&self) -> Result<PooledConnection<'_, Manager>, Failure> {
        loop {
            let connection = self.next_connection().await?;
            if connection.is_fit() {
                return Ok(connection);
            }
        }
    }

    /// The pool's next connection. When connecting fails, bb8 lets all who wait run into its timeout; here they get
    /// the reason at once.
    async fn next_connection(&self) -> Result<PooledConnection<'_, Manager>, Failure> {
        let next_failure = self.connect_failures.next();
        tokio::select! {
            biased;
            connection = self.pool.get() => connection.map_err(|error| match error {
                RunError::User(error) => Failure::Connect(error),
                RunError::TimedOut => Failure::Busy,
            }),
            error = next_failure => Err(Failure::Connect(error)),
        }
    }
}
