//! The port to documents that clients have registered, so that they send a hash in place of the text
//! ([automatic persisted queries](https://www.apollographql.com/docs/apollo-server/performance/apq)).

use std::sync::Arc;

use async_trait::async_trait;

use super::StoreResult;

/// The SHA-256 of a document's text (FIPS 180-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DocumentHash(pub [u8; 32]);

/// Registered documents. It may forget any of them at any moment: then the client sends the text again.
#[async_trait]
pub trait RegisteredDocuments: Send + Sync {
    /// The text with this hash, if it is there. That it is asked for keeps it longer.
    ///
    /// What is shared with others may have been put there by anybody: whoever asks checks that the text has this hash.
    async fn document(&self, hash: DocumentHash) -> StoreResult<Option<Arc<str>>>;

    /// Keeps a text under its hash.
    async fn register(&self, hash: DocumentHash, text: &Arc<str>) -> StoreResult<()>;
}
