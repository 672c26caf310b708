//! Who is asking.

use crate::domain::UserId;
use crate::graphql::errors::ApiError;

/// Who is asking: a signed-in user, or nobody in particular.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Viewer {
    /// Nobody is signed in.
    #[default]
    Anonymous,
    /// This user is.
    User(UserId),
}

impl Viewer {
    /// The user's id, if somebody is signed in.
    pub fn id(self) -> Option<UserId> {
        match self {
            Self::Anonymous => None,
            Self::User(id) => Some(id),
        }
    }

    /// The user's id where one is needed.
    pub(super) fn required(self) -> Result<UserId, ApiError> {
        self.id().ok_or(ApiError::Unauthenticated)
    }
}
