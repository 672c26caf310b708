//! Accounts: signing up, in and out, and what their owners change.

mod profile;
mod sign_in;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use sign_in::{SignedInAs, SignedUp};

use super::passwords::Passwords;
use super::sessions::Sessions;
use super::stamps::Stamps;
use super::throttling::Throttling;
use crate::domain::input::{Email, UserError, UserErrorCode};
use crate::ports::{AccountStore, Taken};

/// The use cases of accounts. Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    store: Arc<dyn AccountStore>,
    sessions: Sessions,
    passwords: Passwords,
    throttling: Throttling,
    stamps: Stamps,
}

impl Accounts {
    /// Accounts that `store` keeps.
    pub fn new(
        store: Arc<dyn AccountStore>,
        sessions: Sessions,
        passwords: Passwords,
        throttling: Throttling,
        stamps: Stamps,
    ) -> Self {
        Self { store, sessions, passwords, throttling, stamps }
    }
}

/// What is in use, as errors of the fields that asked for it.
fn taken(taken: Taken) -> Vec<UserError> {
    let fields =
        [(taken.handle, "handle", "The handle is in use."), (taken.email, "email", "The email address is in use.")];
    let in_use = fields.into_iter().filter(|(taken, ..)| *taken);
    in_use.map(|(_, field, message)| UserError::new(UserErrorCode::Taken, field, message)).collect()
}

/// Addresses are shown to their owners as they wrote them; the store compares them without case.
fn as_written(email: &Email) -> String {
    email.as_str().to_owned()
}
