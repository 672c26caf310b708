//! The outbox: leaving events, claiming them, and what becomes of them.

use sea_orm::{DbBackend, Statement};
use uuid::Uuid;

use super::draft::{Draft, Type, hex, row};
use crate::domain::Timestamp;
use crate::domain::event::Event;
use crate::ports::Projection;

/// An event that a projection waits for.
pub(in super::super) struct Wait<'a> {
    pub(in super::super) projection: Projection,
    pub(in super::super) event: &'a Event,
}

/// An aggregate that a projection may claim from a moment on.
pub(in super::super) struct Turn {
    pub(in super::super) projection: Projection,
    pub(in super::super) aggregate: Uuid,
    pub(in super::super) free_at: Timestamp,
}

/// Inserts events, each with its JSON text.
pub(in super::super) fn insert_events(dialect: DbBackend, events: &[(&Event, String)]) -> Statement {
    let mut draft = Draft::new(dialect);
    let rows = events.iter().map(|(event, payload)| {
        row! {
            id: hex(event.id),
            aggregatetype: event.aggregate.kind(),
            aggregateid: hex(event.aggregate.uuid()),
            type_name: event.happened.name(),
            version: event.version,
            created_at: event.at.millis(),
            payload: payload,
        }
    });
    let columns = [
        ("id", Type::Id),
        ("aggregatetype", Type::Text),
        ("aggregateid", Type::Id),
        ("type_name", Type::Text),
        ("version", Type::Int),
        ("created_at", Type::Int),
        ("payload", Type::Text),
    ];
    let rows = draft.table(&columns, rows.collect());
    draft.done(format!(
        "INSERT INTO outbox (id, aggregatetype, aggregateid, type, version, created_at, payload) \
         SELECT n.id, n.aggregatetype, n.aggregateid, n.type_name, n.version, n.created_at, n.payload FROM {rows}"
    ))
}

/// Lets events wait for projections, due at once.
pub(in super::super) fn insert_waiting(dialect: DbBackend, waits: &[Wait<'_>]) -> Statement {
    let mut draft = Draft::new(dialect);
    let rows = waits.iter().map(|Wait { projection, event }| {
        row! {
            event_id: hex(event.id),
            projection: projection.name(),
            aggregate_id: hex(event.aggregate.uuid()),
            version: event.version,
            created_at: event.at.millis(),
        }
    });
    let columns = [
        ("event_id", Type::Id),
        ("projection", Type::Text),
        ("aggregate_id", Type::Id),
        ("version", Type::Int),
        ("created_at", Type::Int),
    ];
    let rows = draft.table(&columns, rows.collect());
    draft.done(format!(
        "INSERT INTO outbox_waiting (event_id, projection, aggregate_id, version, created_at, due_at) \
         SELECT n.event_id, n.projection, n.aggregate_id, n.version, n.created_at, n.created_at FROM {rows}"
    ))
}

/// Queues aggregates, each once; those that are queued stay as they are. The rows are locked until the transaction
/// ends: no worker takes an aggregate, or strikes it off the queue, while an event of it is about to be committed.
pub(in super::super) fn queue(dialect: DbBackend, turns: &[Turn]) -> Statement {
    let mut draft = Draft::new(dialect);
    let rows = turns.iter().map(|turn| {
        row! {
            projection: turn.projection.name(),
            aggregate_id: hex(turn.aggregate),
            free_at: turn.free_at.millis(),
        }
    });
    let columns = [("projection", Type::Text), ("aggregate_id", Type::Id), ("free_at", Type::Int)];
    let rows = draft.table(&columns, rows.collect());
    draft.done(format!(
        "INSERT INTO outbox_queue (projection, aggregate_id, free_at) \
         SELECT n.projection, n.aggregate_id, n.free_at FROM {rows} \
         WHERE TRUE ORDER BY n.projection COLLATE {}, n.aggregate_id \
         ON CONFLICT (projection, aggregate_id) DO UPDATE SET free_at = outbox_queue.free_at",
        bytewise(dialect)
    ))
}

/// The collation that compares text byte by byte.
fn bytewise(dialect: DbBackend) -> &'static str {
    match dialect {
        DbBackend::Postgres => "\"C\"",
        _ => "BINARY",
    }
}
