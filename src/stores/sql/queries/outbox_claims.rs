//! The outbox: claiming events, and what becomes of them.
//!
//! Transactions lock events in the order of their ids, then aggregates in the queue in the order of theirs, so that
//! workers and writers wait for each other instead of deadlocking; a claim waits for nobody.

use sea_orm::{DbBackend, Statement};
use uuid::Uuid;

use super::draft::Draft;
use crate::domain::Timestamp;
use crate::ports::Projection;

/// How many events of one aggregate are claimed at once.
const EVENTS: i64 = 500;

/// The aggregates that may be claimed, those that waited longest first. They are locked; those that others have locked
/// are left out.
pub(in super::super) fn free(dialect: DbBackend, projection: Projection, limit: u32, now: Timestamp) -> Statement {
    let mut draft = Draft::new(dialect);
    let (projection, now) = (draft.bind(projection.name()), draft.bind(now.millis()));
    let limit = draft.bind(i64::from(limit));
    let lock = if draft.is_postgres() { "FOR UPDATE SKIP LOCKED" } else { "" };
    draft.done(format!(
        "SELECT q.aggregate_id FROM outbox_queue q WHERE q.projection = {projection} AND q.free_at <= {now} \
         ORDER BY q.free_at, q.aggregate_id LIMIT {limit} {lock}"
    ))
}

/// A row if any aggregate may be claimed. It locks nothing: the many times that a worker finds nothing to do, it should
/// take no turn from those who write.
pub(in super::super) fn any_free(dialect: DbBackend, projection: Projection, now: Timestamp) -> Statement {
    let mut draft = Draft::new(dialect);
    let (projection, now) = (draft.bind(projection.name()), draft.bind(now.millis()));
    draft.done(format!(
        "SELECT q.aggregate_id FROM outbox_queue q WHERE q.projection = {projection} AND q.free_at <= {now} LIMIT 1"
    ))
}

/// Gives locked aggregates to a worker until `until`.
pub(in super::super) fn lease(
    dialect: DbBackend,
    projection: Projection,
    aggregates: &[Uuid],
    worker: Uuid,
    until: Timestamp,
) -> Statement {
    let mut draft = Draft::new(dialect);
    let (worker, until) = (draft.bind(worker), draft.bind(until.millis()));
    let (projection, among) = (draft.bind(projection.name()), draft.among("aggregate_id", aggregates));
    draft.done(format!(
        "UPDATE outbox_queue SET worker = {worker}, free_at = {until} WHERE projection = {projection} AND {among}"
    ))
}

/// The first events of each aggregate, due or not, as rows (aggregate, payload, attempts, due) in no particular order.
pub(in super::super) fn first_events(dialect: DbBackend, projection: Projection, aggregates: &[Uuid]) -> Statement {
    let mut draft = Draft::new(dialect);
    let keys = draft.keys(aggregates);
    let (projection, limit) = (draft.bind(projection.name()), draft.bind(EVENTS));
    let first = format!(
        "FROM outbox_waiting w WHERE w.projection = {projection} AND w.aggregate_id = k.id \
         AND w.parked_reason IS NULL ORDER BY w.version, w.event_id LIMIT {limit}"
    );
    let sql = if draft.is_postgres() {
        format!(
            "SELECT k.id, o.payload, v.attempts, v.due_at FROM {keys} \
             CROSS JOIN LATERAL (SELECT w.event_id, w.attempts, w.due_at {first}) AS v \
             JOIN outbox o ON o.id = v.event_id"
        )
    } else {
        format!(
            "SELECT k.id, o.payload, v.attempts, v.due_at FROM {keys} CROSS JOIN outbox_waiting v CROSS JOIN outbox o \
             WHERE v.event_id IN (SELECT w.event_id {first}) AND v.projection = {projection} AND o.id = v.event_id"
        )
    };
    draft.done(sql)
}

/// Locks events: which of two projections that are done with one at the same time is the last to be, is then certain.
pub(in super::super) fn lock_events(dialect: DbBackend, events: &[Uuid]) -> Statement {
    let mut draft = Draft::new(dialect);
    let (among, lock) = (draft.among("o.id", events), lock(dialect));
    draft.done(format!("SELECT o.id FROM outbox o WHERE {among} ORDER BY o.id {lock}"))
}

/// A projection is done with these events; the aggregate of each.
pub(in super::super) fn done(dialect: DbBackend, projection: Projection, events: &[Uuid]) -> Statement {
    let mut draft = Draft::new(dialect);
    let (projection, among) = (draft.bind(projection.name()), draft.among("event_id", events));
    draft.done(format!("DELETE FROM outbox_waiting WHERE projection = {projection} AND {among} RETURNING aggregate_id"))
}

/// Forgets a parked event; a row for each projection that had given it up.
pub(in super::super) fn drop_parked(dialect: DbBackend, event: Uuid) -> Statement {
    let mut draft = Draft::new(dialect);
    let event = draft.bind(event);
    draft.done(format!(
        "DELETE FROM outbox_waiting WHERE event_id = {event} AND parked_reason IS NOT NULL RETURNING event_id"
    ))
}

/// Deletes those of these events, which have been locked, for which no projection waits.
///
/// Here and in [`strike_off`], `LIMIT` keeps PostgreSQL from making a join of it: while it has no statistics of a table
/// that filled up quickly, it takes the table for small, and reads all of it for each row.
pub(in super::super) fn forget_events(dialect: DbBackend, events: &[Uuid]) -> Statement {
    let mut draft = Draft::new(dialect);
    let among = draft.among("id", events);
    draft.done(format!(
        "DELETE FROM outbox WHERE {among} \
         AND (SELECT w.event_id FROM outbox_waiting w WHERE w.event_id = outbox.id LIMIT 1) IS NULL"
    ))
}

/// Lets these events wait until `due`, and counts a try that failed; the aggregate of each.
pub(in super::super) fn postpone(
    dialect: DbBackend,
    projection: Projection,
    events: &[Uuid],
    due: Timestamp,
) -> Statement {
    let mut draft = Draft::new(dialect);
    let (due, projection) = (draft.bind(due.millis()), draft.bind(projection.name()));
    let among = draft.among("event_id", events);
    draft.done(format!(
        "UPDATE outbox_waiting SET due_at = {due}, attempts = attempts + 1 \
         WHERE projection = {projection} AND {among} AND parked_reason IS NULL RETURNING aggregate_id"
    ))
}

/// Gives up on these events, and counts a try that failed; the aggregate of each.
pub(in super::super) fn park(dialect: DbBackend, projection: Projection, events: &[Uuid], reason: &str) -> Statement {
    let mut draft = Draft::new(dialect);
    let (reason, projection) = (draft.bind(reason), draft.bind(projection.name()));
    let among = draft.among("event_id", events);
    draft.done(format!(
        "UPDATE outbox_waiting SET parked_reason = {reason}, attempts = attempts + 1 \
         WHERE projection = {projection} AND {among} AND parked_reason IS NULL RETURNING aggregate_id"
    ))
}

/// Lets parked events wait again, all of them or one; a row (projection, aggregate) for each.
pub(in super::super) fn retry_parked(dialect: DbBackend, event: Option<Uuid>, due: Timestamp) -> Statement {
    let mut draft = Draft::new(dialect);
    let due = draft.bind(due.millis());
    let which = event.map_or_else(|| "TRUE".to_owned(), |event| format!("event_id = {}", draft.bind(event)));
    draft.done(format!(
        "UPDATE outbox_waiting SET parked_reason = NULL, due_at = {due} \
         WHERE parked_reason IS NOT NULL AND {which} RETURNING projection, aggregate_id"
    ))
}

/// Locks aggregates in the queue.
pub(in super::super) fn lock_queue(dialect: DbBackend, projection: Projection, aggregates: &[Uuid]) -> Statement {
    let mut draft = Draft::new(dialect);
    let (projection, among) = (draft.bind(projection.name()), draft.among("q.aggregate_id", aggregates));
    let lock = lock(dialect);
    draft.done(format!(
        "SELECT q.aggregate_id FROM outbox_queue q WHERE q.projection = {projection} AND {among} \
         ORDER BY q.aggregate_id {lock}"
    ))
}

/// Strikes those of these aggregates, which have been locked, off the queue for which no event waits.
pub(in super::super) fn strike_off(dialect: DbBackend, projection: Projection, aggregates: &[Uuid]) -> Statement {
    let mut draft = Draft::new(dialect);
    let (projection, among) = (draft.bind(projection.name()), draft.among("aggregate_id", aggregates));
    draft.done(format!(
        "DELETE FROM outbox_queue WHERE projection = {projection} AND {among} \
         AND (SELECT w.event_id {FIRST_EVENT}) IS NULL"
    ))
}

/// Ends the leases of all aggregates.
pub(in super::super) fn end_leases(dialect: DbBackend, projection: Projection) -> Statement {
    let mut draft = Draft::new(dialect);
    let projection = draft.bind(projection.name());
    draft.done(format!(
        "UPDATE outbox_queue SET worker = NULL, free_at = (SELECT w.due_at {FIRST_EVENT}) \
         WHERE projection = {projection} AND worker IS NOT NULL"
    ))
}

/// Ends the leases of these aggregates, which have events that wait: each is free when the first of them is due.
pub(in super::super) fn release(dialect: DbBackend, projection: Projection, aggregates: &[Uuid]) -> Statement {
    free_at_first(dialect, projection, aggregates, "TRUE")
}

/// After parked events wait again: those of these aggregates that nobody has are free when the first of their events
/// is due, which may be another one now.
pub(in super::super) fn reorder(dialect: DbBackend, projection: Projection, aggregates: &[Uuid]) -> Statement {
    free_at_first(dialect, projection, aggregates, "worker IS NULL")
}

fn free_at_first(dialect: DbBackend, projection: Projection, aggregates: &[Uuid], condition: &str) -> Statement {
    let mut draft = Draft::new(dialect);
    let (projection, among) = (draft.bind(projection.name()), draft.among("aggregate_id", aggregates));
    draft.done(format!(
        "UPDATE outbox_queue SET worker = NULL, \
         free_at = (SELECT w.due_at {FIRST_EVENT}) \
         WHERE projection = {projection} AND {among} AND {condition}"
    ))
}

/// The first event that waits for an aggregate of the queue.
const FIRST_EVENT: &str = "FROM outbox_waiting w WHERE w.projection = outbox_queue.projection \
                           AND w.aggregate_id = outbox_queue.aggregate_id AND w.parked_reason IS NULL \
                           ORDER BY w.version, w.event_id LIMIT 1";

/// Those of these aggregates that are in the queue: every one with events that wait is.
pub(in super::super) fn queued(dialect: DbBackend, projection: Projection, aggregates: &[Uuid]) -> Statement {
    let mut draft = Draft::new(dialect);
    let (projection, among) = (draft.bind(projection.name()), draft.among("q.aggregate_id", aggregates));
    draft.done(format!("SELECT q.aggregate_id FROM outbox_queue q WHERE q.projection = {projection} AND {among}"))
}

/// How many events wait, how many are parked, and since when the oldest waits.
pub(in super::super) fn backlog(dialect: DbBackend, projection: Projection) -> Statement {
    let mut draft = Draft::new(dialect);
    let projection = draft.bind(projection.name());
    let those = format!("FROM outbox_waiting w WHERE w.projection = {projection} AND w.parked_reason");
    draft.done(format!(
        "SELECT (SELECT count(*) {those} IS NULL), (SELECT count(*) {those} IS NOT NULL), \
         (SELECT min(w.created_at) {those} IS NULL)"
    ))
}

/// Parked events, the oldest first, as rows (projection, payload, attempts, reason).
pub(in super::super) fn parked(dialect: DbBackend, limit: u32) -> Statement {
    let mut draft = Draft::new(dialect);
    let limit = draft.bind(i64::from(limit));
    draft.done(format!(
        "SELECT w.projection, o.payload, w.attempts, w.parked_reason \
         FROM outbox_waiting w JOIN outbox o ON o.id = w.event_id WHERE w.parked_reason IS NOT NULL \
         ORDER BY w.created_at, w.event_id, w.projection LIMIT {limit}"
    ))
}

/// SQLite's transactions are alone anyway.
fn lock(dialect: DbBackend) -> &'static str {
    match dialect {
        DbBackend::Postgres => "FOR UPDATE",
        _ => "",
    }
}
