//! Running statements, with errors in the terms of the ports.

use std::sync::Arc;

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait as _,
};
use tokio::sync::OwnedMutexGuard;

use super::connect::Sql;
use super::error::{not_ready, store_error, write_error};
use super::rows::Columns;
use crate::ports::{Role, StoreError, StoreResult};

/// The pool, as the adapter of one role uses it.
#[derive(Clone)]
pub(super) struct Db {
    sql: Arc<Sql>,
    role: Role,
}

impl Db {
    pub(super) fn new(sql: Arc<Sql>, role: Role) -> Self {
        Self { sql, role }
    }

    pub(super) fn dialect(&self) -> DbBackend {
        self.sql.dialect()
    }

    pub(super) fn kind(&self) -> &'static str {
        match self.dialect() {
            DbBackend::Postgres => "postgresql",
            _ => "sqlite",
        }
    }

    /// The rows of a statement, each read by `read`.
    pub(super) async fn rows<T>(
        &self,
        statement: Statement,
        read: impl Fn(&mut Columns) -> StoreResult<T>,
    ) -> StoreResult<Vec<T>> {
        rows(&self.sql.connection, self.role, statement, read).await
    }

    /// The number that a statement counts.
    pub(super) async fn count(&self, statement: Statement) -> StoreResult<u64> {
        Ok(self.rows(statement, Columns::count).await?.into_iter().next().unwrap_or_default())
    }

    /// The engine's version; an error while a migration is missing.
    pub(super) async fn check(&self) -> StoreResult<String> {
        let version = match self.dialect() {
            DbBackend::Postgres => "current_setting('server_version')",
            _ => "sqlite_version()",
        };
        let record = polygraph_migrations::sql::RECORD;
        let select = format!("SELECT {version}, version FROM {record}");
        let applied = self
            .rows(Statement::from_string(self.dialect(), select), |columns| Ok((columns.text()?, columns.text()?)))
            .await?;
        for name in polygraph_migrations::sql::names() {
            if !applied.iter().any(|(_, applied)| *applied == name) {
                return Err(not_ready(self.role, format!("the migration {name} is missing")));
            }
        }
        Ok(applied.into_iter().next().map(|(version, _)| version).unwrap_or_default())
    }

    /// Runs a statement that writes, in a transaction of its own. Returns how many rows it wrote. Errors are those of
    /// [`Writing::commit`].
    pub(super) async fn run(&self, statement: Statement) -> StoreResult<u64> {
        let _turn = self.turn().await;
        let done = self.sql.connection.execute_raw(statement).await;
        done.map(|done| done.rows_affected()).map_err(|error| write_error(self.role, error))
    }

    async fn turn(&self) -> Option<OwnedMutexGuard<()>> {
        match &self.sql.turn {
            Some(turn) => Some(turn.clone().lock_owned().await),
            None => None,
        }
    }

    /// Begins a transaction that writes.
    pub(super) async fn begin(&self) -> StoreResult<Writing> {
        let turn = self.turn().await;
        // SQLite must take the writer's lock at once: a reader that becomes a writer later can't wait for its turn.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = self.sql.connection.begin_with_options(options).await;
        let transaction = transaction.map_err(|error| store_error(self.role, error))?;
        Ok(Writing { transaction, role: self.role, _turn: turn })
    }
}

/// A transaction that writes. Dropped without [`Self::commit`], it changes nothing.
pub(super) struct Writing {
    transaction: DatabaseTransaction,
    role: Role,
    // Dropped last: the next one's turn comes when this transaction is over.
    _turn: Option<OwnedMutexGuard<()>>,
}

impl Writing {
    pub(super) fn dialect(&self) -> DbBackend {
        self.transaction.get_database_backend()
    }

    /// The rows of a statement, each read by `read`.
    pub(super) async fn rows<T>(
        &self,
        statement: Statement,
        read: impl Fn(&mut Columns) -> StoreResult<T>,
    ) -> StoreResult<Vec<T>> {
        rows(&self.transaction, self.role, statement, read).await
    }

    /// Runs a statement whose answer is of no interest.
    pub(super) async fn run(&self, statement: Statement) -> StoreResult<()> {
        self.transaction.execute_raw(statement).await.map(|_| ()).map_err(|error| store_error(self.role, error))
    }

    /// What should never happen, as an error of this store.
    pub(super) fn internal(&self, what: impl std::fmt::Display) -> StoreError {
        StoreError::internal(self.role, what.to_string())
    }

    /// Makes it so. Where the server's answer is lost, so is the outcome: `ErrorKind::OutcomeUnknown`.
    pub(super) async fn commit(self) -> StoreResult<()> {
        self.transaction.commit().await.map_err(|error| write_error(self.role, error))
    }
}

async fn rows<T>(
    connection: &impl ConnectionTrait,
    role: Role,
    statement: Statement,
    read: impl Fn(&mut Columns) -> StoreResult<T>,
) -> StoreResult<Vec<T>> {
    let rows = connection.query_all_raw(statement).await.map_err(|error| store_error(role, error))?;
    rows.into_iter().map(|row| read(&mut Columns::new(row, role))).collect()
}
