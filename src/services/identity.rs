//! Who stands behind a token.

use std::collections::HashMap;

use async_trait::async_trait;

use crate::domain::{Timestamp, UserId};
use crate::ports::{StoreError, StoreResult, TokenHash};

/// Whom a token stands for, and by which session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identified {
    /// The user.
    pub user: UserId,
    /// Their session; `None` where somebody else vouches for them.
    pub session: Option<TokenHash>,
    /// When that ends, unless it is extended; `None` where nobody knows of an end.
    pub expires_at: Option<Timestamp>,
    /// Whether that is so now, or was when the truth could last be asked: that is enough to read, not to write.
    pub is_confirmed: bool,
}

/// Tells whom a bearer token (RFC 6750) stands for.
#[async_trait]
pub trait Identity: Send + Sync {
    /// The user that `token` was given to.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`] where it is not valid, or not any more; [`IdentityError::NotLinked`] where it names none
    /// of our users; [`IdentityError::Store`] where that can't be
    /// told, since its store does not answer.
    async fn identify(&self, token: &str) -> Result<Identified, IdentityError>;

    /// Those of these sessions that are there, as they were told of by [`Self::identify`], and when each ends.
    ///
    /// # Errors
    /// That of the store, where it does not answer.
    async fn living(&self, sessions: &[TokenHash]) -> StoreResult<HashMap<TokenHash, Timestamp>>;
}

/// Why a token stands for nobody.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// It is not valid, or not any more.
    #[error("the token is not valid")]
    Invalid,
    /// It is valid, and whoever it names is none of our users.
    #[error("the token's subject is linked to no user")]
    NotLinked,
    /// It can't be checked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A gateway that hands out no tokens: none is valid.
#[derive(Debug, Clone, Copy)]
pub struct NoTokens;

#[async_trait]
impl Identity for NoTokens {
    async fn identify(&self, _token: &str) -> Result<Identified, IdentityError> {
        Err(IdentityError::Invalid)
    }

    async fn living(&self, _sessions: &[TokenHash]) -> StoreResult<HashMap<TokenHash, Timestamp>> {
        Ok(HashMap::new())
    }
}
