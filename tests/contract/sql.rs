//! What only the SQL adapters have: migrations and pools. Other suites open their SQL stores here.

mod keys;
mod migrations;
mod outages;

use std::sync::Arc;
use std::time::Duration;

use polygraph::stores::sql::{Sql, SqlOptions};
use tempfile::TempDir;

use crate::support::{env_url, namespace};

/// A pool over a new, empty SQLite file; the directory lives as long as it is kept.
pub(crate) fn new_sqlite() -> (Arc<Sql>, TempDir) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let sql = connect(format!("sqlite://{}/polygraph.db", directory.path().display()));
    (sql, directory)
}

/// A pool over a new PostgreSQL schema, which does not exist yet.
pub(crate) fn new_postgresql() -> Arc<Sql> {
    connect(env_url("POLYGRAPH_TEST_POSTGRES_URL"))
}

/// A migrated SQLite file.
pub(crate) async fn sqlite() -> (Arc<Sql>, TempDir) {
    let (sql, directory) = new_sqlite();
    sql.migrate().await.expect("migrated");
    (sql, directory)
}

/// A migrated PostgreSQL schema.
pub(crate) async fn postgresql() -> Arc<Sql> {
    let sql = new_postgresql();
    sql.migrate().await.expect("migrated");
    sql
}

fn connect(url: String) -> Arc<Sql> {
    Sql::connect_lazy(options(url)).expect("a URL that an adapter serves")
}

/// Few connections, since many tests share one server.
fn options(url: String) -> SqlOptions {
    let acquire_timeout = Duration::from_secs(20);
    SqlOptions { url, schema: namespace(), max_connections: 4, acquire_timeout, statement_timeout: None }
}
