//! Sessions: opaque tokens, of which only a hash is kept.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::identity::{Identified, Identity, IdentityError};
use super::stamps::Stamps;
use crate::domain::{Timestamp, UserId};
use crate::ports::{AccountStore, Session, StoreResult, TokenHash};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long sessions last.
#[derive(Debug, Clone, Copy)]
pub struct SessionLimits {
    /// How long one lasts from its last use on, to within [`Self::extended_every`].
    pub idle: Duration,
    /// How long one lasts in all.
    pub total: Duration,
    /// How seldom a session's end is moved when it is used: each use would otherwise be a write.
    pub extended_every: Duration,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { idle: 30 * DAY, total: 90 * DAY, extended_every: DAY }
    }
}

/// A session's token: 256 random bits. Whoever has it is the user, so it is shown once and printed nowhere else.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    fn new(secret: &[u8; 32]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(secret))
    }

    /// The token for the answer to whoever it was made for.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// A token that was just made, and when it ends unless it is used before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// The token.
    pub token: Token,
    /// When its session ends, unless it is extended.
    pub expires_at: Timestamp,
}

/// Opens, finds and ends sessions. The store of users is the truth about them: a session that was ended is not found
/// from then on, on any gateway. Cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    store: Arc<dyn AccountStore>,
    stamps: Stamps,
    limits: SessionLimits,
}

impl Sessions {
    /// Sessions that `store` keeps.
    pub fn new(store: Arc<dyn AccountStore>, stamps: Stamps, limits: SessionLimits) -> Self {
        Self { store, stamps, limits }
    }

    /// Begins a session; `None` where there is no such user (any more).
    ///
    /// # Errors
    /// That of the store.
    pub async fn open(&self, user: UserId) -> StoreResult<Option<AccessToken>> {
        let secret = self.stamps.random::<32>();
        let created_at = self.stamps.now();
        let expires_at = self.end(created_at, created_at);
        let session = Session { token: hash(&secret), user, created_at, expires_at };
        let opened = self.store.open_session(&session).await?;
        Ok(opened.then(|| AccessToken { token: Token::new(&secret), expires_at }))
    }

    /// Ends a session of `user`, or all of them. Returns how many.
    ///
    /// # Errors
    /// That of the store.
    pub async fn end_of(&self, user: UserId, session: Option<TokenHash>, everywhere: bool) -> StoreResult<u64> {
        let now = self.stamps.now();
        match session {
            _ if everywhere => self.store.end_sessions(user, now).await,
            Some(session) => Ok(u64::from(self.store.end_session(session, now).await?)),
            None => Ok(0),
        }
    }

    /// When a session ends that is used at `now`.
    fn end(&self, created_at: Timestamp, now: Timestamp) -> Timestamp {
        after(now, self.limits.idle).min(after(created_at, self.limits.total))
    }

    /// Lets the session end later, if that is worth a write. It is valid now whatever becomes of that.
    async fn extend(&self, session: &Session, now: Timestamp) {
        let end = self.end(session.created_at, now);
        let is_last = end == after(session.created_at, self.limits.total) && end > session.expires_at;
        if !is_last && end < after(session.expires_at, self.limits.extended_every) {
            return;
        }
        if let Err(error) = self.store.extend_session(session.token, end).await {
            tracing::warn!(%error, "a session was not extended");
        }
    }
}

#[async_trait]
impl Identity for Sessions {
    async fn identify(&self, token: &str) -> Result<Identified, IdentityError> {
        let token = parse(token).ok_or(IdentityError::Invalid)?;
        let now = self.stamps.now();
        let session = self.store.session(token, now).await?.ok_or(IdentityError::Invalid)?;
        self.extend(&session, now).await;
        Ok(Identified { user: session.user, session: Some(token) })
    }
}

fn after(at: Timestamp, duration: Duration) -> Timestamp {
    let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(at.millis().saturating_add(millis))
}

/// The hash of a token that a client sent; `None` where it can't be one of ours, which no store need be asked.
fn parse(token: &str) -> Option<TokenHash> {
    // 32 bytes are 43 characters; anything else is refused before it is decoded.
    let bytes = if token.len() == 43 { URL_SAFE_NO_PAD.decode(token).ok()? } else { return None };
    Some(hash(&bytes))
}

/// A token has 256 random bits, which nobody finds by trying: a fast hash without a salt is enough.
fn hash(secret: &[u8]) -> TokenHash {
    TokenHash(Sha256::digest(secret).into())
}
