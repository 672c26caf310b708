//! The port that keeps sessions near at hand, so that not every request has to ask the truth about its token.
//!
//! What is kept must never outlive its revocation. So nothing is deleted to revoke it, since a slow reader could put it
//! back: each user has an epoch, an entry says as of when it was read, and it counts only if no epoch came after.

use std::time::Duration;

use async_trait::async_trait;

use super::{Backend, Session, StoreResult, TokenHash};
use crate::domain::UserId;

/// Sessions that were read from the truth. It may forget anything at any moment, its epochs as well: then it forgets
/// every entry with them.
#[async_trait]
pub trait SessionCache: Backend {
    /// Looks for the session with this token, and notes the moment, for what is read from the truth from now on.
    async fn look(&self, token: TokenHash) -> StoreResult<Look>;

    /// Keeps a session for a time. It was read from the truth after `mark` was noted; if it was revoked since then, it
    /// is not found.
    async fn keep(&self, session: &Session, mark: Mark, ttl: Duration) -> StoreResult<()>;

    /// Begins a new epoch of a user: nothing that was read before is found from now on, whenever it is kept.
    async fn revoke(&self, user: UserId) -> StoreResult<()>;
}

/// What a look shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// The moment of the look.
    pub mark: Mark,
    /// The session, if one is kept.
    pub found: Option<Kept>,
}

/// A session that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// The session as the truth had it then.
    pub session: Session,
    /// How long ago that was at most, by the cache's own clock.
    pub age: Duration,
}

/// A moment in the life of a cache: opaque to all but the cache that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Which life of the cache: it begins another one when it may have forgotten epochs.
    pub incarnation: u128,
    /// How many epochs had begun.
    pub as_of: u64,
    /// The cache's clock, in milliseconds.
    pub at: u64,
}
