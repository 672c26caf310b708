//! Sessions: opaque tokens, of which only a hash is kept.

mod fast_path;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use self::fast_path::FastPath;
use super::identity::{Identified, Identity, IdentityError};
use super::stamps::Stamps;
use crate::domain::{Timestamp, UserId};
use crate::ports::{AccountStore, ErrorKind, Session, SessionCache, StoreError, StoreResult, TokenHash};

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
    fast_path: Option<FastPath>,
}

impl Sessions {
    /// Sessions that `store` keeps.
    pub fn new(store: Arc<dyn AccountStore>, stamps: Stamps, limits: SessionLimits) -> Self {
        Self { store, stamps, limits, fast_path: None }
    }

    /// The same, with sessions near at hand in `cache`. It must be shared by all gateways on the store.
    #[must_use]
    pub fn with_fast_path(self, cache: Arc<dyn SessionCache>) -> Self {
        Self { fast_path: Some(FastPath::new(cache)), ..self }
    }

    /// Begins a session of a user who was found to know the password of this `hash`; `None` where there is no such user,
    /// or another password (any more).
    ///
    /// # Errors
    /// That of the store.
    pub async fn open(&self, user: UserId, hash: &str) -> StoreResult<Option<AccessToken>> {
        let secret = self.stamps.random::<32>();
        let created_at = self.stamps.now();
        let expires_at = self.end(created_at, created_at);
        let session = Session { token: hash_of(&secret), user, created_at, expires_at };
        let opened = self.store.open_session(&session, hash).await?;
        Ok(opened.then(|| AccessToken { token: Token::new(&secret), expires_at }))
    }

    /// Ends a session of `user`, or all of them. Returns how many.
    ///
    /// # Errors
    /// That of the store.
    pub async fn end_of(&self, user: UserId, session: Option<TokenHash>, everywhere: bool) -> StoreResult<u64> {
        let now = self.stamps.now();
        let ended = match session {
            _ if everywhere => self.store.end_sessions(user, now).await?,
            Some(session) => u64::from(self.store.end_session(session, now).await?),
            None => return Ok(0),
        };
        self.were_ended(user).await;
        Ok(ended)
    }

    /// To be called once sessions of `user` were ended in the store, and before that is answered: no gateway takes them
    /// for valid when this returns.
    pub async fn were_ended(&self, user: UserId) {
        if let Some(fast_path) = &self.fast_path {
            fast_path.revoke(user, self.stamps.now()).await;
        }
    }

    /// When a session ends that is used at `now`.
    fn end(&self, created_at: Timestamp, now: Timestamp) -> Timestamp {
        after(now, self.limits.idle).min(after(created_at, self.limits.total))
    }

    /// Lets the session end later, if that is worth a write. It is valid now whatever becomes of that.
    async fn extended(&self, session: Session, now: Timestamp) -> Session {
        let end = self.end(session.created_at, now);
        let is_last = end == after(session.created_at, self.limits.total) && end > session.expires_at;
        if !is_last && end < after(session.expires_at, self.limits.extended_every) {
            return session;
        }
        match self.store.extend_session(session.token, end).await {
            Ok(()) => Session { expires_at: end, ..session },
            Err(error) => {
                tracing::warn!(%error, "a session was not extended");
                session
            }
        }
    }

    /// The session as the truth has it; its use extends it.
    async fn read(&self, token: TokenHash, now: Timestamp) -> StoreResult<Option<Session>> {
        match self.store.session(token, now).await? {
            Some(session) => Ok(Some(self.extended(session, now).await)),
            None => Ok(None),
        }
    }
}

#[async_trait]
impl Identity for Sessions {
    async fn identify(&self, token: &str) -> Result<Identified, IdentityError> {
        let token = parse(token).ok_or(IdentityError::Invalid)?;
        let now = self.stamps.now();
        let by = |Session { user, expires_at, .. }: Session, is_confirmed| Identified {
            user,
            session: Some(token),
            expires_at: Some(expires_at),
            is_confirmed,
        };
        let Some(fast_path) = &self.fast_path else {
            return Ok(by(self.read(token, now).await?.ok_or(IdentityError::Invalid)?, true));
        };
        let look = fast_path.look(token, now).await;
        let kept = look.and_then(|look| look.found).filter(|kept| now < kept.session.expires_at);
        if let Some(kept) = kept
            && (fast_path::is_fresh(&kept) || fast_path.truth_is_away(now))
        {
            return Ok(by(kept.session, fast_path::is_fresh(&kept)));
        }
        match (self.read(token, now).await, kept) {
            (Ok(Some(session)), _) => {
                if let Some(look) = look {
                    fast_path.keep(&session, look.mark).await;
                }
                Ok(by(session, true))
            }
            (Ok(None), _) => Err(IdentityError::Invalid),
            // Nobody can end a session while the truth is away; but one may have been ended just before.
            (Err(error), Some(kept)) if is_away(&error) => {
                fast_path.truth_went_away(now);
                Ok(by(kept.session, false))
            }
            (Err(error), _) => Err(error.into()),
        }
    }

    /// By the truth alone: whoever asks this way has many to ask about, and does so seldom.
    async fn living(&self, sessions: &[TokenHash]) -> StoreResult<HashMap<TokenHash, Timestamp>> {
        self.store.living_sessions(sessions, self.stamps.now()).await
    }
}

fn is_away(error: &StoreError) -> bool {
    matches!(error.kind, ErrorKind::Unavailable | ErrorKind::Timeout)
}

fn after(at: Timestamp, duration: Duration) -> Timestamp {
    let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(at.millis().saturating_add(millis))
}

/// The hash of a token that a client sent; `None` where it can't be one of ours, which no store need be asked.
fn parse(token: &str) -> Option<TokenHash> {
    // 32 bytes are 43 characters; anything else is refused before it is decoded.
    let bytes = if token.len() == 43 { URL_SAFE_NO_PAD.decode(token).ok()? } else { return None };
    Some(hash_of(&bytes))
}

/// A token has 256 random bits, which nobody finds by trying: a fast hash without a salt is enough.
fn hash_of(secret: &[u8]) -> TokenHash {
    TokenHash(Sha256::digest(secret).into())
}
