//! `outbox`: what was given up on, and what becomes of it.

use std::fmt::Write as _;
use std::sync::Arc;

use uuid::Uuid;

use super::AppError;
use crate::cli::OutboxCommand;
use crate::domain::Timestamp;
use crate::ports::{Outbox, Parked, StoreError};

/// How many parked events of each outbox are listed.
const MOST_LISTED: u32 = 1_000;

/// Does what the command says to these outboxes, and returns what to print.
///
/// # Errors
/// Where an outbox fails, or an event is named that is not parked.
pub async fn outbox(outboxes: &[Arc<dyn Outbox>], command: OutboxCommand, now: Timestamp) -> Result<String, AppError> {
    match command {
        OutboxCommand::List => list(outboxes).await,
        OutboxCommand::Retry { id } => retry(outboxes, id, now).await,
        OutboxCommand::Drop { id } => drop_one(outboxes, id).await,
    }
}

async fn list(outboxes: &[Arc<dyn Outbox>]) -> Result<String, AppError> {
    let mut parked: Vec<Parked> = Vec::new();
    for outbox in outboxes {
        parked.extend(outbox.parked(MOST_LISTED).await.map_err(failed)?);
    }
    parked.sort_by_key(|parked| (parked.event.at, parked.event.id));
    if parked.is_empty() {
        return Ok("Nothing is parked.\n".to_owned());
    }
    let mut text = String::new();
    for Parked { projection, event, attempts, reason } in parked {
        let (id, at, name, what) = (event.id, event.at, projection.name(), event.happened.name());
        let (kind, whose) = (event.aggregate.kind(), event.aggregate.uuid());
        // Writing to text can't fail.
        let _ = writeln!(text, "{id}  {at}  {name:<8}  {what} of {kind} {whose}  {attempts} tries\n    {reason}");
    }
    Ok(text)
}

async fn retry(outboxes: &[Arc<dyn Outbox>], id: Option<Uuid>, now: Timestamp) -> Result<String, AppError> {
    let mut count = 0;
    for outbox in outboxes {
        count += outbox.retry_parked(id, now).await.map_err(failed)?;
    }
    match (count, id) {
        (0, Some(id)) => Err(not_parked(id)),
        (1, _) => Ok("1 event will be tried again.\n".to_owned()),
        (count, _) => Ok(format!("{count} events will be tried again.\n")),
    }
}

async fn drop_one(outboxes: &[Arc<dyn Outbox>], id: Uuid) -> Result<String, AppError> {
    for outbox in outboxes {
        if outbox.drop_parked(id).await.map_err(failed)? {
            return Ok("Dropped.\n".to_owned());
        }
    }
    Err(not_parked(id))
}

fn failed(error: StoreError) -> AppError {
    AppError::new("The outbox can't be used. `polygraph doctor` shows how its store is.", error)
}

fn not_parked(id: Uuid) -> AppError {
    AppError::because(format!("No event {id} is parked. `polygraph outbox list` prints those that are."))
}
