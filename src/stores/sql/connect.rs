//! The pool of connections, made without asking the server anything.

use std::sync::Arc;
use std::time::Duration;

use polygraph_migrations::MigrationError;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sea_orm::sqlx::{ConnectOptions as _, Connection as _};
use sea_orm::{DatabaseConnection, DbBackend, SqlxPostgresConnector, SqlxSqliteConnector};
use tokio::sync::Mutex;

/// A connection that was not used for this long is tried before it is handed out: the server may have gone since.
const TRUSTED_FOR: Duration = Duration::from_secs(1);
/// How long SQLite waits for the lock of another process before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How many prepared statements a connection keeps: more than there are texts in `queries`, counting each with and
/// without a cursor, in both directions, with and without the content of posts.
const PREPARED: usize = 200;

/// Where the SQL store is and how it is used.
#[derive(Clone)]
pub struct SqlOptions {
    /// `postgres://…`, `postgresql://…` or `sqlite://…`.
    pub url: String,
    /// The PostgreSQL schema that holds the tables; SQLite has none.
    pub schema: String,
    /// How many connections are kept at most.
    pub max_connections: u32,
    /// How long a call waits for a connection, be it for one to become free or for a new one to be opened.
    pub acquire_timeout: Duration,
    /// How long PostgreSQL goes on with a statement, whether anybody waits for it or not; `None`: to its end.
    pub statement_timeout: Option<Duration>,
}

/// A URL that no adapter of this module can serve. Its text never repeats the URL, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SqlUrlError(String);

/// The pool that the adapters of users and posts share.
pub struct Sql {
    pub(super) connection: DatabaseConnection,
    /// Whose turn it is to write. SQLite has one writer at a time and lets others poll for their turn; queueing here
    /// first is quicker, and fair. PostgreSQL needs no turns.
    pub(super) turn: Option<Arc<Mutex<()>>>,
    schema: String,
}

impl Sql {
    /// A pool that opens its connections as they are needed. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// When the URL is not one of PostgreSQL or SQLite.
    pub fn connect_lazy(options: SqlOptions) -> Result<Arc<Self>, SqlUrlError> {
        let (connection, turn) = match options.url.split_once(':').map(|(scheme, _)| scheme) {
            Some("postgres" | "postgresql") => (postgres(&options)?, None),
            Some("sqlite") => (sqlite(&options)?, Some(Arc::default())),
            _ => return Err(SqlUrlError("A SQL store's URL begins with postgres:// or sqlite://.".into())),
        };
        Ok(Arc::new(Self { connection, turn, schema: options.schema }))
    }

    /// Brings the tables to the current version. Returns the names of the migrations applied.
    ///
    /// # Errors
    /// When the store can't be reached or refuses a statement; nothing has been changed then.
    pub async fn migrate(&self) -> Result<Vec<String>, MigrationError> {
        polygraph_migrations::sql::up(&self.connection, Some(&self.schema)).await
    }

    /// Closes all connections, once those in use have been given back.
    pub async fn close(&self) {
        if let Err(error) = self.connection.close_by_ref().await {
            tracing::warn!(%error, "the SQL connections were not closed in order");
        }
    }

    /// The connection itself, for tests that look behind the adapters.
    pub fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }

    pub(super) fn dialect(&self) -> DbBackend {
        self.connection.get_database_backend()
    }
}

fn postgres(options: &SqlOptions) -> Result<DatabaseConnection, SqlUrlError> {
    let connect: PgConnectOptions = options
        .url
        .parse()
        .map_err(|_| SqlUrlError("Not a PostgreSQL URL; write postgres://USER:PASSWORD@HOST:PORT/DATABASE.".into()))?;
    let connect = connect.application_name("polygraph").statement_cache_capacity(PREPARED).options([
        ("search_path", options.schema.as_str()),
        // Every list has an index in its order, of which a page reads only its own part. Bitmaps lose the order: a
        // planner that takes a celebrity for an average user would read all of their followers and sort them.
        ("enable_bitmapscan", "off"),
    ]);
    // Said when connecting, so that it costs no round trip: whoever is dropped sooner leaves the rest to the server.
    let connect = match options.statement_timeout {
        Some(timeout) => connect.options([("statement_timeout", timeout.as_millis().to_string())]),
        None => connect,
    };
    let pool = PgPoolOptions::new()
        .max_connections(options.max_connections)
        .acquire_timeout(options.acquire_timeout)
        // sqlx's own test is a round trip before every statement.
        .test_before_acquire(false)
        .before_acquire(|connection, used| {
            Box::pin(async move {
                if used.idle_for >= TRUSTED_FOR {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(connect.disable_statement_logging());
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

fn sqlite(options: &SqlOptions) -> Result<DatabaseConnection, SqlUrlError> {
    let connect: SqliteConnectOptions =
        options.url.parse().map_err(|_| SqlUrlError("Not an SQLite URL; write sqlite://PATH/TO/FILE.".into()))?;
    // Every connection would have a memory of its own.
    if options.url.contains(":memory:") || options.url.contains("mode=memory") {
        return Err(SqlUrlError("SQLite needs a file here; write sqlite://PATH/TO/FILE.".into()));
    }
    let connect = connect
        .create_if_missing(true)
        .statement_cache_capacity(PREPARED)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .journal_mode(SqliteJournalMode::Wal)
        // NORMAL would be quicker, but a power failure could take back writes that have been acknowledged.
        .synchronous(SqliteSynchronous::Full)
        // 8 MB of pages for each connection: with the default 2 MB, many inserts at once take twice as long.
        .pragma("cache_size", "-8192");
    let pool = SqlitePoolOptions::new()
        .max_connections(options.max_connections)
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire(false)
        .connect_lazy_with(connect.disable_statement_logging());
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}
