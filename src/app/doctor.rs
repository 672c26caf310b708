//! `doctor`: asks every store how it is, and says what to do next.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use super::{AppError, OpenStores};
use crate::config::Config;
use crate::ports::{Clock, ErrorKind, Role, StoreError};

/// How long a store may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Prints a line for each store.
///
/// # Errors
/// When one of them is not well.
pub(super) async fn examine(config: &Config, clock: Arc<dyn Clock>) -> Result<(), AppError> {
    let stores = OpenStores::open_beside(config, Arc::clone(&clock))?;
    let mut ill = Vec::new();
    for role in Role::ALL {
        let backend = stores.backend(role);
        let began = clock.now().millis();
        let late = |_| Err(StoreError::new(role, ErrorKind::Timeout, "no answer within 5 s"));
        let checked = tokio::time::timeout(PATIENCE, backend.check()).await.unwrap_or_else(late);
        let (name, kind, took) = (role.name(), backend.kind(), clock.now().millis() - began);
        match checked {
            Ok(version) => println!("{name:<7} {kind:<14} up    {version} ({took} ms)"),
            Err(error) => {
                let why = error.source().map(ToString::to_string).unwrap_or_default();
                println!("{name:<7} {kind:<14} DOWN  {error}: {why}\n{:<29}next: {}", "", next(role, error.kind));
                ill.push(name);
            }
        }
    }
    if let Ok(status) = crate::sync::status(&stores.outboxes).await {
        for (projection, backlog) in status {
            let age = backlog.oldest.map_or(0, |oldest| (clock.now().millis() - oldest.millis()).max(0));
            let (name, waiting, parked) = (projection.name(), backlog.waiting, backlog.parked);
            println!("outbox  {name:<14} {waiting} waiting (the oldest for {age} ms), {parked} parked");
        }
    }
    if ill.is_empty() {
        return Ok(());
    }
    Err(AppError::because(format!("Not well: {}.", ill.join(", "))))
}

fn next(role: Role, kind: ErrorKind) -> String {
    let variable = match role {
        Role::Users => "DATABASE_URL",
        Role::Posts => "MONGODB_URL (or DATABASE_URL, where posts live in SQL)",
        Role::Search => "ELASTICSEARCH_URL",
        Role::Cache => "REDIS_URL",
    };
    match kind {
        ErrorKind::NotReady => "run `polygraph migrate`".to_owned(),
        ErrorKind::Unavailable | ErrorKind::Timeout => {
            format!("make sure that it runs, and that {variable} is its address (`polygraph config` shows it)")
        }
        ErrorKind::Conflict | ErrorKind::OutcomeUnknown | ErrorKind::Internal => {
            "look into its own log: it answers, but not as it should".to_owned()
        }
    }
}
