//! What publishing needs beside posts and likes: keys of idempotency, and which accounts are closed.

use sea_orm_migration::prelude::*;

use super::dialect;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

/// `fingerprint` is 64 hexadecimal digits. A closed account keeps its row in `author_stats`: what was under way for it
/// must find the mark.
const TABLES: &str = r"
CREATE TABLE publishing_keys (
    author_id {id} NOT NULL,
    key {ascii} NOT NULL,
    fingerprint {ascii} NOT NULL,
    post_id {id} NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (author_id, key)
) {clustered};
CREATE INDEX publishing_keys_by_age ON publishing_keys (created_at);

ALTER TABLE author_stats ADD COLUMN closed boolean NOT NULL DEFAULT FALSE;
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, TABLES).await
    }
}
