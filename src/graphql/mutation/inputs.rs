//! What mutations are given. Values are checked by the services, all at once.

use async_graphql::{ID, InputObject, MaybeUndefined};

/// Who signs up.
#[derive(InputObject)]
pub(in crate::graphql) struct SignUpInput {
    /// Unique, 3 to 30 of `a-z`, `0-9` and `_`; upper case is folded.
    pub handle: String,
    /// The name to go by, 1 to 80 characters.
    pub name: String,
    /// An email address, up to 254 bytes; unique without regard to case.
    pub email: String,
    /// 10 to 256 characters, taken as they are; not a common one.
    pub password: String,
    /// What one says of oneself, up to 500 characters.
    pub bio: Option<String>,
}

/// Who signs in.
#[derive(InputObject)]
pub(in crate::graphql) struct SignInInput {
    /// A handle or an email address.
    pub login: String,
    /// The password.
    pub password: String,
}

/// How far to sign out.
#[derive(InputObject, Default)]
pub(in crate::graphql) struct SignOutInput {
    /// Whether to end every session of the viewer, or this one alone.
    #[graphql(default)]
    pub everywhere: bool,
}

/// Changes of the viewer's profile: what is left out stays.
#[derive(InputObject)]
pub(in crate::graphql) struct UpdateProfileInput {
    /// Another handle.
    pub handle: MaybeUndefined<String>,
    /// Another name.
    pub name: MaybeUndefined<String>,
    /// Another email address.
    pub email: MaybeUndefined<String>,
    /// Another bio; null clears it.
    pub bio: MaybeUndefined<String>,
}

/// Another password.
#[derive(InputObject)]
pub(in crate::graphql) struct ChangePasswordInput {
    /// The one that is valid until now.
    pub current_password: String,
    /// The one that is valid from now on: 10 to 256 characters, not a common one.
    pub new_password: String,
}

/// A confirmation that it is the owner who deletes the account.
#[derive(InputObject)]
pub(in crate::graphql) struct DeleteAccountInput {
    /// The password.
    pub password: String,
}

/// A post to be published.
#[derive(InputObject)]
pub(in crate::graphql) struct CreatePostInput {
    /// 1 to 200 characters.
    pub title: String,
    /// 1 to 20,000 characters.
    pub content: String,
    /// Makes it safe to try again: the same key within 24 hours is the same post. 1 to 64 of `A-Z`, `a-z`, `0-9`, `_`
    /// and `-`.
    pub idempotency_key: Option<String>,
}

/// Changes of a post: what is left out stays.
#[derive(InputObject)]
pub(in crate::graphql) struct UpdatePostInput {
    /// The post.
    pub id: ID,
    /// Another title, 1 to 200 characters.
    pub title: Option<String>,
    /// Another text, 1 to 20,000 characters.
    pub content: Option<String>,
    /// The revision that the changes were made on: with another one they are refused.
    pub expected_revision: Option<i32>,
}

/// Which post to delete.
#[derive(InputObject)]
pub(in crate::graphql) struct DeletePostInput {
    /// The post.
    pub id: ID,
}

/// Which post is meant.
#[derive(InputObject)]
pub(in crate::graphql) struct LikePostInput {
    /// The post.
    pub post_id: ID,
}

/// Which user is meant.
#[derive(InputObject)]
pub(in crate::graphql) struct FollowInput {
    /// The user.
    pub user_id: ID,
}
