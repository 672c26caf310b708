//! The deletion of what belongs to closed accounts.

use std::sync::Arc;

use async_trait::async_trait;

use super::projector::{ProjectError, Projector};
use crate::domain::UserId;
use crate::domain::event::{Aggregate, Happened};
use crate::ports::{Claim, StoreResult};

/// Finishes the deletion of an account that was closed.
#[async_trait]
pub trait ClosedAccounts: Send + Sync {
    /// Deletes all that belongs to the account, and then the account, going on from wherever an earlier try was
    /// interrupted. Does nothing where it is gone already.
    async fn finish(&self, user: UserId) -> StoreResult<()>;
}

/// Finishes the deletion of every account whose owner closed it.
pub struct DeletionProjection {
    accounts: Arc<dyn ClosedAccounts>,
}

impl DeletionProjection {
    /// The projection that hands closed accounts to `accounts`.
    pub fn new(accounts: Arc<dyn ClosedAccounts>) -> Self {
        Self { accounts }
    }

    async fn finish(&self, claim: &Claim) -> Result<(), ProjectError> {
        let is_closed = claim.events.iter().any(|waiting| waiting.event.happened == Happened::UserClosed);
        match claim.aggregate {
            Aggregate::User(id) if is_closed => Ok(self.accounts.finish(UserId(id)).await?),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl Projector for DeletionProjection {
    async fn project(&self, claims: &[Claim]) -> Vec<Result<(), ProjectError>> {
        let mut outcomes = Vec::with_capacity(claims.len());
        for claim in claims {
            outcomes.push(self.finish(claim).await);
        }
        outcomes
    }

    /// One person may have much to delete: others should not wait in the same worker's hands.
    fn most_claims(&self) -> u32 {
        4
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::ports::{ErrorKind, Role, StoreError};
    use crate::sync::testing::{claim, user};

    #[derive(Default)]
    struct Finished(Mutex<Vec<UserId>>);

    #[async_trait]
    impl ClosedAccounts for Finished {
        async fn finish(&self, id: UserId) -> StoreResult<()> {
            self.0.lock().unwrap().push(id);
            let fails = id == user(2);
            if fails { Err(StoreError::new(Role::Users, ErrorKind::Unavailable, "away")) } else { Ok(()) }
        }
    }

    #[tokio::test]
    async fn accounts_are_finished_that_were_closed() {
        let finished = Arc::new(Finished::default());
        let projection = DeletionProjection::new(Arc::clone(&finished) as _);
        let claims = [
            claim(user(1), &[(1, Happened::UserCreated), (2, Happened::UserClosed)]),
            claim(user(2), &[(2, Happened::UserClosed)]),
            claim(user(3), &[(2, Happened::UserUpdated)]),
        ];
        let outcomes = projection.project(&claims).await;
        assert!(matches!(outcomes.as_slice(), [Ok(()), Err(ProjectError::StoreDown(_)), Ok(())]));
        assert_eq!(*finished.0.lock().unwrap(), [user(1), user(2)]);
    }
}
