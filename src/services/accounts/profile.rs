//! What owners change of their accounts.

use super::{Accounts, as_written, taken};
use crate::domain::input::{PasswordChange, ProfileInput, Secret, UserError, UserErrorCode};
use crate::domain::{SignedIn, User, UserId};
use crate::ports::{PasswordHashChange, ProfileChanges, TokenHash};
use crate::services::outcome::{Outcome, ServiceError, ServiceResult};

impl Accounts {
    /// Changes a profile.
    ///
    /// # Errors
    /// See [`ServiceError`].
    pub async fn update_profile(&self, who: SignedIn, input: ProfileInput) -> ServiceResult<User> {
        let input = match input.check() {
            Ok(input) => input,
            Err(errors) => return Ok(Err(errors)),
        };
        let changes = ProfileChanges {
            handle: input.handle,
            name: input.name,
            email: input.email.as_ref().map(as_written),
            bio: input.bio,
        };
        let updated = self.store.update_profile(who.id(), &changes, self.stamps.stamp()).await?;
        Ok(updated.ok_or(ServiceError::AccountClosed)?.map_err(taken))
    }

    /// Replaces a password. All sessions end but the one that asks.
    ///
    /// # Errors
    /// See [`ServiceError`].
    pub async fn change_password(
        &self,
        who: SignedIn,
        session: Option<TokenHash>,
        current: String,
        new: String,
    ) -> ServiceResult<UserId> {
        let change = match PasswordChange::check(current, new) {
            Ok(change) => change,
            Err(errors) => return Ok(Err(errors)),
        };
        const FIELD: &str = "currentPassword";
        let checked = match self.confirm(who, &change.current, FIELD).await? {
            Ok(checked) => checked,
            Err(errors) => return Ok(Err(errors)),
        };
        let hash = self.passwords.hash(&change.new).await?;
        // Who came without a session of ours has none to keep: no token has this hash.
        let keep = session.unwrap_or(TokenHash([0; 32]));
        let replaced = PasswordHashChange { checked: &checked, new: &hash, keep };
        if self.store.set_password(who.id(), &replaced).await?.is_some() {
            self.sessions.were_ended(who.id()).await;
            return Ok(Ok(who.id()));
        }
        // Either the account was closed meanwhile, or somebody else replaced the password first.
        match self.store.credentials_of(who.id()).await? {
            Some(_) => Ok(Err(wrong_password(FIELD))),
            None => Err(ServiceError::AccountClosed),
        }
    }

    /// Closes an account, once its password was given: no read shows it from then on and its sessions are gone. What
    /// belongs to it goes step by step (see [`deletion`](crate::services::deletion)).
    ///
    /// # Errors
    /// See [`ServiceError`].
    pub async fn delete_account(&self, who: SignedIn, password: String) -> ServiceResult<UserId> {
        let password = match Secret::confirming(password) {
            Ok(password) => password,
            Err(errors) => return Ok(Err(errors)),
        };
        if let Err(errors) = self.confirm(who, &password, "password").await? {
            return Ok(Err(errors));
        }
        if self.store.close_account(who.id(), self.stamps.stamp()).await? {
            self.sessions.were_ended(who.id()).await;
            Ok(Ok(who.id()))
        } else {
            Err(ServiceError::AccountClosed)
        }
    }

    /// Whether `password` is the one of whoever is signed in; then by which hash that was told. Whoever found a session
    /// open may not guess on, either.
    async fn confirm(
        &self,
        who: SignedIn,
        password: &Secret,
        field: &'static str,
    ) -> Result<Outcome<String>, ServiceError> {
        let tried = self.throttling.confirm(who.id()).await?;
        let judged = async {
            let credentials = self.store.credentials_of(who.id()).await?.ok_or(ServiceError::AccountClosed)?;
            let hash = credentials.password_hash;
            let is_right = self.passwords.verify(password, hash.clone()).await?;
            Ok(hash.filter(|_| is_right))
        };
        match judged.await {
            Ok(Some(hash)) => {
                tried.succeeded().await;
                Ok(Ok(hash))
            }
            Ok(None) => {
                tried.stays_counted();
                Ok(Err(wrong_password(field)))
            }
            Err(error) => {
                tried.not_judged().await;
                Err(error)
            }
        }
    }
}

fn wrong_password(field: &'static str) -> Vec<UserError> {
    vec![UserError::new(UserErrorCode::WrongCredentials, field, "The password is wrong.")]
}
