//! What the migration asks of the server.

use std::collections::BTreeMap;
use std::time::Duration;

use elasticsearch::cluster::ClusterHealthParts;
use elasticsearch::http::StatusCode;
use elasticsearch::http::response::Response;
use elasticsearch::indices::{IndicesAnalyzeParts, IndicesCreateParts, IndicesGetMappingParts, IndicesPutAliasParts};
use elasticsearch::params::WaitForStatus;
use elasticsearch::{Elasticsearch, Error};
use serde::Deserialize;
use serde_json::json;

use super::mappings::{Index, Record};
use crate::MigrationError;

/// Creating an index waits for its shard: longer than a search may take.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
struct Described {
    mappings: Mappings,
}

#[derive(Deserialize)]
struct Mappings {
    #[serde(rename = "_meta")]
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    polygraph: Option<Record>,
}

/// What is recorded in the index behind `alias`; `None` where there is no index.
pub(super) async fn recorded(client: &Elasticsearch, alias: &str) -> Result<Option<Record>, MigrationError> {
    let response =
        client.indices().get_mapping(IndicesGetMappingParts::Index(&[alias])).send().await.map_err(unanswered)?;
    if response.status_code() == StatusCode::NOT_FOUND {
        return Ok(None);
    }
    let indexes: BTreeMap<String, Described> = accepted(response).await?.json().await.map_err(unanswered)?;
    let record = indexes.into_values().find_map(|index| index.mappings.meta?.polygraph);
    let foreign = || MigrationError::because(format!("There is an index `{alias}` that Polygraph did not make."));
    record.ok_or_else(foreign).map(Some)
}

/// Creates an index; `false` where another instance did so first.
pub(super) async fn create(client: &Elasticsearch, index: &Index<'_>) -> Result<bool, MigrationError> {
    let response = client
        .indices()
        .create(IndicesCreateParts::Index(&index.name))
        .body(index.body())
        .request_timeout(PATIENCE)
        .send()
        .await
        .map_err(unanswered)?;
    match accepted(response).await {
        Ok(_) => Ok(true),
        Err(refused) if refused.kind == "resource_already_exists_exception" => {
            // Mends an alias that went missing; where another instance was faster it changes nothing.
            point(client, index).await?;
            Ok(false)
        }
        Err(refused) => Err(refused.into()),
    }
}

async fn point(client: &Elasticsearch, index: &Index<'_>) -> Result<(), MigrationError> {
    let response = client
        .indices()
        .put_alias(IndicesPutAliasParts::IndexName(&[&index.name], &index.alias))
        .body(json!({ "is_write_index": true }))
        .request_timeout(PATIENCE)
        .send()
        .await
        .map_err(unanswered)?;
    accepted(response).await?;
    Ok(())
}

/// Checks that the server has an analyzer of this name.
pub(super) async fn require_analyzer(client: &Elasticsearch, name: &str) -> Result<(), MigrationError> {
    let response = client
        .indices()
        .analyze(IndicesAnalyzeParts::None)
        .body(json!({ "analyzer": name, "text": "" }))
        .send()
        .await
        .map_err(unanswered)?;
    match accepted(response).await {
        Ok(_) => Ok(()),
        Err(refused) if refused.status == StatusCode::BAD_REQUEST => Err(MigrationError::new(
            format!("The search server has no analyzer `{name}`: set another search language, such as `standard`."),
            refused,
        )),
        Err(refused) => Err(refused.into()),
    }
}

/// Waits until what is behind these aliases can be read and written.
pub(super) async fn wait_until_served(client: &Elasticsearch, aliases: &[String]) -> Result<(), MigrationError> {
    let aliases: Vec<&str> = aliases.iter().map(String::as_str).collect();
    let response = client
        .cluster()
        .health(ClusterHealthParts::Index(&aliases))
        .wait_for_status(WaitForStatus::Yellow)
        .request_timeout(PATIENCE)
        .send()
        .await
        .map_err(unanswered)?;
    accepted(response).await?;
    Ok(())
}

/// A request that the server refused.
#[derive(Debug, thiserror::Error)]
#[error("status {status}: {reason}")]
pub(super) struct Refused {
    status: StatusCode,
    kind: String,
    reason: String,
}

impl From<Refused> for MigrationError {
    fn from(refused: Refused) -> Self {
        Self::new("The search server refused to be migrated.", refused)
    }
}

fn unanswered(error: Error) -> MigrationError {
    MigrationError::new("The search server could not be asked.", error)
}

async fn accepted(response: Response) -> Result<Response, Refused> {
    let status = response.status_code();
    if status.is_success() {
        return Ok(response);
    }
    // What comes from a proxy has no such body; then the status must do.
    let error = response.exception().await.ok().flatten();
    let error = error.as_ref().map(elasticsearch::http::response::Exception::error);
    let text = |part: Option<&str>| part.unwrap_or_default().to_owned();
    Err(Refused {
        status,
        kind: text(error.and_then(|error| error.ty())),
        reason: text(error.and_then(|e| e.reason())),
    })
}
