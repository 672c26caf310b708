//! Which document a request means that names it in place of sending it, and which documents run at all.
//!
//! *Automatic persisted queries* let a client register a text under its SHA-256 and send the hash from then on
//! ([Apollo's protocol](https://www.apollographql.com/docs/apollo-server/performance/apq)). *Trusted documents* are those
//! that the frontends' builds wrote into manifests: they are known by their ids from the start, and where nothing else is
//! to run, everything else is refused.

mod manifest;
#[cfg(test)]
mod tests;
mod trusted;

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

pub use manifest::{Entry, Manifest, ManifestError};
pub use trusted::{Policy, TrustedDocuments};

use crate::domain::hex;
use crate::ports::{DocumentHash, RegisteredDocuments};

/// The prefix of an id that is a SHA-256, in GraphQL over HTTP's appendix on persisted documents.
const SHA256_PREFIX: &str = "sha256:";

/// How a request names its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentName {
    /// An id of a manifest, or a SHA-256 in hexadecimal, which may follow `sha256:`.
    pub id: String,
    /// By which protocol it is named.
    pub protocol: Protocol,
}

/// How documents are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// `extensions.persistedQuery`, as Apollo's clients do.
    PersistedQuery,
    /// `documentId`, as GraphQL over HTTP's appendix on persisted documents has it.
    DocumentId,
}

/// The document that a request means.
#[derive(Debug, PartialEq, Eq)]
pub struct Meant {
    /// Its text.
    pub text: String,
    /// Under what it is to be registered, once it is known to be valid.
    pub registers: Option<DocumentHash>,
}

/// Why a request's document is not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unserved {
    /// The request neither has a document nor names one.
    Missing,
    /// No document has this name.
    Unknown(Protocol),
    /// Nothing can be registered, so nothing is found by its hash.
    Unsupported,
    /// The text has another hash than the request says.
    OtherHash,
    /// It is not among the trusted ones, and no other runs.
    Untrusted,
}

/// The documents that are known by name.
pub struct Documents {
    trusted: Option<TrustedDocuments>,
    registered: Option<Registered>,
}

/// Registered documents: near at hand, and where all gateways find them.
pub struct Registered {
    /// In this process.
    pub near: Arc<dyn RegisteredDocuments>,
    /// In a store that gateways share, if there is one.
    pub shared: Option<Arc<dyn RegisteredDocuments>>,
}

impl Documents {
    /// Those of manifests, if there are any, and those that clients register, if they may.
    pub fn new(trusted: Option<TrustedDocuments>, registered: Option<Registered>) -> Self {
        // What runs nothing but what it trusts has no use for what clients register.
        let registered =
            registered.filter(|_| trusted.as_ref().is_none_or(|trusted| trusted.policy() != Policy::Enforce));
        Self { trusted, registered }
    }

    /// The trusted documents, to be prepared before they are asked for.
    pub fn trusted(&self) -> impl Iterator<Item = (&str, &Arc<str>)> {
        self.trusted.iter().flat_map(TrustedDocuments::entries)
    }

    /// The document of a request that came with this text, this name, or both. Asks the store that gateways share, where
    /// it must.
    ///
    /// # Errors
    /// [`Unserved`], when there is none, or it is not to run.
    pub async fn find(&self, text: Option<String>, name: Option<DocumentName>) -> Result<Meant, Unserved> {
        match (text, name) {
            (None, None) => Err(Unserved::Missing),
            (Some(text), None) => self.told(text, None),
            (Some(text), Some(name)) => {
                // What names a trusted document and sends one as well runs what it sends, if that is trusted itself.
                let named = hash_in(&name.id);
                let hash = hash_of(&text);
                if named.is_some_and(|named| named != hash) {
                    return Err(Unserved::OtherHash);
                }
                self.told(text, named.filter(|_| name.protocol == Protocol::PersistedQuery))
            }
            (None, Some(name)) => self.named(&name).await,
        }
    }

    /// A document that came as text, and its hash if the request says it.
    fn told(&self, text: String, hash: Option<DocumentHash>) -> Result<Meant, Unserved> {
        let is_trusted = self.trusted.as_ref().is_none_or(|trusted| trusted.allows(&text));
        if !is_trusted {
            return Err(Unserved::Untrusted);
        }
        let registers = hash.filter(|_| self.registered.is_some());
        Ok(Meant { text, registers })
    }

    async fn named(&self, name: &DocumentName) -> Result<Meant, Unserved> {
        if let Some(text) = self.trusted.as_ref().and_then(|trusted| trusted.by_id(&name.id)) {
            return Ok(Meant { text: text.to_string(), registers: None });
        }
        let is_enforced = self.trusted.as_ref().is_some_and(|trusted| trusted.policy() == Policy::Enforce);
        let Some(registered) = &self.registered else {
            return Err(match name.protocol {
                _ if is_enforced => Unserved::Untrusted,
                Protocol::PersistedQuery => Unserved::Unsupported,
                Protocol::DocumentId => Unserved::Unknown(Protocol::DocumentId),
            });
        };
        let found = match hash_in(&name.id) {
            Some(hash) => registered.find(hash).await,
            None => None,
        };
        let text = found.ok_or(Unserved::Unknown(name.protocol))?.to_string();
        // It was allowed when it was registered, maybe by a gateway that trusted other documents.
        self.told(text, None)
    }

    /// Registers a document that was found to be valid. Where the shared store does not take it, this gateway knows it all
    /// the same.
    pub async fn register(&self, hash: DocumentHash, text: &str) {
        let Some(registered) = &self.registered else { return };
        let text: Arc<str> = Arc::from(text);
        registered.keep_near(hash, &text).await;
        if let Some(shared) = &registered.shared
            && let Err(error) = shared.register(hash, &text).await
        {
            tracing::debug!(%error, "a document could not be registered for all gateways");
        }
    }
}

impl Registered {
    async fn find(&self, hash: DocumentHash) -> Option<Arc<str>> {
        if let Ok(Some(text)) = self.near.document(hash).await {
            return Some(text);
        }
        match self.shared.as_ref()?.document(hash).await {
            // Whoever may write to that store could have put anything under this name.
            Ok(found) => {
                let text = found.filter(|text| hash_of(text) == hash)?;
                self.keep_near(hash, &text).await;
                Some(text)
            }
            Err(error) => {
                tracing::debug!(%error, "registered documents can't be looked up");
                None
            }
        }
    }

    async fn keep_near(&self, hash: DocumentHash, text: &Arc<str>) {
        if let Err(error) = self.near.register(hash, text).await {
            tracing::debug!(%error, "a document could not be kept");
        }
    }
}

/// The SHA-256 of a text.
fn hash_of(text: &str) -> DocumentHash {
    DocumentHash(Sha256::digest(text).into())
}

/// The SHA-256 of a text, as ids have it.
fn id_of(text: &str) -> String {
    hex(&hash_of(text).0)
}

/// The SHA-256 that an id is, if it is one.
fn hash_in(id: &str) -> Option<DocumentHash> {
    let digits = id.strip_prefix(SHA256_PREFIX).unwrap_or(id);
    let mut hash = [0; 32];
    if digits.len() != 2 * hash.len() || !digits.is_ascii() {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(digits.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    // `from_str_radix` takes a sign.
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(DocumentHash(hash))
}
