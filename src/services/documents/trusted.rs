//! Trusted documents, and what becomes of others.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ahash::RandomState;
use moka::sync::Cache;

use super::manifest::{Entry, Manifest};
use super::{SHA256_PREFIX, hash_of, id_of};
use crate::domain::hex;
use crate::ports::DocumentHash;

/// How many untrusted documents are remembered as told of, so that each is told of about once.
const TOLD_OF: u64 = 10_000;

/// What becomes of documents that are not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// They run.
    Development,
    /// They run, and the log tells of each.
    Warn,
    /// They are refused.
    Enforce,
}

/// The documents of manifests.
pub struct TrustedDocuments {
    policy: Policy,
    by_id: HashMap<String, Arc<str>, RandomState>,
    texts: HashSet<Arc<str>, RandomState>,
    told_of: Cache<DocumentHash, ()>,
}

impl TrustedDocuments {
    /// Trusts the documents of a manifest: by their ids, by the SHA-256 of their texts, and by the texts themselves.
    pub fn new(manifest: Manifest, policy: Policy) -> Self {
        let mut by_id = HashMap::with_hasher(RandomState::new());
        let mut texts = HashSet::with_hasher(RandomState::new());
        for Entry { id, text } in manifest.0 {
            let text: Arc<str> = Arc::from(text);
            by_id.entry(id_of(&text)).or_insert_with(|| Arc::clone(&text));
            by_id.insert(id, Arc::clone(&text));
            texts.insert(text);
        }
        Self { policy, by_id, texts, told_of: Cache::new(TOLD_OF) }
    }

    /// What becomes of others.
    pub(super) fn policy(&self) -> Policy {
        self.policy
    }

    /// All of them, by one of their ids each.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &Arc<str>)> {
        let mut seen = HashSet::new();
        self.by_id.iter().filter(move |(_, text)| seen.insert(Arc::clone(text))).map(|(id, text)| (id.as_str(), text))
    }

    /// The one with this id.
    pub(super) fn by_id(&self, id: &str) -> Option<&Arc<str>> {
        self.by_id.get(id).or_else(|| self.by_id.get(id.strip_prefix(SHA256_PREFIX)?))
    }

    /// Whether a document with this text may run. Tells of one that is not trusted, where that is wanted.
    pub(super) fn allows(&self, text: &str) -> bool {
        if self.policy == Policy::Development || self.texts.contains(text) {
            return true;
        }
        if self.policy == Policy::Warn {
            let hash = hash_of(text);
            if !self.told_of.contains_key(&hash) {
                self.told_of.insert(hash, ());
                tracing::warn!(document = hex(&hash.0), "a document was run that is not among the trusted ones");
            }
            return true;
        }
        false
    }
}
