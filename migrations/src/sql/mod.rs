//! The SQL stores: SeaORM migrations for PostgreSQL and SQLite, the same tables in both.
//!
//! All pending migrations are applied in one transaction, or none. Instances that start together take turns: on
//! PostgreSQL by an advisory lock that the transaction holds, on SQLite by its one writer's lock.

mod dialect;
mod m0001_users_and_follows;
mod m0002_posts_and_likes;
mod m0003_outbox;
mod m0004_publishing;
mod m0005_accounts;
mod m0006_external_identities;
mod m0007_cache_register;

use std::time::Duration;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbBackend, RuntimeErr, SqliteTransactionMode, SqlxSqliteError, Statement,
    TransactionOptions, TransactionTrait,
};

use crate::MigrationError;

/// The table in which applied migrations are recorded, in a column `version`.
pub const RECORD: &str = "seaql_migrations";

/// How often a new SQLite file is tried again that another instance is making at that moment, and how long each try
/// waits for the next: five seconds in all, as long as SQLite's own busy timeout here.
const TRIES: u32 = 200;
const PAUSE: Duration = Duration::from_millis(25);

struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_users_and_follows::Migration),
            Box::new(m0002_posts_and_likes::Migration),
            Box::new(m0003_outbox::Migration),
            Box::new(m0004_publishing::Migration),
            Box::new(m0005_accounts::Migration),
            Box::new(m0006_external_identities::Migration),
            Box::new(m0007_cache_register::Migration),
        ]
    }
}

/// The names of all migrations that this version knows, oldest first.
pub fn names() -> Vec<String> {
    Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect()
}

/// Applies what is missing and returns its names. On PostgreSQL the tables live in `schema`, which is created where it
/// is missing; `None` stands for the connection's own search path.
///
/// # Errors
/// When the store can't be reached or refuses a statement. Nothing has been changed then.
pub async fn up(db: &DatabaseConnection, schema: Option<&str>) -> Result<Vec<String>, MigrationError> {
    let failed = |error| MigrationError::new("The SQL store could not be migrated.", error);
    let transaction = begin_in_turn(db, schema).await.map_err(failed)?;
    let missing = missing(&transaction).await.map_err(failed)?;
    // SeaORM refuses a store that has migrations of a later version; one that lacks nothing needs no migrator.
    if !missing.is_empty() {
        Migrator::up(&transaction, None).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)?;
    Ok(missing)
}

/// The names of the migrations that have not been applied yet. Changes nothing.
///
/// # Errors
/// When the store can't be reached.
pub async fn pending(db: &DatabaseConnection, schema: Option<&str>) -> Result<Vec<String>, MigrationError> {
    let failed = |error| MigrationError::new("The SQL store could not be asked for its migrations.", error);
    let transaction = db.begin().await.map_err(failed)?;
    if let Some(schema) = schema.filter(|_| is_postgres(&transaction)) {
        search(&transaction, schema).await.map_err(failed)?;
    }
    missing(&transaction).await.map_err(failed)
}

/// As [`begin`], but waits where two connections turn a new SQLite file into one with a write-ahead log at once. Each
/// would wait for the other, so SQLite tells one that the file is locked without asking its busy timeout
/// (<https://www.sqlite.org/c3ref/busy_handler.html>).
async fn begin_in_turn(db: &DatabaseConnection, schema: Option<&str>) -> Result<DatabaseTransaction, DbErr> {
    for _ in 1..TRIES {
        match begin(db, schema).await {
            Err(error) if is_busy(&error) => tokio::time::sleep(PAUSE).await,
            settled => return settled,
        }
    }
    begin(db, schema).await
}

/// Whether SQLite says that another connection is in the way: `SQLITE_BUSY`, in whichever of its extended forms
/// (<https://www.sqlite.org/rescode.html>).
fn is_busy(error: &DbErr) -> bool {
    let (DbErr::Conn(source) | DbErr::Exec(source) | DbErr::Query(source)) = error else { return false };
    let RuntimeErr::SqlxError(source) = source else { return false };
    let Some(error) = source.as_database_error() else { return false };
    error.try_downcast_ref::<SqlxSqliteError>().is_some()
        && error.code().and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 5)
}

/// A transaction that no other migration runs beside, with the schema in place.
async fn begin(db: &DatabaseConnection, schema: Option<&str>) -> Result<DatabaseTransaction, DbErr> {
    let immediate =
        TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..Default::default() };
    let transaction = db.begin_with_options(immediate).await?;
    if is_postgres(&transaction) {
        // A lock per database: creating two schemas at once is harmless, but waiting for each other costs nothing.
        let lock = "SELECT pg_advisory_xact_lock(hashtext('polygraph migrations'))";
        // Neither an index over much data nor others' turns are bounded by what a request's statement may take.
        transaction.execute_unprepared("SET LOCAL statement_timeout = 0").await?;
        transaction.execute_unprepared(lock).await?;
        if let Some(schema) = schema {
            transaction.execute_unprepared(&format!("CREATE SCHEMA IF NOT EXISTS {}", quoted(schema))).await?;
            search(&transaction, schema).await?;
        }
    }
    Ok(transaction)
}

/// Makes `schema` the one in which this transaction finds and creates tables.
async fn search(transaction: &DatabaseTransaction, schema: &str) -> Result<(), DbErr> {
    transaction.execute_unprepared(&format!("SET LOCAL search_path = {}", quoted(schema))).await.map(|_| ())
}

/// The names of the known migrations that the store has no record of.
async fn missing(transaction: &DatabaseTransaction) -> Result<Vec<String>, DbErr> {
    let mut names = names();
    if SchemaManager::new(transaction).has_table(RECORD).await? {
        let select = format!("SELECT version FROM {RECORD}");
        let select = Statement::from_string(transaction.get_database_backend(), select);
        for row in transaction.query_all_raw(select).await? {
            let applied: String = row.try_get_by_index(0)?;
            names.retain(|name| *name != applied);
        }
    }
    Ok(names)
}

fn is_postgres(transaction: &DatabaseTransaction) -> bool {
    transaction.get_database_backend() == DbBackend::Postgres
}

fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}
