//! What this database says about the cache of results: whether, and in which of its lives, it may be used.

use sea_orm_migration::prelude::*;

use super::dialect;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

/// One row at most. No life is a suspended cache.
const TABLES: &str = r"
CREATE TABLE cache_register (
    id smallint NOT NULL PRIMARY KEY CHECK (id = 1),
    generation bigint NOT NULL,
    life {id}
) {clustered};
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, TABLES).await
    }
}
