//! The outbox in SQL.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::db::Writing;
use super::queries::outbox::{self as queries, Turn, Wait};
use crate::domain::Timestamp;
use crate::domain::event::Event;
use crate::ports::{Projection, StoreResult};

/// The projections that want an event.
fn wanting(event: &Event) -> impl Iterator<Item = Projection> {
    Projection::ALL.into_iter().filter(move |projection| projection.wants(event))
}

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
