//! What differs between the tables of PostgreSQL and SQLite.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// Runs statements written once for both engines, with these words in place of which each engine has its own:
/// - `{id}`: 16 bytes, compared by their bytes.
/// - `{bytes}`: any bytes.
/// - `{ascii}`: text that is compared byte by byte, whatever the database's language is.
/// - `{clustered}`: at the end of a table of small rows that are found by their primary key, the rows are kept in it.
pub(super) async fn run(manager: &SchemaManager<'_>, statements: &str) -> Result<(), DbErr> {
    let words = match manager.get_database_backend() {
        DbBackend::Postgres => {
            [("{id}", "uuid"), ("{bytes}", "bytea"), ("{ascii}", "text COLLATE \"C\""), ("{clustered}", "")]
        }
        _ => [("{id}", "blob"), ("{bytes}", "blob"), ("{ascii}", "text"), ("{clustered}", "WITHOUT ROWID")],
    };
    let statements = words.iter().fold(statements.to_owned(), |text, (word, own)| text.replace(word, own));
    manager.get_connection().execute_unprepared(&statements).await.map(|_| ())
}
