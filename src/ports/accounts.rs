//! The port to accounts and sessions: the private side of the store that owns users.

use std::collections::HashMap;

use async_trait::async_trait;

use super::{Backend, NewUser, StoreResult};
use crate::domain::event::Stamp;
use crate::domain::text::Handle;
use crate::domain::{Timestamp, User, UserId};

/// The SHA-256 hash of a session's token: the token itself is nowhere stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

/// A session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// The hash of its token.
    pub token: TokenHash,
    /// Whose it is.
    pub user: UserId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends, unless it is extended.
    pub expires_at: Timestamp,
}

/// What somebody signs in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// A handle.
    Handle(Handle),
    /// An email address in lower case.
    Email(String),
}

/// What a password is checked against.
#[derive(Clone)]
pub struct Credentials {
    /// Whose.
    pub user: UserId,
    /// The password's hash as a PHC string; `None` for those who have no password.
    pub password_hash: Option<String>,
}

/// A password's hash in place of another.
#[derive(Clone, Copy)]
pub struct PasswordHashChange<'a> {
    /// The hash that the password until now was checked against.
    pub checked: &'a str,
    /// The hash of the new password.
    pub new: &'a str,
    /// The session that does not end.
    pub keep: TokenHash,
}

/// What of a unique kind is in use by somebody else: at least one of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Taken {
    /// The handle is.
    pub handle: bool,
    /// The email address is.
    pub email: bool,
}

/// Changes of a profile: what is `None` stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileChanges {
    /// Another handle.
    pub handle: Option<Handle>,
    /// Another name.
    pub name: Option<String>,
    /// Another address.
    pub email: Option<String>,
    /// Another bio; `Some(None)` clears it.
    pub bio: Option<Option<String>>,
}

/// Accounts, sessions and follows as their owners change them. Every write that changes something leaves its event in
/// the outbox, in the same transaction. A closed account is as good as absent: it is not found, can't be signed in to
/// or followed, and nothing of `UserStore` shows it, while its handle and address stay taken until it is deleted.
#[async_trait]
pub trait AccountStore: Backend {
    /// Adds a user, and leaves `user.created`. `Err(Taken)` inside where the handle or the address is in use; then
    /// nothing is written.
    async fn create_account(&self, user: &NewUser, stamp: Stamp) -> StoreResult<Result<User, Taken>>;

    /// What the password of a login is checked against.
    async fn credentials(&self, login: &Login) -> StoreResult<Option<Credentials>>;

    /// What the password of a user is checked against.
    async fn credentials_of(&self, user: UserId) -> StoreResult<Option<Credentials>>;

    /// Changes a profile, and leaves `user.updated` where that changed something. `None`: there is no such user.
    async fn update_profile(
        &self,
        user: UserId,
        changes: &ProfileChanges,
        stamp: Stamp,
    ) -> StoreResult<Option<Result<User, Taken>>>;

    /// Replaces a password's hash, and ends all sessions of the user but the one that is kept, in one transaction.
    /// Returns how many sessions were ended; `None` where there is no such user, or their hash is not the one that was
    /// checked any more.
    async fn set_password(&self, user: UserId, change: &PasswordHashChange<'_>) -> StoreResult<Option<u64>>;

    /// Begins a session of a user whose password has this `hash`. Returns false where there is no such user, or another
    /// password (any more): who was found to know the old one while it was replaced has no session afterwards.
    async fn open_session(&self, session: &Session, hash: &str) -> StoreResult<bool>;

    /// The session with this token, if it has neither expired at `now` nor been ended, and its user is there.
    async fn session(&self, token: TokenHash, now: Timestamp) -> StoreResult<Option<Session>>;

    /// Those of these tokens whose sessions are there at `now`, as [`Self::session`] would find them, and when each ends.
    async fn living_sessions(&self, tokens: &[TokenHash], now: Timestamp)
    -> StoreResult<HashMap<TokenHash, Timestamp>>;

    /// Lets a session end later. One that was ended meanwhile stays ended.
    async fn extend_session(&self, token: TokenHash, expires_at: Timestamp) -> StoreResult<()>;

    /// Ends the session with this token. Returns whether there was one that had not expired at `now`.
    async fn end_session(&self, token: TokenHash, now: Timestamp) -> StoreResult<bool>;

    /// Ends all sessions of a user. Returns how many had not expired at `now`.
    async fn end_sessions(&self, user: UserId, now: Timestamp) -> StoreResult<u64>;

    /// Forgets sessions that expired before `now`, at most 1,000. Returns how many.
    async fn sweep_sessions(&self, now: Timestamp) -> StoreResult<u64>;

    /// Says that a subject of an outside issuer is this user. Returns whether it is so now: not where there is no such
    /// user, or the subject is somebody else.
    async fn link_subject(&self, issuer: &str, subject: &str, user: UserId) -> StoreResult<bool>;

    /// The user that a subject of an outside issuer is.
    async fn user_of_subject(&self, issuer: &str, subject: &str) -> StoreResult<Option<UserId>>;

    /// Lets one user follow another, counts that on both sides, and returns the one now followed, whether that is new
    /// or not; `None` where either is not there. To follow again changes nothing.
    async fn follow(&self, follower: UserId, followed: UserId, stamp: Stamp) -> StoreResult<Option<User>>;

    /// Lets one user follow another no more, and returns that other; `None` where there is no such user.
    async fn unfollow(&self, follower: UserId, followed: UserId, stamp: Stamp) -> StoreResult<Option<User>>;

    /// Closes an account and ends its sessions, in one transaction with the event `user.closed`. Returns whether there
    /// was one that was open.
    async fn close_account(&self, user: UserId, stamp: Stamp) -> StoreResult<bool>;

    /// Removes up to `limit` follows of a closed account, on both sides, with the counts of others. Returns how many:
    /// 0 when none are left. It leaves no events.
    async fn remove_follows(&self, user: UserId, limit: u32) -> StoreResult<u64>;

    /// Deletes a closed account for good, which frees its handle and address, and leaves `user.deleted` with a version
    /// above any that the user had. Returns whether there was one.
    async fn delete_account(&self, user: UserId, stamp: Stamp) -> StoreResult<bool>;
}
