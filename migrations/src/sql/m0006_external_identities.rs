//! Who somebody is to an outside issuer of tokens.

use sea_orm_migration::prelude::*;

use super::dialect;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

/// A subject is an issuer's own name of somebody: it is compared as it is, and only with its issuer's.
const TABLES: &str = r"
CREATE TABLE external_identities (
    issuer text NOT NULL,
    subject text NOT NULL,
    user_id {id} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (issuer, subject)
) {clustered};
CREATE INDEX external_identities_of_user ON external_identities (user_id);
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, TABLES).await
    }
}
