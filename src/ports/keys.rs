//! The port to the public keys of an outside issuer of tokens.

use async_trait::async_trait;

use super::StoreResult;

/// Where an issuer publishes its keys.
#[async_trait]
pub trait KeySource: Send + Sync {
    /// The issuer's key set as it is now: JSON (RFC 7517 §5), not yet read.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`](super::ErrorKind::Unavailable) where it can't be had.
    async fn fetch(&self) -> StoreResult<Vec<u8>>;
}
