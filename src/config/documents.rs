//! Documents that requests name in place of sending them, and which documents run.

use std::path::PathBuf;

use super::layer::Values;
use super::read;
use super::setting::{Section, Setting};

/// Documents that requests name in place of sending them, and which documents run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentsConfig {
    /// Whether clients may register documents under their hashes.
    pub persisted_queries: bool,
    /// The manifests of trusted documents.
    pub trusted: Vec<PathBuf>,
    /// What becomes of other documents, where there are trusted ones.
    pub policy: TrustPolicy,
}

/// What becomes of documents that are not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustPolicy {
    /// They run.
    Development,
    /// They run, and the log tells of them.
    Warn,
    /// They are refused.
    Enforce,
}

static PERSISTED_QUERIES: Setting<bool> = Setting::new(
    "persisted_queries",
    "BOOL",
    read::switch,
    "Whether clients may register documents under their SHA-256 and send that alone from then on (automatic persisted \
     queries). Where trusted documents are enforced, nothing is registered.",
)
.default("true");

static TRUSTED_DOCUMENTS: Setting<Vec<PathBuf>> = Setting::new(
    "trusted_documents",
    "PATHS",
    read_paths,
    "Manifests of trusted documents, with commas between: files of relay-compiler (`persistConfig`), graphql-codegen \
     (`persistedDocuments`) or Apollo's generate-persisted-query-manifest. They are read at the start.",
)
.unset("none", "/etc/polygraph/persisted-documents.json");

static TRUSTED_DOCUMENTS_MODE: Setting<Option<TrustPolicy>> = Setting::new(
    "trusted_documents_mode",
    "MODE",
    read_policy,
    "What becomes of documents that are in none of those manifests: `development` runs them, `warn` runs them and logs each, \
     `enforce` refuses them, introspection among them.",
)
.unset("warn, in production enforce", "enforce");

pub(super) static SECTION: Section = Section {
    title: "Documents",
    settings: &[&PERSISTED_QUERIES.about, &TRUSTED_DOCUMENTS.about, &TRUSTED_DOCUMENTS_MODE.about],
};

impl DocumentsConfig {
    pub(super) fn finish(values: &mut Values, production: bool) -> Option<Self> {
        let (persisted_queries, trusted) = (values.get(&PERSISTED_QUERIES), values.get(&TRUSTED_DOCUMENTS));
        let policy = values.get(&TRUSTED_DOCUMENTS_MODE);
        let (trusted, policy) = (trusted?, policy?);
        if trusted.is_empty() && policy.is_some() {
            values.refuse(&TRUSTED_DOCUMENTS_MODE.about, "says nothing without `trusted_documents`.");
        }
        let default = if production { TrustPolicy::Enforce } else { TrustPolicy::Warn };
        Some(Self { persisted_queries: persisted_queries?, trusted, policy: policy.unwrap_or(default) })
    }
}

fn read_paths(text: &str) -> Result<Vec<PathBuf>, String> {
    Ok(text.split(',').map(str::trim).filter(|path| !path.is_empty()).map(PathBuf::from).collect())
}

fn read_policy(text: &str) -> Result<Option<TrustPolicy>, String> {
    match text {
        "" => Ok(None),
        "development" => Ok(Some(TrustPolicy::Development)),
        "warn" => Ok(Some(TrustPolicy::Warn)),
        "enforce" => Ok(Some(TrustPolicy::Enforce)),
        _ => Err("is none of development, warn and enforce.".to_owned()),
    }
}
