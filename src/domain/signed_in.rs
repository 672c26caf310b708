//! The proof that somebody is signed in.

use super::{UserId, Viewer};

/// A user who is signed in. What only users may do takes this value instead of an id, and it is made of a [`Viewer`]:
/// whoever forgets to ask who is there has nothing to pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SignedIn(UserId);

impl SignedIn {
    /// The user who asks, if one is signed in.
    pub fn of(viewer: Viewer) -> Option<Self> {
        viewer.id().map(Self)
    }

    /// Acts for `user` though nobody is signed in: for internal work alone, such as deleting a closed account. All that
    /// passes by the door has `internally` in its name, and `tests/architecture.rs` lists who may call it.
    pub fn internally(user: UserId) -> Self {
        Self(user)
    }

    /// Their id.
    pub fn id(self) -> UserId {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_in_particular_is_not_signed_in() {
        assert_eq!(SignedIn::of(Viewer::Anonymous), None);
        let user = UserId(uuid::Uuid::from_u128(1));
        assert_eq!(SignedIn::of(Viewer::User(user)).map(SignedIn::id), Some(user));
    }
}
