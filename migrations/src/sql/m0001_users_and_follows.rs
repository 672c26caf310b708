//! Users, and who follows whom since when.

use sea_orm_migration::prelude::*;

use super::dialect;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

/// Moments are milliseconds since the Unix epoch. `email_key` is the address in lower case. The indexes of `follows`
/// serve the lists of followers and of followed, newest first, from the index alone; its key answers "does A follow
/// B".
const TABLES: &str = r"
CREATE TABLE users (
    id {id} NOT NULL PRIMARY KEY,
    handle {ascii} NOT NULL UNIQUE,
    name text NOT NULL,
    bio text,
    email text NOT NULL,
    email_key {ascii} NOT NULL UNIQUE,
    password_hash text,
    created_at bigint NOT NULL,
    followers_count bigint NOT NULL DEFAULT 0 CHECK (followers_count >= 0),
    following_count bigint NOT NULL DEFAULT 0 CHECK (following_count >= 0),
    version bigint NOT NULL DEFAULT 1
);
CREATE INDEX users_most_followed ON users (followers_count, id);

CREATE TABLE follows (
    follower_id {id} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    followed_id {id} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at bigint NOT NULL,
    PRIMARY KEY (follower_id, followed_id)
) {clustered};
CREATE INDEX follows_followers ON follows (followed_id, created_at, follower_id);
CREATE INDEX follows_following ON follows (follower_id, created_at, followed_id);
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, TABLES).await
    }
}
