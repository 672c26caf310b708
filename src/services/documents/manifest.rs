//! Manifests of trusted documents, as the builds of frontends write them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The format that Apollo's generator names in its manifests.
const APOLLO: &str = "apollo-persisted-query-manifest";

/// A document of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What clients name it by.
    pub id: String,
    /// Its text.
    pub text: String,
}

/// Trusted documents, in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest(pub Vec<Entry>);

/// Why a text is no manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It is not JSON.
    #[error("it is not JSON")]
    NotJson(#[source] serde_json::Error),
    /// It has a shape that no generator writes.
    #[error(
        "it is neither an object from ids to documents (relay-compiler, graphql-codegen) nor a manifest of Apollo's \
         generator, version 1"
    )]
    UnknownFormat,
    /// A document is empty.
    #[error("the document with the id `{0}` is empty")]
    Empty(String),
    /// Two documents have one id.
    #[error("two documents have the id `{0}`")]
    Ambiguous(String),
}

#[derive(Deserialize)]
struct Apollo {
    version: u64,
    operations: Vec<ApolloOperation>,
}

#[derive(Deserialize)]
struct ApolloOperation {
    id: String,
    body: String,
}

impl Manifest {
    /// Reads what relay-compiler (`persistConfig`), graphql-codegen (`persistedDocuments`) or Apollo's
    /// `generate-persisted-query-manifest` wrote.
    ///
    /// # Errors
    /// [`ManifestError`], where it is none of these, or not clear.
    pub fn read(text: &str) -> Result<Self, ManifestError> {
        let value: Value = serde_json::from_str(text).map_err(ManifestError::NotJson)?;
        let pairs: Vec<(String, String)> = if value.get("format").and_then(Value::as_str) == Some(APOLLO) {
            let Apollo { version, operations } =
                serde_json::from_value(value).map_err(|_| ManifestError::UnknownFormat)?;
            if version != 1 {
                return Err(ManifestError::UnknownFormat);
            }
            operations.into_iter().map(|operation| (operation.id, operation.body)).collect()
        } else {
            let map: BTreeMap<String, String> =
                serde_json::from_value(value).map_err(|_| ManifestError::UnknownFormat)?;
            map.into_iter().collect()
        };
        Self::of(pairs)
    }

    /// This and another one.
    ///
    /// # Errors
    /// [`ManifestError::Ambiguous`], where both have one id for different documents.
    pub fn and(self, other: Self) -> Result<Self, ManifestError> {
        Self::of(self.0.into_iter().chain(other.0).map(|Entry { id, text }| (id, text)))
    }

    fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self, ManifestError> {
        let mut entries = BTreeMap::new();
        for (id, text) in pairs {
            if text.trim().is_empty() {
                return Err(ManifestError::Empty(id));
            }
            if entries.get(&id).is_some_and(|known| *known != text) {
                return Err(ManifestError::Ambiguous(id));
            }
            entries.insert(id, text);
        }
        Ok(Self(entries.into_iter().map(|(id, text)| Entry { id, text }).collect()))
    }
}
