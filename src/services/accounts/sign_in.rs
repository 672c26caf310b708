//! Signing up, in and out.

use std::net::IpAddr;

use super::{Accounts, as_written, taken};
use crate::domain::input::{SignIn, SignUpInput, UserError};
use crate::domain::text::Handle;
use crate::domain::{SignedIn, User, UserId};
use crate::ports::{ErrorKind, Login, NewUser, StoreError, StoreResult, TokenHash};
use crate::services::outcome::{ServiceError, ServiceResult};
use crate::services::sessions::AccessToken;

/// Somebody who signed up.
#[derive(Debug, Clone)]
pub struct SignedUp {
    /// The new user.
    pub user: User,
    /// The token of their first session.
    pub access: AccessToken,
}

/// Somebody who signed in.
#[derive(Debug, Clone)]
pub struct SignedInAs {
    /// The user.
    pub user: UserId,
    /// The token of the new session.
    pub access: AccessToken,
}

impl Accounts {
    /// Makes an account and begins its first session.
    ///
    /// # Errors
    /// See [`ServiceError`].
    pub async fn sign_up(&self, input: SignUpInput, address: IpAddr) -> ServiceResult<SignedUp> {
        let input = match input.check() {
            Ok(input) => input,
            Err(errors) => return Ok(Err(errors)),
        };
        // A refusal tells which addresses are in use: it counts as well as a new account does.
        let tried = self.throttling.sign_up(address).await?;
        let password_hash = match self.passwords.hash(&input.password).await {
            Ok(hash) => hash,
            Err(error) => {
                tried.not_judged().await;
                return Err(error);
            }
        };
        let created_at = self.stamps.now();
        let user = NewUser {
            id: UserId(self.stamps.id(created_at)),
            handle: input.handle,
            name: input.name,
            bio: input.bio,
            email: as_written(&input.email),
            password_hash: Some(password_hash.clone()),
            created_at,
        };
        let created = match self.store.create_account(&user, self.stamps.stamp()).await {
            Ok(created) => created,
            Err(error) => {
                tried.not_judged().await;
                return Err(error.into());
            }
        };
        tried.stays_counted();
        match created {
            Ok(user) => {
                let opened = self.sessions.open(user.id, &password_hash).await.map_err(half_done)?;
                let access = opened.ok_or(ServiceError::AccountClosed)?;
                Ok(Ok(SignedUp { user, access }))
            }
            Err(in_use) => Ok(Err(taken(in_use))),
        }
    }

    /// Begins a session of whoever has this login and this password. A wrong login and a wrong password get the same
    /// answer after the same work.
    ///
    /// # Errors
    /// See [`ServiceError`].
    pub async fn sign_in(&self, login: &str, password: String, address: IpAddr) -> ServiceResult<SignedInAs> {
        let input = match SignIn::check(login, password) {
            Ok(input) => input,
            Err(errors) => return Ok(Err(errors)),
        };
        let tried = self.throttling.sign_in(&input.login, address).await?;
        match self.judge(&input).await {
            Ok(Some((user, hash))) => {
                tried.succeeded().await;
                let access = self.sessions.open(user, &hash).await?;
                // An account closed between the two is as good as absent, and a password replaced is wrong.
                Ok(access.map(|access| SignedInAs { user, access }).ok_or_else(wrong_credentials))
            }
            Ok(None) => {
                tried.stays_counted();
                Ok(Err(wrong_credentials()))
            }
            Err(error) => {
                tried.not_judged().await;
                Err(error)
            }
        }
    }

    /// Whose login and password these are, and by which hash that was told. Nobody's, as far as can be told from
    /// outside, where too many tries at the account have failed, by whichever of its logins.
    async fn judge(&self, input: &SignIn) -> Result<Option<(UserId, String)>, ServiceError> {
        let login = if input.login.contains('@') {
            // No address has one, and not every store takes it.
            Some(input.login.clone()).filter(|login| !login.contains('\0')).map(Login::Email)
        } else {
            Handle::parse(&input.login).map(Login::Handle)
        };
        let credentials = match login {
            Some(login) => self.store.credentials(&login).await?,
            None => None,
        };
        let (user, hash) = credentials.map(|found| (found.user, found.password_hash)).unzip();
        let hash = hash.flatten();
        let tried = match self.throttling.sign_in_to(user, &input.login).await {
            Ok(tried) => Some(tried),
            Err(ServiceError::RateLimited { .. }) => None,
            Err(error) => return Err(error),
        };
        // A try that is refused takes as long as any other.
        let verified = self.passwords.verify(&input.password, hash.clone()).await;
        let Some(tried) = tried else { return verified.map(|_| None) };
        match verified {
            Ok(true) => {
                tried.succeeded().await;
                Ok(user.zip(hash))
            }
            Ok(false) => {
                tried.stays_counted();
                Ok(None)
            }
            Err(error) => {
                tried.not_judged().await;
                Err(error)
            }
        }
    }

    /// Ends this session, or all sessions of its user. Returns how many.
    ///
    /// # Errors
    /// That of the store.
    pub async fn sign_out(&self, who: SignedIn, session: Option<TokenHash>, everywhere: bool) -> StoreResult<u64> {
        self.sessions.end_of(who.id(), session, everywhere).await
    }
}

/// The account is there and its session is not: a fault that may not pass for one after which nothing was written.
fn half_done(mut error: StoreError) -> StoreError {
    error.kind = ErrorKind::OutcomeUnknown;
    error
}

fn wrong_credentials() -> Vec<UserError> {
    vec![UserError::wrong_credentials(Vec::new())]
}
