//! Closed accounts, and the sessions of open ones.

use sea_orm_migration::prelude::*;

use super::dialect;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

/// A closed account keeps its row, and with it its handle and address, until it is deleted. `users_closed` is as good
/// as empty, which makes it cheap to ask of anybody whether they are in it. A session is found by the SHA-256 hash of
/// its token.
const TABLES: &str = r"
ALTER TABLE users ADD COLUMN closed_at bigint;
CREATE INDEX users_closed ON users (id) WHERE closed_at IS NOT NULL;

CREATE TABLE sessions (
    token_hash {bytes} NOT NULL PRIMARY KEY,
    user_id {id} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL
) {clustered};
CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE INDEX sessions_by_end ON sessions (expires_at);
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, TABLES).await
    }
}
