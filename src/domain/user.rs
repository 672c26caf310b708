//! Users and whom they follow.

use std::fmt;

use super::text::Handle;
use super::{SignedIn, Timestamp, UserId};

/// A user, as the store of users knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Their identity.
    pub id: UserId,
    /// Their unique name in addresses.
    pub handle: Handle,
    /// The name they go by.
    pub name: String,
    /// What they say of themselves.
    pub bio: Option<String>,
    /// Their email address, for their own eyes.
    pub email: Confidential<String>,
    /// When they signed up.
    pub created_at: Timestamp,
    /// How many follow them, exactly.
    pub followers_count: u64,
    /// How many they follow, exactly.
    pub following_count: u64,
    /// Grows with every change of this user; derived views are ordered by it.
    pub version: u64,
}

/// A user found at the other end of a follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowedUser {
    /// The follower, or the followed.
    pub user: User,
    /// When the follow began.
    pub followed_at: Timestamp,
}

/// A user worth following, and by how many of those whom the viewer follows they are followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The user suggested.
    pub user: User,
    /// How many of the viewer's followees follow them.
    pub mutual_count: u64,
}

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
}

/// Whose an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everybody's: nothing in it depends on who asks.
    Public,
    /// The viewer's alone.
    Private,
}

/// The order of a list of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UserOrder {
    /// By id, descending: by creation.
    Newest,
    /// By handle, ascending, compared byte by byte.
    Handle,
    /// By followers, descending; ties by id, descending.
    MostFollowed,
}

/// A value that only its owner may see. It can't be printed by accident, and leaves only by [`Self::reveal_to`].
#[derive(Clone, PartialEq, Eq)]
pub struct Confidential<T> {
    owner: UserId,
    value: T,
}

impl<T> Confidential<T> {
    /// `value` belongs to `owner`.
    pub fn new(owner: UserId, value: T) -> Self {
        Self { owner, value }
    }

    /// The value, when it is its owner who asks.
    pub fn reveal_to(&self, who: SignedIn) -> Option<&T> {
        (who.id() == self.owner).then_some(&self.value)
    }

    /// The value for internal work, such as storing it. Never let it reach a response or a log.
    pub fn reveal_internally(&self) -> &T {
        &self.value
    }
}

impl<T> fmt::Debug for Confidential<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Confidential(…)")
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn only_the_owner_sees_it() {
        let owner = UserId(Uuid::from_u128(1));
        let email = Confidential::new(owner, "demo@example.org");
        let signed_in = |user| SignedIn::of(Viewer::User(user)).expect("somebody is signed in");
        assert_eq!(email.reveal_to(signed_in(owner)), Some(&"demo@example.org"));
        assert_eq!(email.reveal_to(signed_in(UserId(Uuid::from_u128(2)))), None);
        assert!(!format!("{email:?}").contains("demo"));
    }
}
