//! Transactions: snapshot reads and majority writes, tried again when they meet another.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use mongodb::action::Find;
use mongodb::bson::{Document, doc};
use mongodb::error::{Error, UNKNOWN_TRANSACTION_COMMIT_RESULT};
use mongodb::options::{ReadConcern, TransactionOptions, WriteConcern};
use mongodb::{ClientSession, Collection, Database};
use serde::de::DeserializeOwned;

use super::error::{refused_write, store_error};
use super::read::max_time;
use crate::ports::{ErrorKind, StoreError, StoreResult};

/// How often a transaction is begun before its conflict is the caller's. MongoDB aborts the later of two writers
/// at once, so of `n` that storm one document one succeeds at each turn.
const ATTEMPTS: u32 = 24;
/// How often the server is asked to commit when its answer was lost. To ask again does no harm.
const COMMITS: u32 = 3;

/// Work that is done as a whole or not at all. It may be run several times, each time from the start.
#[async_trait]
pub(super) trait Work: Sync {
    /// What it hands back.
    type Output: Send;

    /// Does it within the transaction that `session` is in.
    async fn run(&self, session: &mut ClientSession) -> StoreResult<Self::Output>;
}

/// Runs the work in a transaction, again while it conflicts with others.
pub(super) async fn in_transaction<W: Work>(database: &Database, work: &W) -> StoreResult<W::Output> {
    let mut session = database.client().start_session().await.map_err(store_error)?;
    let place = place_in_line();
    let mut attempt = 1;
    loop {
        match run_once(&mut session, work).await {
            Err(error) if error.kind == ErrorKind::Conflict && attempt < ATTEMPTS => {
                tracing::debug!(attempt, "a transaction met another and is tried again");
                tokio::time::sleep(pause(attempt, place)).await;
                attempt += 1;
            }
            done => return done,
        }
    }
}

async fn run_once<W: Work>(session: &mut ClientSession, work: &W) -> StoreResult<W::Output> {
    let options = TransactionOptions::builder()
        .read_concern(ReadConcern::snapshot())
        .write_concern(WriteConcern::majority())
        .max_commit_time(max_time())
        .build();
    session.start_transaction().with_options(options).await.map_err(store_error)?;
    match work.run(session).await {
        Ok(output) => commit(session).await.map(|()| output),
        Err(error) => {
            // Nothing is lost when this fails: the server aborts what is not committed in time.
            if let Err(error) = session.abort_transaction().await {
                tracing::debug!(%error, "a transaction could not be aborted");
            }
            Err(error)
        }
    }
}

/// Where no answer comes, however often it is asked for, the outcome is unknown.
async fn commit(session: &mut ClientSession) -> StoreResult<()> {
    let mut asked = 1;
    loop {
        match session.commit_transaction().await {
            Err(error) if error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT) && asked < COMMITS => asked += 1,
            done => return done.map_err(uncommitted),
        }
    }
}

/// Only a server that says so has not committed.
fn uncommitted(error: Error) -> StoreError {
    let mut failure = store_error(error);
    if matches!(failure.kind, ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Internal) {
        failure.kind = ErrorKind::OutcomeUnknown;
    }
    failure
}

/// Tells transactions of one process apart, so that those which met don't come back at the same moment.
fn place_in_line() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed) % 16
}

fn pause(attempt: u32, place: u64) -> Duration {
    Duration::from_millis((1 << attempt.min(5)) + 2 * place)
}

/// What a query finds, as the transaction sees it.
pub(super) async fn find_in<T>(session: &mut ClientSession, find: Find<'_, T>) -> StoreResult<Vec<T>>
where
    T: DeserializeOwned + Send + Sync,
{
    let mut cursor = find.session(&mut *session).await.map_err(store_error)?;
    let mut found = Vec::new();
    while let Some(document) = cursor.next(session).await {
        found.push(document.map_err(store_error)?);
    }
    Ok(found)
}

/// Many updates of one collection in one command: the driver's own bulk write needs MongoDB 8.
pub(super) async fn update_in<T: Send + Sync>(
    session: &mut ClientSession,
    database: &Database,
    collection: &Collection<T>,
    updates: Vec<Document>,
) -> StoreResult<()> {
    let command = doc! { "update": collection.name(), "updates": updates };
    let answer = database.run_command(command).session(session).await.map_err(store_error)?;
    answer.get_array("writeErrors").ok().and_then(|errors| errors.first()).map_or(Ok(()), |first| {
        let code = first.as_document().and_then(|error| error.get_i32("code").ok());
        Err(refused_write(code, first.to_string()))
    })
}
