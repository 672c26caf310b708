//! [`Outbox`] in SQL, and leaving events in it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use sea_orm::Statement;
use uuid::Uuid;

use super::connect::Sql;
use super::db::{Db, Writing};
use super::queries::outbox::{self as queries, Turn, Wait};
use super::queries::outbox_claims as claims;
use super::retry::retried;
use super::rows::Columns;
use crate::domain::Timestamp;
use crate::domain::event::{Aggregate, Event};
use crate::ports::{Backend, Backlog, Claim, Lease, Outbox, Parked, Projection, Role, StoreResult, Waiting};

/// Leaves events in the outbox, in the transaction that writes what they tell of. It is the last that a transaction
/// does before it commits: what it locks is what all writers of an aggregate, and the workers, wait for.
///
/// An event that no projection wants is not kept.
pub(super) async fn leave(writing: &Writing, events: &[Event]) -> StoreResult<()> {
    let waits: Vec<Wait> =
        events.iter().flat_map(|event| wanting(event).map(move |projection| Wait { projection, event })).collect();
    if waits.is_empty() {
        return Ok(());
    }
    let mut kept = Vec::new();
    for event in events.iter().filter(|event| wanting(event).next().is_some()) {
        let payload = serde_json::to_string(event).map_err(|error| writing.internal(error))?;
        kept.push((event, payload));
    }
    let mut turns: BTreeMap<(Projection, Uuid), Timestamp> = BTreeMap::new();
    for Wait { projection, event } in &waits {
        let free_at = turns.entry((*projection, event.aggregate.uuid())).or_insert(event.at);
        *free_at = event.at.min(*free_at);
    }
    let turns = turns.into_iter().map(|((projection, aggregate), free_at)| Turn { projection, aggregate, free_at });

    let dialect = writing.dialect();
    writing.run(queries::insert_events(dialect, &kept)).await?;
    writing.run(queries::insert_waiting(dialect, &waits)).await?;
    writing.run(queries::queue(dialect, &turns.collect::<Vec<_>>())).await
}

/// The projections that want an event.
fn wanting(event: &Event) -> impl Iterator<Item = Projection> {
    Projection::ALL.into_iter().filter(move |projection| projection.wants(event))
}

/// The outbox of a PostgreSQL or SQLite database: one for all that is stored there, users and posts alike.
pub struct SqlOutbox {
    db: Db,
}

impl SqlOutbox {
    /// The adapter over this pool. `role` is the part whose failure it is when the database fails.
    pub fn new(sql: Arc<Sql>, role: Role) -> Self {
        Self { db: Db::new(sql, role) }
    }

    async fn try_claim(&self, projection: Projection, limit: u32, lease: Lease) -> StoreResult<Vec<Claim>> {
        let dialect = self.db.dialect();
        let any: Vec<Uuid> = self.db.rows(claims::any_free(dialect, projection, lease.now), Columns::id).await?;
        if any.is_empty() {
            return Ok(Vec::new());
        }
        let writing = self.db.begin().await?;
        let free: Vec<Uuid> = writing.rows(claims::free(dialect, projection, limit, lease.now), Columns::id).await?;
        if free.is_empty() {
            return Ok(Vec::new());
        }
        let length = i64::try_from(lease.length.as_millis()).unwrap_or(i64::MAX);
        let until = Timestamp::from_millis(lease.now.millis().saturating_add(length));
        writing.run(claims::lease(dialect, projection, &free, lease.worker, until)).await?;
        let read = |row: &mut Columns| {
            Ok(EventRow {
                aggregate: row.id()?,
                payload: row.text()?,
                attempts: row.attempts()?,
                due_at: row.moment()?,
            })
        };
        let rows = writing.rows(claims::first_events(dialect, projection, &free), read).await?;
        writing.commit().await?;
        Ok(claims_of(&free, rows, lease.now))
    }

    /// Applies a statement to events, which gives the aggregate of each, and ends the claims of these aggregates.
    async fn settle(
        &self,
        projection: Projection,
        events: &[Uuid],
        statement: Statement,
        done: bool,
    ) -> StoreResult<()> {
        if events.is_empty() {
            return Ok(());
        }
        retried(|| self.try_settle(projection, events, statement.clone(), done)).await
    }

    async fn try_settle(
        &self,
        projection: Projection,
        events: &[Uuid],
        statement: Statement,
        done: bool,
    ) -> StoreResult<()> {
        let dialect = self.db.dialect();
        let writing = self.db.begin().await?;
        writing.run(claims::lock_events(dialect, events)).await?;
        let aggregates: BTreeSet<Uuid> = writing.rows(statement, Columns::id).await?.into_iter().collect();
        let aggregates = Vec::from_iter(aggregates);
        if done {
            writing.run(claims::forget_events(dialect, events)).await?;
        }
        writing.run(claims::lock_queue(dialect, projection, &aggregates)).await?;
        writing.run(claims::strike_off(dialect, projection, &aggregates)).await?;
        writing.run(claims::release(dialect, projection, &aggregates)).await?;
        writing.commit().await
    }

    async fn try_retry(&self, event: Option<Uuid>, due: Timestamp) -> StoreResult<u64> {
        let dialect = self.db.dialect();
        let writing = self.db.begin().await?;
        let read = |row: &mut Columns| Ok((row.text()?, row.id()?));
        let waiting: Vec<(String, Uuid)> = writing.rows(claims::retry_parked(dialect, event, due), read).await?;
        let mut aggregates: BTreeMap<Projection, BTreeSet<Uuid>> = BTreeMap::new();
        for (name, aggregate) in &waiting {
            if let Some(projection) = projection(name) {
                aggregates.entry(projection).or_default().insert(*aggregate);
            }
        }
        let turns = aggregates.iter().flat_map(|(&projection, aggregates)| {
            aggregates.iter().map(move |&aggregate| Turn { projection, aggregate, free_at: due })
        });
        writing.run(queries::queue(dialect, &turns.collect::<Vec<_>>())).await?;
        for (projection, aggregates) in aggregates {
            writing.run(claims::reorder(dialect, projection, &Vec::from_iter(aggregates))).await?;
        }
        writing.commit().await?;
        Ok(waiting.len() as u64)
    }

    async fn try_drop(&self, event: Uuid) -> StoreResult<bool> {
        let dialect = self.db.dialect();
        let writing = self.db.begin().await?;
        writing.run(claims::lock_events(dialect, &[event])).await?;
        let dropped: Vec<Uuid> = writing.rows(claims::drop_parked(dialect, event), Columns::id).await?;
        writing.run(claims::forget_events(dialect, &[event])).await?;
        writing.commit().await?;
        Ok(!dropped.is_empty())
    }
}

/// An event of a claim, as it is stored.
struct EventRow {
    aggregate: Uuid,
    payload: String,
    attempts: u32,
    due_at: Timestamp,
}

/// The claims of these aggregates, in their order, from the rows of their first events in any order: of each, the
/// events up to the first that is not due, since what comes after it must wait with it.
///
/// An event of a later version than ours can't be read. Its aggregate is left out, and claimed by nobody until the
/// lease ends: a gateway of that version may be the next to come.
fn claims_of(aggregates: &[Uuid], rows: Vec<EventRow>, now: Timestamp) -> Vec<Claim> {
    let mut events: HashMap<Uuid, Vec<(Waiting, Timestamp)>> = HashMap::new();
    let mut unreadable: HashSet<Uuid> = HashSet::new();
    for EventRow { aggregate, payload, attempts, due_at } in rows {
        match serde_json::from_str(&payload) {
            Ok(event) => events.entry(aggregate).or_default().push((Waiting { event, attempts }, due_at)),
            Err(error) => {
                tracing::warn!(%aggregate, %error, "an event in the outbox can't be read by this version");
                unreadable.insert(aggregate);
            }
        }
    }
    let readable = aggregates.iter().filter(|aggregate| !unreadable.contains(*aggregate));
    readable
        .filter_map(|aggregate| {
            let mut events = events.remove(aggregate)?;
            events.sort_by_key(|(Waiting { event, .. }, _)| (event.version, event.id));
            let due = events.into_iter().take_while(|(_, due_at)| *due_at <= now);
            let events: Vec<Waiting> = due.map(|(waiting, _)| waiting).collect();
            Some(Claim { aggregate: events.first()?.event.aggregate, events })
        })
        .collect()
}

/// The projection of this name; `None` for one of a later version.
fn projection(name: &str) -> Option<Projection> {
    Projection::ALL.into_iter().find(|projection| projection.name() == name)
}

#[async_trait]
impl Backend for SqlOutbox {
    fn kind(&self) -> &'static str {
        self.db.kind()
    }

    async fn check(&self) -> StoreResult<String> {
        self.db.check().await
    }
}

#[async_trait]
impl Outbox for SqlOutbox {
    async fn claim(&self, projection: Projection, limit: u32, lease: Lease) -> StoreResult<Vec<Claim>> {
        retried(|| self.try_claim(projection, limit, lease)).await
    }

    async fn end_leases(&self, projection: Projection, _: Timestamp) -> StoreResult<u64> {
        self.db.run(claims::end_leases(self.db.dialect(), projection)).await
    }

    async fn finish(&self, projection: Projection, events: &[Uuid]) -> StoreResult<()> {
        self.settle(projection, events, claims::done(self.db.dialect(), projection, events), true).await
    }

    async fn postpone(&self, projection: Projection, events: &[Uuid], due: Timestamp) -> StoreResult<()> {
        self.settle(projection, events, claims::postpone(self.db.dialect(), projection, events, due), false).await
    }

    async fn park(&self, projection: Projection, events: &[Uuid], reason: &str) -> StoreResult<()> {
        self.settle(projection, events, claims::park(self.db.dialect(), projection, events, reason), false).await
    }

    async fn waiting(&self, projection: Projection, aggregates: &[Aggregate]) -> StoreResult<HashSet<Aggregate>> {
        if aggregates.is_empty() {
            return Ok(HashSet::new());
        }
        let ids: Vec<Uuid> = aggregates.iter().map(|aggregate| aggregate.uuid()).collect();
        let queued = self.db.rows(claims::queued(self.db.dialect(), projection, &ids), Columns::id).await?;
        let queued: HashSet<Uuid> = queued.into_iter().collect();
        Ok(aggregates.iter().filter(|aggregate| queued.contains(&aggregate.uuid())).copied().collect())
    }

    async fn backlog(&self, projection: Projection) -> StoreResult<Backlog> {
        let read = |row: &mut Columns| {
            Ok(Backlog { waiting: row.count()?, parked: row.count()?, oldest: row.moment_if_any()? })
        };
        let backlogs = self.db.rows(claims::backlog(self.db.dialect(), projection), read).await?;
        Ok(backlogs.into_iter().next().unwrap_or_default())
    }

    async fn parked(&self, limit: u32) -> StoreResult<Vec<Parked>> {
        let read = |row: &mut Columns| Ok((row.text()?, row.text()?, row.attempts()?, row.text()?));
        let rows = self.db.rows(claims::parked(self.db.dialect(), limit), read).await?;
        let parked = rows.into_iter().filter_map(|(name, payload, attempts, reason)| {
            let event: Event = serde_json::from_str(&payload).ok()?;
            Some(Parked { projection: projection(&name)?, event, attempts, reason })
        });
        Ok(parked.collect())
    }

    async fn retry_parked(&self, event: Option<Uuid>, due: Timestamp) -> StoreResult<u64> {
        retried(|| self.try_retry(event, due)).await
    }

    async fn drop_parked(&self, event: Uuid) -> StoreResult<bool> {
        retried(|| self.try_drop(event)).await
    }
}
