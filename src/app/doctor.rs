//! `doctor`: asks every store how it is, and says what to do next.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use super::{AppError, OpenStores};
use crate::config::{CacheChoice, Config};
use crate::http::Tls;
use crate::ports::{Clock, ErrorKind, Role, StoreError};

/// How long a store may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Prints a line for each store, and one for what HTTPS needs, where it is served.
///
/// # Errors
/// When one of them is not well.
pub(super) async fn examine(config: &Config, clock: Arc<dyn Clock>) -> Result<(), AppError> {
    let stores = OpenStores::open_beside(config, Arc::clone(&clock))?;
    let mut ill = Vec::new();
    for role in stores.watched() {
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
    println!("results {}", results(config, &stores).await);
    if let Some(files) = config.server.tls.clone() {
        match Tls::open(files).await {
            Ok(_) => println!("https   certificate and key fit each other"),
            Err(error) => {
                let why = error.source().map(|source| format!(": {source}")).unwrap_or_default();
                println!("https   {error}{why}\n{:<29}next: mend what tls_certificate and tls_key name", "");
                ill.push("https");
            }
        }
    }
    if ill.is_empty() {
        return Ok(());
    }
    Err(AppError::because(format!("Not well: {}.", ill.join(", "))))
}

/// Whether results are kept, and may be answered.
async fn results(config: &Config, stores: &OpenStores) -> String {
    if config.cache.result_cache_ttl.is_none() {
        return "are not kept: result_cache_ttl is off".to_owned();
    }
    if !stores.results_are_kept {
        return "are not kept: other gateways may write to the same stores, so that needs REDIS_URL".to_owned();
    }
    if config.stores.cache == CacheChoice::Memory {
        return "are kept in the memory of the gateway".to_owned();
    }
    let asked = async { Ok::<_, StoreError>((stores.cache.state().await?, stores.trust.named().await?)) };
    match asked.await {
        Err(error) => format!("are not answered from the cache: {error}"),
        Ok((_, None)) => "are not answered from the cache: it is suspended, and used again within seconds where a gateway \
                          runs that reaches it"
            .to_owned(),
        Ok((state, named)) if state.life != named => {
            "are not answered from the cache: it has forgotten what it was told, and begins anew within seconds where a \
             gateway runs"
                .to_owned()
        }
        Ok((state, _)) => {
            let mebibytes = |bytes: Option<u64>| bytes.map_or("unbounded".to_owned(), |bytes| format!("{} MiB", bytes >> 20));
            let (used, most) = (mebibytes(state.bytes), mebibytes(state.max_bytes));
            format!("are kept; {} writes were told; the server uses {used}, at most {most}", state.now)
        }
    }
}

fn next(role: Role, kind: ErrorKind) -> String {
    let variable = match role {
        Role::Users => "DATABASE_URL",
        Role::Posts => "MONGODB_URL (or DATABASE_URL, where posts live in SQL)",
        Role::Search => "ELASTICSEARCH_URL",
        Role::Cache => "REDIS_URL",
        Role::Events => "EVENTS_URL",
    };
    match kind {
        ErrorKind::NotReady => "run `polygraph migrate`".to_owned(),
        ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Overloaded => {
            format!("make sure that it runs, and that {variable} is its address (`polygraph config` shows it)")
        }
        ErrorKind::Conflict | ErrorKind::OutcomeUnknown | ErrorKind::Internal => {
            "look into its own log: it answers, but not as it should".to_owned()
        }
    }
}
