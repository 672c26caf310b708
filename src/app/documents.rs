//! The documents that a gateway knows by name: those that clients register, and those of manifests.

use std::sync::Arc;

use super::{AppError, OpenStores};
use crate::config::{Config, TrustPolicy};
use crate::graphql::{PolygraphSchema, pin};
use crate::services::documents::{Documents, Manifest, Policy, Registered, TrustedDocuments};
use crate::stores::memory::MemoryDocuments;

/// The most bytes of registered documents in this process.
const NEAR_BYTES: u64 = 16 * 1024 * 1024;

/// Documents of a gateway that trusts none in particular.
pub(super) fn untrusting(config: &Config, stores: &OpenStores) -> Documents {
    Documents::new(None, registered(config, stores))
}

/// Reads the manifests, if there are any, and prepares what they hold.
///
/// # Errors
/// Where one can't be read, or is no manifest.
pub async fn documents(config: &Config, stores: &OpenStores, schema: &PolygraphSchema) -> Result<Documents, AppError> {
    let mut trusted: Option<Manifest> = None;
    for path in &config.documents.trusted {
        let unusable = |error: Box<dyn std::error::Error + Send + Sync>| {
            let sentence = format!("{} can't be used as a manifest of trusted documents.", path.display());
            AppError::new(sentence, error)
        };
        let text = tokio::fs::read_to_string(path).await.map_err(|error| unusable(error.into()))?;
        let read = Manifest::read(&text).map_err(|error| unusable(error.into()))?;
        trusted = Some(match trusted {
            None => read,
            Some(others) => others.and(read).map_err(|error| unusable(error.into()))?,
        });
    }
    let trusted = trusted.map(|manifest| TrustedDocuments::new(manifest, policy(config.documents.policy)));
    let documents = Documents::new(trusted, registered(config, stores));
    let (ids, texts): (Vec<_>, Vec<_>) =
        documents.trusted().map(|(id, text)| (id.to_owned(), Arc::clone(text))).unzip();
    for (place, reason) in pin(schema, &texts).await {
        tracing::warn!(
            document = ids[place],
            reason,
            "a trusted document does not fit the schema, and will be refused"
        );
    }
    Ok(documents)
}

fn registered(config: &Config, stores: &OpenStores) -> Option<Registered> {
    config
        .documents
        .persisted_queries
        .then(|| Registered { near: Arc::new(MemoryDocuments::new(NEAR_BYTES)), shared: stores.documents.clone() })
}

fn policy(policy: TrustPolicy) -> Policy {
    match policy {
        TrustPolicy::Development => Policy::Development,
        TrustPolicy::Warn => Policy::Warn,
        TrustPolicy::Enforce => Policy::Enforce,
    }
}
