//! MongoDB: collections with validators and indexes, brought about in numbered steps.
//!
//! The steps that were applied stand in the collection `{namespace}_migrations`, one document each. A step is applied
//! first and recorded after, and each is idempotent: several instances may apply the same step at once, one of them
//! records it, and a crash in between is mended by the next run. That is why there is no lock to be left behind.

mod schema;

use futures::TryStreamExt as _;
use mongodb::Database;
use mongodb::bson::{Document, doc};
use mongodb::error::{Error, ErrorKind, WriteFailure};

use crate::MigrationError;
use schema::{Collection, STEPS, Step};
pub use schema::{collection, index};

const NAMESPACE_EXISTS: i32 = 48;
const DUPLICATE_KEY: i32 = 11_000;

/// Applies the steps that are not recorded yet, in order. Returns the names of those that this call recorded.
///
/// # Errors
/// [`MigrationError`] when the server can't be reached or refuses a step. What was applied before stays.
pub async fn up(database: &Database, namespace: &str) -> Result<Vec<String>, MigrationError> {
    let mut applied = Vec::new();
    for step in missing_steps(database, namespace).await? {
        for collection in (step.collections)() {
            bring_about(database, namespace, &collection).await.map_err(|error| failed(step.name, error))?;
        }
        if record(database, namespace, step.name).await.map_err(|error| failed(step.name, error))? {
            applied.push(step.name.to_owned());
        }
    }
    Ok(applied)
}

/// The names of the steps that are not recorded yet, in order.
///
/// # Errors
/// [`MigrationError`] when the server can't be asked.
pub async fn pending(database: &Database, namespace: &str) -> Result<Vec<String>, MigrationError> {
    Ok(missing_steps(database, namespace).await?.iter().map(|step| step.name.to_owned()).collect())
}

fn failed(step: &str, error: Error) -> MigrationError {
    MigrationError::new(format!("MongoDB: the migration {step} failed"), error)
}

fn ledger(database: &Database, namespace: &str) -> mongodb::Collection<Document> {
    database.collection(&collection(namespace, "migrations"))
}

async fn missing_steps(database: &Database, namespace: &str) -> Result<Vec<&'static Step>, MigrationError> {
    let read = async {
        let recorded = ledger(database, namespace).find(doc! {}).projection(doc! { "_id": 1 }).await?;
        recorded.try_collect::<Vec<Document>>().await
    };
    let recorded =
        read.await.map_err(|error| MigrationError::new("MongoDB: the applied migrations can't be read", error))?;
    let is_recorded =
        |step: &Step| recorded.iter().any(|document| document.get_str("_id").is_ok_and(|name| name == step.name));
    Ok(STEPS.iter().filter(|step| !is_recorded(step)).collect())
}

/// Creates the collection, or gives an existing one the validator, and creates the indexes that are not there.
async fn bring_about(database: &Database, namespace: &str, wanted: &Collection) -> Result<(), Error> {
    let name = collection(namespace, wanted.name);
    let create = database.create_collection(&name).validator(wanted.validator.clone());
    match create.await {
        Err(error) if code_of(&error) == Some(NAMESPACE_EXISTS) => {
            database.run_command(doc! { "collMod": &name, "validator": &wanted.validator }).await?;
        }
        other => other?,
    }
    if !wanted.indexes.is_empty() {
        database.collection::<Document>(&name).create_indexes(wanted.indexes.iter().cloned()).await?;
    }
    Ok(())
}

/// Whether it was this call that recorded the step.
async fn record(database: &Database, namespace: &str, step: &str) -> Result<bool, Error> {
    // The moment is the server's: this crate reads no clock.
    let set = vec![doc! { "$set": { "appliedAt": { "$ifNull": ["$appliedAt", "$$NOW"] } } }];
    match ledger(database, namespace).update_one(doc! { "_id": step }, set).upsert(true).await {
        Ok(result) => Ok(result.upserted_id.is_some()),
        // Two upserts of one key may meet: the other one recorded it.
        Err(error) if code_of(&error) == Some(DUPLICATE_KEY) => Ok(false),
        Err(error) => Err(error),
    }
}

fn code_of(error: &Error) -> Option<i32> {
    match error.kind.as_ref() {
        ErrorKind::Command(command) => Some(command.code),
        ErrorKind::Write(WriteFailure::WriteError(write)) => Some(write.code),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
