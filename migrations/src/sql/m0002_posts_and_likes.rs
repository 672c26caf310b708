//! Posts, who likes which since when, and the counts of each author.

use sea_orm_migration::prelude::*;

use super::dialect;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

/// Users may live in another store, so nothing here refers to them but by id. `content` comes last: SQLite reads a row
/// from its start, and lists seldom want the text. `likes.author_id` is the post's author, kept beside so that likes
/// received are counted from an index.
const TABLES: &str = r"
CREATE TABLE posts (
    id {id} NOT NULL PRIMARY KEY,
    author_id {id} NOT NULL,
    title text NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    revision integer NOT NULL DEFAULT 1,
    like_count bigint NOT NULL DEFAULT 0 CHECK (like_count >= 0),
    version bigint NOT NULL DEFAULT 1,
    content text NOT NULL
);
CREATE INDEX posts_of_author ON posts (author_id, id);
CREATE INDEX posts_most_liked ON posts (like_count, id);
CREATE INDEX posts_most_liked_of_author ON posts (author_id, like_count, id);

CREATE TABLE likes (
    post_id {id} NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    user_id {id} NOT NULL,
    author_id {id} NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (post_id, user_id)
) {clustered};
CREATE INDEX likes_of_post ON likes (post_id, created_at, user_id);
CREATE INDEX likes_by_user ON likes (user_id, created_at, post_id);
CREATE INDEX likes_received ON likes (created_at, author_id, post_id);

CREATE TABLE author_stats (
    author_id {id} NOT NULL PRIMARY KEY,
    posts_count bigint NOT NULL DEFAULT 0 CHECK (posts_count >= 0),
    likes_count bigint NOT NULL DEFAULT 0 CHECK (likes_count >= 0)
) {clustered};
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, TABLES).await
    }
}
