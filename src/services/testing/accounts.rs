//! Accounts in memory.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;

use super::Faults;
use crate::domain::event::Stamp;
use crate::domain::text::Handle;
use crate::domain::{Confidential, Timestamp, User, UserId};
use crate::ports::{
    AccountStore, Backend, Credentials, Login, NewUser, PasswordHashChange, ProfileChanges, Role, Session, StoreResult,
    Taken, TokenHash,
};

/// A store of accounts that keeps the port's rules, as far as services can see.
#[derive(Default)]
pub(crate) struct MemoryAccounts {
    pub(crate) faults: Arc<Faults>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    users: HashMap<UserId, NewUser>,
    closed: HashSet<UserId>,
    sessions: HashMap<TokenHash, Session>,
    follows: HashSet<(UserId, UserId)>,
    subjects: HashMap<(String, String), UserId>,
    extended: usize,
    sweepable: u64,
    swept: u64,
}

impl State {
    fn open(&self, user: UserId) -> Option<&NewUser> {
        self.users.get(&user).filter(|_| !self.closed.contains(&user))
    }

    fn with_password(&self, user: UserId, hash: &str) -> Option<&NewUser> {
        self.open(user).filter(|user| user.password_hash.as_deref() == Some(hash))
    }

    fn taken(&self, but: UserId, handle: Option<&Handle>, email: Option<&str>) -> Option<Taken> {
        let others = || self.users.values().filter(|user| user.id != but);
        let handle = handle.is_some_and(|handle| others().any(|user| user.handle == *handle));
        let email = email.is_some_and(|email| others().any(|user| user.email.eq_ignore_ascii_case(email)));
        (handle || email).then_some(Taken { handle, email })
    }

    fn user(&self, user: &NewUser) -> User {
        User {
            id: user.id,
            handle: user.handle.clone(),
            name: user.name.clone(),
            bio: user.bio.clone(),
            email: Confidential::new(user.id, user.email.clone()),
            created_at: user.created_at,
            followers_count: self.follows.iter().filter(|(_, followed)| *followed == user.id).count() as u64,
            following_count: self.follows.iter().filter(|(follower, _)| *follower == user.id).count() as u64,
            version: 1,
        }
    }
}

impl MemoryAccounts {
    fn call(&self) -> StoreResult<MutexGuard<'_, State>> {
        self.faults.call(Role::Users)?;
        Ok(self.state.lock().unwrap())
    }

    /// How often a session was extended.
    pub(crate) fn extended(&self) -> usize {
        self.state.lock().unwrap().extended
    }

    /// Lets `sessions` more have expired.
    pub(crate) fn sweepable(&self, sessions: u64) {
        self.state.lock().unwrap().sweepable += sessions;
    }

    /// How many expired sessions were swept.
    pub(crate) fn swept(&self) -> u64 {
        self.state.lock().unwrap().swept
    }

    /// Whether there is any trace of a user.
    pub(crate) fn knows(&self, user: UserId) -> bool {
        let state = self.state.lock().unwrap();
        state.users.contains_key(&user) || state.follows.iter().any(|(a, b)| *a == user || *b == user)
    }
}

#[async_trait]
impl Backend for MemoryAccounts {
    fn kind(&self) -> &'static str {
        "memory"
    }

    async fn check(&self) -> StoreResult<String> {
        Ok("of tests".to_owned())
    }
}

#[async_trait]
impl AccountStore for MemoryAccounts {
    async fn create_account(&self, user: &NewUser, _: Stamp) -> StoreResult<Result<User, Taken>> {
        let mut state = self.call()?;
        if let Some(taken) = state.taken(user.id, Some(&user.handle), Some(&user.email)) {
            return Ok(Err(taken));
        }
        state.users.insert(user.id, user.clone());
        Ok(Ok(state.user(user)))
    }

    async fn credentials(&self, login: &Login) -> StoreResult<Option<Credentials>> {
        let state = self.call()?;
        let found = state.users.values().find(|user| match login {
            Login::Handle(handle) => user.handle == *handle,
            Login::Email(email) => user.email.to_lowercase() == *email,
        });
        let open = found.and_then(|user| state.open(user.id));
        Ok(open.map(|user| Credentials { user: user.id, password_hash: user.password_hash.clone() }))
    }

    async fn credentials_of(&self, user: UserId) -> StoreResult<Option<Credentials>> {
        let state = self.call()?;
        Ok(state.open(user).map(|found| Credentials { user, password_hash: found.password_hash.clone() }))
    }

    async fn update_profile(
        &self,
        user: UserId,
        changes: &ProfileChanges,
        _: Stamp,
    ) -> StoreResult<Option<Result<User, Taken>>> {
        let mut state = self.call()?;
        let Some(mut changed) = state.open(user).cloned() else { return Ok(None) };
        if let Some(taken) = state.taken(user, changes.handle.as_ref(), changes.email.as_deref()) {
            return Ok(Some(Err(taken)));
        }
        let ProfileChanges { handle, name, email, bio } = changes.clone();
        changed.handle = handle.unwrap_or(changed.handle);
        changed.name = name.unwrap_or(changed.name);
        changed.email = email.unwrap_or(changed.email);
        changed.bio = bio.unwrap_or(changed.bio);
        state.users.insert(user, changed.clone());
        Ok(Some(Ok(state.user(&changed))))
    }

    async fn set_password(&self, user: UserId, change: &PasswordHashChange<'_>) -> StoreResult<Option<u64>> {
        let mut state = self.call()?;
        let Some(mut changed) = state.with_password(user, change.checked).cloned() else { return Ok(None) };
        changed.password_hash = Some(change.new.to_owned());
        state.users.insert(user, changed);
        let before = state.sessions.len();
        state.sessions.retain(|token, session| session.user != user || *token == change.keep);
        Ok(Some((before - state.sessions.len()) as u64))
    }

    async fn open_session(&self, session: &Session, hash: &str) -> StoreResult<bool> {
        let mut state = self.call()?;
        if state.with_password(session.user, hash).is_none() {
            return Ok(false);
        }
        state.sessions.insert(session.token, *session);
        Ok(true)
    }

    async fn session(&self, token: TokenHash, now: Timestamp) -> StoreResult<Option<Session>> {
        Ok(self.call()?.sessions.get(&token).filter(|session| now < session.expires_at).copied())
    }

    async fn living_sessions(
        &self,
        tokens: &[TokenHash],
        now: Timestamp,
    ) -> StoreResult<HashMap<TokenHash, Timestamp>> {
        let state = self.call()?;
        let found = tokens.iter().filter_map(|token| state.sessions.get(token));
        let living = found.filter(|session| now < session.expires_at);
        Ok(living.map(|session| (session.token, session.expires_at)).collect())
    }

    async fn extend_session(&self, token: TokenHash, expires_at: Timestamp) -> StoreResult<()> {
        let mut state = self.call()?;
        state.extended += 1;
        if let Some(session) = state.sessions.get_mut(&token) {
            session.expires_at = expires_at;
        }
        Ok(())
    }

    async fn end_session(&self, token: TokenHash, now: Timestamp) -> StoreResult<bool> {
        Ok(self.call()?.sessions.remove(&token).is_some_and(|session| now < session.expires_at))
    }

    async fn end_sessions(&self, user: UserId, now: Timestamp) -> StoreResult<u64> {
        let ended: Vec<_> = self.call()?.sessions.extract_if(|_, session| session.user == user).collect();
        Ok(ended.iter().filter(|(_, session)| now < session.expires_at).count() as u64)
    }

    async fn sweep_sessions(&self, _: Timestamp) -> StoreResult<u64> {
        let mut state = self.call()?;
        let portion = state.sweepable.min(1_000);
        state.sweepable -= portion;
        state.swept += portion;
        Ok(portion)
    }

    async fn link_subject(&self, issuer: &str, subject: &str, user: UserId) -> StoreResult<bool> {
        let mut state = self.call()?;
        if state.open(user).is_none() {
            return Ok(false);
        }
        let key = (issuer.to_owned(), subject.to_owned());
        Ok(*state.subjects.entry(key).or_insert(user) == user)
    }

    async fn user_of_subject(&self, issuer: &str, subject: &str) -> StoreResult<Option<UserId>> {
        let state = self.call()?;
        let user = state.subjects.get(&(issuer.to_owned(), subject.to_owned())).copied();
        Ok(user.filter(|user| state.open(*user).is_some()))
    }

    async fn follow(&self, follower: UserId, followed: UserId, _: Stamp) -> StoreResult<Option<User>> {
        let mut state = self.call()?;
        let Some(user) = state.open(followed).cloned() else { return Ok(None) };
        state.follows.insert((follower, followed));
        Ok(Some(state.user(&user)))
    }

    async fn unfollow(&self, follower: UserId, followed: UserId, _: Stamp) -> StoreResult<Option<User>> {
        let mut state = self.call()?;
        let Some(user) = state.open(followed).cloned() else { return Ok(None) };
        state.follows.remove(&(follower, followed));
        Ok(Some(state.user(&user)))
    }

    async fn close_account(&self, user: UserId, _: Stamp) -> StoreResult<bool> {
        let mut state = self.call()?;
        let was_open = state.open(user).is_some() && state.closed.insert(user);
        state.sessions.retain(|_, session| session.user != user);
        Ok(was_open)
    }

    async fn remove_follows(&self, user: UserId, limit: u32) -> StoreResult<u64> {
        let mut state = self.call()?;
        let theirs = state.follows.iter().filter(|(a, b)| *a == user || *b == user);
        let gone: Vec<_> = theirs.take(limit as usize).copied().collect();
        for follow in &gone {
            state.follows.remove(follow);
        }
        Ok(gone.len() as u64)
    }

    async fn delete_account(&self, user: UserId, _: Stamp) -> StoreResult<bool> {
        let mut state = self.call()?;
        Ok(state.closed.contains(&user) && state.users.remove(&user).is_some())
    }
}
