//! The port to accounts, layered.

use crate::domain::event::Stamp;
use crate::domain::{Timestamp, User, UserId};
use crate::ports::{Credentials, Login, NewUser, PasswordHashChange, ProfileChanges, Role, Session, Taken, TokenHash};
use crate::stores::layer::layered;

layered! {
    AccountStore for Role::Users;
    fn create_account(&self, user: &NewUser, stamp: Stamp) -> Result<User, Taken>;
    fn credentials(&self, login: &Login) -> Option<Credentials>;
    fn credentials_of(&self, user: UserId) -> Option<Credentials>;
    fn update_profile(&self, user: UserId, changes: &ProfileChanges, stamp: Stamp) -> Option<Result<User, Taken>>;
    fn set_password(&self, user: UserId, change: &PasswordHashChange<'_>) -> Option<u64>;
    fn open_session(&self, session: &Session, hash: &str) -> bool;
    fn session(&self, token: TokenHash, now: Timestamp) -> Option<Session>;
    fn extend_session(&self, token: TokenHash, expires_at: Timestamp) -> ();
    fn end_session(&self, token: TokenHash, now: Timestamp) -> bool;
    fn end_sessions(&self, user: UserId, now: Timestamp) -> u64;
    fn sweep_sessions(&self, now: Timestamp) -> u64;
    fn link_subject(&self, issuer: &str, subject: &str, user: UserId) -> bool;
    fn user_of_subject(&self, issuer: &str, subject: &str) -> Option<UserId>;
    fn follow(&self, follower: UserId, followed: UserId, stamp: Stamp) -> Option<User>;
    fn unfollow(&self, follower: UserId, followed: UserId, stamp: Stamp) -> Option<User>;
    fn close_account(&self, user: UserId, stamp: Stamp) -> bool;
    fn remove_follows(&self, user: UserId, limit: u32) -> u64;
    fn delete_account(&self, user: UserId, stamp: Stamp) -> bool;
}
