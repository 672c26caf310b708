//! Following others.

use std::sync::Arc;

use super::outcome::{Outcome, ServiceResult};
use super::stamps::Stamps;
use crate::domain::input::{UserError, UserErrorCode};
use crate::domain::{SignedIn, User, UserId};
use crate::ports::AccountStore;

/// The use cases of follows. Cheap to clone.
#[derive(Clone)]
pub struct Follows {
    store: Arc<dyn AccountStore>,
    stamps: Stamps,
}

impl Follows {
    /// Follows that `store` keeps.
    pub fn new(store: Arc<dyn AccountStore>, stamps: Stamps) -> Self {
        Self { store, stamps }
    }

    /// Follows a user, and returns them. Done again it changes nothing.
    ///
    /// # Errors
    /// That of the store.
    pub async fn follow(&self, who: SignedIn, followed: UserId) -> ServiceResult<User> {
        if who.id() == followed {
            return Ok(Err(oneself("Nobody can follow themselves.")));
        }
        Ok(found(self.store.follow(who.id(), followed, self.stamps.stamp()).await?))
    }

    /// Follows a user no more, and returns them. Done again it changes nothing.
    ///
    /// # Errors
    /// That of the store.
    pub async fn unfollow(&self, who: SignedIn, followed: UserId) -> ServiceResult<User> {
        if who.id() == followed {
            return Ok(Err(oneself("Nobody follows themselves.")));
        }
        Ok(found(self.store.unfollow(who.id(), followed, self.stamps.stamp()).await?))
    }
}

fn oneself(message: &str) -> Vec<UserError> {
    vec![UserError::new(UserErrorCode::Invalid, "userId", message)]
}

fn found(user: Option<User>) -> Outcome<User> {
    user.ok_or_else(|| vec![UserError::new(UserErrorCode::NotFound, "userId", "There is no such user.")])
}
