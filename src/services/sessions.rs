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
    Some(hash_of(&bytes))
}

/// A token has 256 random bits, which nobody finds by trying: a fast hash without a salt is enough.
fn hash_of(secret: &[u8]) -> TokenHash {
    TokenHash(Sha256::digest(secret).into())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::text::Handle;
    use crate::ports::{ErrorKind, NewUser};
    use crate::services::testing::{MemoryAccounts, TurnedClock, stamps_of};

    const USER: UserId = UserId(Uuid::from_u128(1));
    const HASH: &str = "a hash";

    struct World {
        store: Arc<MemoryAccounts>,
        clock: Arc<TurnedClock>,
        sessions: Sessions,
    }

    async fn world() -> World {
        let (store, clock) = (Arc::new(MemoryAccounts::default()), Arc::new(TurnedClock::default()));
        let stamps = stamps_of(clock.clone());
        let user = NewUser {
            id: USER,
            handle: Handle::parse("demo").expect("a handle"),
            name: "Demo".to_owned(),
            bio: None,
            email: "demo@example.org".to_owned(),
            password_hash: Some(HASH.to_owned()),
            created_at: stamps.now(),
        };
        let created = store.create_account(&user, stamps.stamp()).await.expect("memory answers");
        created.expect("nothing is taken");
        World { sessions: Sessions::new(store.clone(), stamps, SessionLimits::default()), store, clock }
    }

    impl World {
        async fn open(&self) -> Token {
            self.sessions.open(USER, HASH).await.expect("memory answers").expect("there is such a user").token
        }

        async fn is_valid(&self, token: &Token) -> bool {
            match self.sessions.identify(token.reveal()).await {
                Ok(identified) => identified.user == USER && identified.session.is_some(),
                Err(IdentityError::Invalid) => false,
                Err(IdentityError::Store(error)) => panic!("{error}"),
            }
        }
    }

    #[tokio::test]
    async fn a_token_stands_for_its_user_until_its_session_ends() {
        let world = world().await;
        let (one, other) = (world.open().await, world.open().await);
        assert_eq!(one.reveal().len(), 43);
        assert!(one != other && world.is_valid(&one).await && world.is_valid(&other).await);
        let session = world.sessions.identify(one.reveal()).await.expect("it is valid").session;
        assert_eq!(world.sessions.end_of(USER, session, false).await.ok(), Some(1));
        assert!(!world.is_valid(&one).await && world.is_valid(&other).await);
        assert_eq!(world.sessions.end_of(USER, session, false).await.ok(), Some(0));
        assert_eq!(world.sessions.end_of(USER, None, true).await.ok(), Some(1));
        assert!(!world.is_valid(&other).await);
    }

    #[tokio::test]
    async fn what_is_no_token_of_ours_is_asked_of_no_store() {
        let world = world().await;
        world.store.faults.fail_after(0);
        for text in ["", "x", &"x".repeat(42), &"-".repeat(42), &"x".repeat(100_000), &"é".repeat(22)] {
            assert!(matches!(world.sessions.identify(text).await, Err(IdentityError::Invalid)), "{text:?}");
        }
        let other = Token::new(&[1; 32]);
        let failed = world.sessions.identify(other.reveal()).await;
        assert!(matches!(failed, Err(IdentityError::Store(error)) if error.kind == ErrorKind::Unavailable));
        assert!(!world.is_valid(&other).await);
    }

    #[tokio::test]
    async fn a_session_that_is_not_used_ends_after_thirty_days() {
        let world = world().await;
        let token = world.open().await;
        world.clock.turn(30 * DAY);
        assert!(!world.is_valid(&token).await);
    }

    #[tokio::test]
    async fn use_extends_a_session_once_a_day_and_for_ninety_days_in_all() {
        let world = world().await;
        let token = world.open().await;
        for _ in 0..10 {
            assert!(world.is_valid(&token).await);
        }
        assert_eq!(world.store.extended(), 0);
        world.clock.turn(DAY);
        for _ in 0..10 {
            assert!(world.is_valid(&token).await);
        }
        assert_eq!(world.store.extended(), 1);
        for _ in 0..3 {
            world.clock.turn(29 * DAY);
            assert!(world.is_valid(&token).await);
        }
        assert_eq!(world.store.extended(), 4);
        world.clock.turn(2 * DAY - Duration::from_millis(1));
        assert!(world.is_valid(&token).await);
        assert_eq!(world.store.extended(), 4, "what ends for good is not extended");
        world.clock.turn(Duration::from_millis(1));
        assert!(!world.is_valid(&token).await);
    }

    #[tokio::test]
    async fn a_session_that_can_not_be_extended_is_valid_all_the_same() {
        let world = world().await;
        let token = world.open().await;
        world.clock.turn(DAY);
        world.store.faults.fail_after(1);
        assert!(world.is_valid(&token).await);
        assert!(world.store.faults.are_over(), "extending failed");
    }

    #[tokio::test]
    async fn a_token_is_not_printed_by_accident() {
        let access = world().await.sessions.open(USER, HASH).await.expect("memory answers").expect("a user");
        assert!(!format!("{access:?}").contains(access.token.reveal()));
    }
}
