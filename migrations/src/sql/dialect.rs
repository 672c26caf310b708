//! What differs between the tables of PostgreSQL and SQLite.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// Runs statements written once for both engines, with these words in place of which each engine has its own:
/// - `{id}`: 16 bytes, compared by their bytes.
/// - `{ascii}`: text that is compared byte by byte, whatever the database's language is.
/// - `{clustered}`: at the end of a table of small rows that are found by their primary key, the rows are kept in it.
pub(super) async fn run(manager: &SchemaManager<'_>, statements: &str) -> Result<(), DbErr> {
    let [id, ascii, clustered] = match manager.get_database_backend() {
        DbBackend::Postgres => ["uuid", "text COLLATE \"C\"", ""],
        _ => ["blob", "text", "WITHOUT ROWID"],
    };
    let statements = statements.replace("{id}", id).replace("{ascii}", ascii).replace("{clustered}", clustered);
    manager.get_connection().execute_unprepared(&statements).await.map(|_| ())
}
