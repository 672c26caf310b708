//! The outbox: events left with the facts, and which projection still waits for which of them.

use sea_orm_migration::prelude::*;

use super::dialect;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

/// `outbox` has the columns that Debezium's outbox event router reads: `id`, `aggregatetype`, `aggregateid`, `type`,
/// `payload`. `outbox_waiting` has a row for each projection that is not done with an event; the event goes with the
/// last of them. `outbox_queue` has a row for each aggregate with events that wait (and are not parked): claims go by
/// it, so that they read one row for each aggregate, however many events it has.
///
/// `outbox_queue.free_at` is from when on the aggregate may be claimed: when the first of its events is due, or while a
/// worker has it, when the lease ends. Events of an aggregate are ordered by its version after them. Ids of users and posts are UUIDs: they need no kind beside them to be unique.
const TABLES: &str = r"
CREATE TABLE outbox (
    id {id} NOT NULL PRIMARY KEY,
    aggregatetype {ascii} NOT NULL,
    aggregateid {id} NOT NULL,
    type {ascii} NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    payload text NOT NULL
);

CREATE TABLE outbox_waiting (
    event_id {id} NOT NULL REFERENCES outbox (id),
    projection {ascii} NOT NULL,
    aggregate_id {id} NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    due_at bigint NOT NULL,
    attempts bigint NOT NULL DEFAULT 0,
    parked_reason text,
    PRIMARY KEY (event_id, projection)
) {clustered};
CREATE INDEX outbox_waiting_of_aggregate ON outbox_waiting (projection, aggregate_id, version, event_id, due_at)
    WHERE parked_reason IS NULL;
CREATE INDEX outbox_waiting_since ON outbox_waiting (projection, created_at) WHERE parked_reason IS NULL;
CREATE INDEX outbox_parked ON outbox_waiting (created_at, event_id) WHERE parked_reason IS NOT NULL;

CREATE TABLE outbox_queue (
    projection {ascii} NOT NULL,
    aggregate_id {id} NOT NULL,
    free_at bigint NOT NULL,
    worker {id},
    PRIMARY KEY (projection, aggregate_id)
) {clustered};
CREATE INDEX outbox_queue_free ON outbox_queue (projection, free_at, aggregate_id);
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, TABLES).await
    }
}
