//! `explain`: runs a query against the stores, and prints what it asked of them as a tree.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::{AppError, OpenStores, gateway};
use crate::cli::ExplainArgs;
use crate::config::Config;
use crate::domain::Viewer;
use crate::domain::text::Handle;
use crate::graphql::{Asker, Explain, Operation, RequestContext, execute, prepare};
use crate::ports::{Clock, UserStore};

/// Runs the query of a file, and prints what it asked of the stores.
pub(super) async fn explain(config: &Config, args: ExplainArgs, clock: Arc<dyn Clock>) -> Result<(), AppError> {
    let operation = read_operation(&args)?;
    let stores = OpenStores::open_beside(config, Arc::clone(&clock))?;
    let gateway = gateway(config, &stores, &clock);
    let viewer = match &args.viewer {
        Some(handle) => fetch_viewer(&*stores.users, handle).await?,
        None => Viewer::Anonymous,
    };
    let (stores, trail) = (gateway.traced)(&gateway.stores);
    let asker = Asker { viewer, session: None, is_confirmed: true, address: IpAddr::V4(Ipv4Addr::LOCALHOST) };
    let explain = Explain { trail, cache: "off" };
    let context = RequestContext::new(gateway.loading, stores, gateway.use_cases, asker).explained(explain);
    let ready = prepare(&gateway.schema, operation).await;
    let executed = execute(&gateway.schema, context, ready, "explain").await;
    let executed = executed.map_err(|error| AppError::new("The response can't be written.", error))?;
    let response: Value =
        serde_json::from_slice(&executed.body).map_err(|error| AppError::new("The response can't be read.", error))?;
    for error in response["errors"].as_array().into_iter().flatten() {
        eprintln!("error: {} ({})", text(&error["message"]), text(&error["extensions"]["code"]));
    }
    match &response["extensions"]["explain"] {
        Value::Null => Err(AppError::because("The query was not executed.")),
        explained => {
            print!("{}", tree(explained));
            Ok(())
        }
    }
}

fn read_operation(args: &ExplainArgs) -> Result<Operation, AppError> {
    let read = |path: &Path| {
        std::fs::read_to_string(path)
            .map_err(|error| AppError::new(format!("{} can't be read.", path.display()), error))
    };
    let variables = match &args.variables {
        Some(json) => {
            serde_json::from_str(json).map_err(|error| AppError::new("--variables must be a JSON object.", error))?
        }
        None => serde_json::Map::new(),
    };
    // A query that explains itself must not change anything.
    Ok(Operation { query: read(&args.file)?, name: args.operation.clone(), variables, safe: true })
}

async fn fetch_viewer(users: &dyn UserStore, handle: &str) -> Result<Viewer, AppError> {
    let unknown = || AppError::because(format!("There is no user {handle}. Name another with --as."));
    let handle = Handle::parse(handle).ok_or_else(unknown)?;
    let found = users.users_by_handle(std::slice::from_ref(&handle)).await;
    let found = found.map_err(|error| AppError::new("The store of users does not answer.", error))?;
    found.get(&handle).map(|user| Viewer::User(user.id)).ok_or_else(unknown)
}

/// The levels as a tree, a line for each batch.
fn tree(explained: &Value) -> String {
    let levels = explained["levels"].as_array().map(Vec::as_slice).unwrap_or_default();
    let batches = |level: &Value| level["batches"].as_array().cloned().unwrap_or_default();
    let calls: usize = levels.iter().map(|level| batches(level).len()).sum();
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(out, "{} store calls on {} levels, cost {}", calls, levels.len(), explained["cost"]);
    for (index, level) in levels.iter().enumerate() {
        let batches = batches(level);
        let _ = writeln!(out, "level {}", index + 1);
        for (place, batch) in batches.iter().enumerate() {
            let branch = if place + 1 == batches.len() { "└─" } else { "├─" };
            let name = format!("{}.{}", text(&batch["store"]), text(&batch["port"]));
            let _ = writeln!(out, "{branch} {name:<32}{}", figures(batch));
        }
    }
    out
}

fn figures(batch: &Value) -> String {
    let counted = |value: &Value, what: &str| value.as_u64().map(|count| format!("{count} {what}"));
    let failed = batch["failed"].as_str().map(|kind| format!("failed: {kind}"));
    let omitted = batch["omitted"].as_str().map(|what| format!("without {what}"));
    let parts = [counted(&batch["keys"], "keys"), counted(&batch["rows"], "rows"), counted(&batch["micros"], "µs")];
    parts.into_iter().chain([omitted, failed]).flatten().collect::<Vec<_>>().join(", ")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_level_is_a_heading_and_a_batch_is_a_line() {
        let explained = json!({ "cost": 41, "cache": "off", "levels": [
            { "batches": [
                { "store": "posts", "port": "posts_newest", "keys": null, "rows": 20, "micros": 812, "omitted": "content" },
                { "store": "users", "port": "count_users", "keys": null, "rows": 1, "micros": 95 },
            ] },
            { "batches": [
                { "store": "users", "port": "users_by_id", "keys": 17, "rows": null, "micros": 2_000_000, "failed": "Timeout" },
            ] },
        ] });
        insta::assert_snapshot!(tree(&explained), @r"
        3 store calls on 2 levels, cost 41
        level 1
        ├─ posts.posts_newest              20 rows, 812 µs, without content
        └─ users.count_users               1 rows, 95 µs
        level 2
        └─ users.users_by_id               17 keys, 2000000 µs, failed: Timeout
        ");
    }
}
