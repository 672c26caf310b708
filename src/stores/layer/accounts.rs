//! The port to accounts, layered.

use std::collections::HashMap;

use crate::domain::event::Stamp;
use crate::domain::{Timestamp, User, UserId};
use crate::ports::{Credentials, Login, NewUser, PasswordHashChange, ProfileChanges, Role, Session, Taken, TokenHash};
use crate::stores::layer::layered;

layered! {
    AccountStore for Role::Users;
    write fn create_account(&self, user: &NewUser, stamp: Stamp) -> Result<User, Taken>;
    read fn credentials(&self, login: &Login) -> Option<Credentials>;
    read fn credentials_of(&self, user: UserId) -> Option<Credentials>;
    write fn update_profile(&self, user: UserId, changes: &ProfileChanges, stamp: Stamp) -> Option<Result<User, Taken>>;
    write fn set_password(&self, user: UserId, change: &PasswordHashChange<'_>) -> Option<u64>;
    write fn open_session(&self, session: &Session, hash: &str) -> bool;
    read fn session(&self, token: TokenHash, now: Timestamp) -> Option<Session>;
    read fn living_sessions(&self, tokens: &[TokenHash], now: Timestamp) -> HashMap<TokenHash, Timestamp>;
    set fn extend_session(&self, token: TokenHash, expires_at: Timestamp) -> ();
    set fn end_session(&self, token: TokenHash, now: Timestamp) -> bool;
    set fn end_sessions(&self, user: UserId, now: Timestamp) -> u64;
    set fn sweep_sessions(&self, now: Timestamp) -> u64;
    set fn link_subject(&self, issuer: &str, subject: &str, user: UserId) -> bool;
    read fn user_of_subject(&self, issuer: &str, subject: &str) -> Option<UserId>;
    set fn follow(&self, follower: UserId, followed: UserId, stamp: Stamp) -> Option<User>;
    set fn unfollow(&self, follower: UserId, followed: UserId, stamp: Stamp) -> Option<User>;
    set fn close_account(&self, user: UserId, stamp: Stamp) -> bool;
    set fn remove_follows(&self, user: UserId, limit: u32) -> u64;
    set fn delete_account(&self, user: UserId, stamp: Stamp) -> bool;
}
