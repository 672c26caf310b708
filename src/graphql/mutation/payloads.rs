//! What mutations answer: what changed, or what a client can mend.

use async_graphql::{ID, SimpleObject};

use crate::graphql::scalars::{DateTime, UserErrorCode};
use crate::graphql::types::{Like, Post, User};

/// Something that whoever filled in the input can mend.
#[derive(SimpleObject, Debug, Clone)]
pub(in crate::graphql) struct UserError {
    /// What is wrong, for programs.
    pub code: UserErrorCode,
    /// What is wrong, for people.
    pub message: String,
    /// Where in the input.
    pub path: Vec<String>,
    /// The length that was broken, with `TOO_SHORT` and `TOO_LONG`.
    pub limit: Option<i32>,
}

/// What to send as `Authorization: Bearer TOKEN`.
#[derive(SimpleObject)]
pub(in crate::graphql) struct AccessToken {
    /// The token. It is shown once.
    pub token: String,
    /// When it ends, unless it is used before.
    pub expires_at: DateTime,
}

/// What became of signing up.
#[derive(SimpleObject, Default)]
pub(in crate::graphql) struct SignUpPayload {
    /// The new user; null where refused.
    pub user: Option<User>,
    /// A token of a first session; null where refused.
    pub access_token: Option<AccessToken>,
    /// Why it was refused; empty where it was done.
    pub user_errors: Vec<UserError>,
}

/// What became of signing in.
#[derive(SimpleObject, Default)]
pub(in crate::graphql) struct SignInPayload {
    /// Who signed in; null where refused.
    pub user: Option<User>,
    /// A token of the new session; null where refused.
    pub access_token: Option<AccessToken>,
    /// Why it was refused; empty where it was done.
    pub user_errors: Vec<UserError>,
}

/// What became of signing out.
#[derive(SimpleObject, Default)]
pub(in crate::graphql) struct SignOutPayload {
    /// How many sessions were ended.
    pub sessions_ended: i32,
    /// Why it was refused; empty where it was done.
    pub user_errors: Vec<UserError>,
}

/// What became of a profile's changes.
#[derive(SimpleObject, Default)]
pub(in crate::graphql) struct UpdateProfilePayload {
    /// The user as they are now; null where refused.
    pub user: Option<User>,
    /// Why it was refused; empty where it was done.
    pub user_errors: Vec<UserError>,
}

/// What became of changing a password. All other sessions are ended.
#[derive(SimpleObject, Default)]
pub(in crate::graphql) struct ChangePasswordPayload {
    /// The user; null where refused.
    pub user: Option<User>,
    /// Why it was refused; empty where it was done.
    pub user_errors: Vec<UserError>,
}

/// What became of deleting an account.
#[derive(SimpleObject, Default)]
pub(in crate::graphql) struct DeleteAccountPayload {
    /// The id that is nobody's any more; null where refused.
    pub deleted_user_id: Option<ID>,
    /// Why it was refused; empty where it was done.
    pub user_errors: Vec<UserError>,
}

/// What became of publishing a post.
#[derive(SimpleObject, Default)]
pub(in crate::graphql) struct CreatePostPayload {
    /// The post; null where refused.
    pub post: Option<Post>,
    /// Why it was refused; empty where it was done.
    pub user_errors: Vec<UserError>,
}

/// What became of editing a post.
#[derive(SimpleObject, Default)]
pub(in crate::graphql) struct UpdatePostPayload {
    /// The post as it is now; null where refused.
    pub post: Option<Post>,
    /// Why it was refused; empty where it was done.
    pub user_errors: Vec<UserError>,
}

/// What became of deleting a post.
#[derive(SimpleObject, Default)]
pub(in crate::graphql) struct DeletePostPayload {
    /// The id that is no post's any more; null where refused.
    pub deleted_post_id: Option<ID>,
    /// Why it was refused; empty where it was done.
    pub user_errors: Vec<UserError>,
}

/// What became of liking a post. To like again changes nothing and answers the same.
#[derive(SimpleObject, Default)]
pub(in crate::graphql) struct LikePostPayload {
    /// The post as it is now; null where refused.
    pub post: Option<Post>,
    /// The viewer's like of it; null where refused.
    pub like: Option<Like>,
    /// Why it was refused; empty where it was done.
    pub user_errors: Vec<UserError>,
}

/// What became of taking a like back.
#[derive(SimpleObject, Default)]
pub(in crate::graphql) struct UnlikePostPayload {
    /// The post as it is now; null where refused.
    pub post: Option<Post>,
    /// The like that is no more; null where there was none.
    pub deleted_like_id: Option<ID>,
    /// Why it was refused; empty where it was done.
    pub user_errors: Vec<UserError>,
}

/// What became of following somebody. To follow again changes nothing and answers the same.
#[derive(SimpleObject, Default)]
pub(in crate::graphql) struct FollowPayload {
    /// Who is followed now; null where refused.
    pub user: Option<User>,
    /// Why it was refused; empty where it was done.
    pub user_errors: Vec<UserError>,
}

/// What became of following somebody no more.
#[derive(SimpleObject, Default)]
pub(in crate::graphql) struct UnfollowPayload {
    /// Who is followed no more; null where refused.
    pub user: Option<User>,
    /// Why it was refused; empty where it was done.
    pub user_errors: Vec<UserError>,
}
