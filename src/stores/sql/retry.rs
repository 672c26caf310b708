//! Trying writes again that lost against others.

use crate::ports::{ErrorKind, StoreResult};

/// How often a write is tried before its caller learns of the conflict.
const TRIES: u32 = 5;

/// Tries a write again, a few times, while it loses against others. Each try must be one transaction: of one that met
/// a conflict, nothing is left.
pub(super) async fn retried<T, F>(write: impl Fn() -> F) -> StoreResult<T>
where
    F: Future<Output = StoreResult<T>>,
{
    for _ in 1..TRIES {
        match write().await {
            Err(error) if error.kind == ErrorKind::Conflict => tracing::debug!(%error, "a write is tried again"),
            settled => return settled,
        }
    }
    write().await
}
