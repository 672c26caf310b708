//! The mutation side of the schema: each field calls one use case and wraps what came of it.
//!
//! A refusal that a form can show is in the payload's `userErrors`; everything else is an error, and the payload null.

mod inputs;
mod payloads;

use std::sync::Arc;

use async_graphql::{Context, ID, MaybeUndefined, Object};

use self::inputs::{
    ChangePasswordInput, CreatePostInput, DeleteAccountInput, DeletePostInput, FollowInput, LikePostInput, SignInInput,
    SignOutInput, SignUpInput, UpdatePostInput, UpdateProfileInput,
};
use self::payloads::{
    AccessToken, ChangePasswordPayload, CreatePostPayload, DeleteAccountPayload, DeletePostPayload, FollowPayload,
    LikePostPayload, SignInPayload, SignOutPayload, SignUpPayload, UnfollowPayload, UnlikePostPayload,
    UpdatePostPayload, UpdateProfilePayload, UserError,
};
use super::context::RequestContext;
use super::errors::{ApiError, Result};
use super::pages::int;
use super::types::{Like, Post, User};
use super::weights::Cost;
use crate::domain::{GlobalId, UserId, input};
use crate::services::outcome::ServiceResult;
use crate::services::sessions;

/// What can be changed.
pub struct Mutation;

/// What can be changed. Each field answers with what changed, or with `userErrors` that say what to mend.
#[Object]
impl Mutation {
    /// Makes an account, and signs in.
    #[graphql(directive = Cost::apply(100))]
    async fn sign_up(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who signs up.")] input: SignUpInput,
    ) -> async_graphql::Result<Option<SignUpPayload>> {
        let SignUpInput { handle, name, email, password, bio } = input;
        let input = input::SignUpInput { handle, name, email, password, bio };
        let context = RequestContext::of(ctx);
        let done = written(ctx, context.use_cases.accounts.sign_up(input, context.address).await)?;
        Ok(Some(match done {
            Ok(done) => {
                context.enter(done.user.id);
                SignUpPayload {
                    user: Some(User(Arc::new(done.user))),
                    access_token: Some(done.access.into()),
                    ..SignUpPayload::default()
                }
            }
            Err(user_errors) => SignUpPayload { user_errors, ..SignUpPayload::default() },
        }))
    }

    /// Signs in: opens a session, and hands out its token.
    #[graphql(directive = Cost::apply(100))]
    async fn sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who signs in.")] input: SignInInput,
    ) -> async_graphql::Result<Option<SignInPayload>> {
        let context = RequestContext::of(ctx);
        let accounts = &context.use_cases.accounts;
        let done = written(ctx, accounts.sign_in(&input.login, input.password, context.address).await)?;
        Ok(Some(match done {
            Ok(done) => {
                context.enter(done.user);
                SignInPayload {
                    user: fetch_user(ctx, done.user).await?,
                    access_token: Some(done.access.into()),
                    ..SignInPayload::default()
                }
            }
            Err(user_errors) => SignInPayload { user_errors, ..SignInPayload::default() },
        }))
    }

    /// Signs out: ends this session, or all of the viewer's. Somebody must be signed in.
    #[graphql(directive = Cost::apply(10))]
    async fn sign_out(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How far; this session alone if left out.")] input: Option<SignOutInput>,
    ) -> async_graphql::Result<Option<SignOutPayload>> {
        let context = RequestContext::of(ctx);
        let everywhere = input.unwrap_or_default().everywhere;
        let who = context.signed_in_user()?;
        let ended = context.use_cases.accounts.sign_out(who, context.session, everywhere).await;
        let ended = ended.map_err(ApiError::from)?;
        context.loaders.forget();
        if context.session.is_some() {
            context.leave();
        }
        Ok(Some(SignOutPayload { sessions_ended: int(ended), ..SignOutPayload::default() }))
    }

    /// Changes the viewer's profile. Somebody must be signed in.
    #[graphql(directive = Cost::apply(10))]
    async fn update_profile(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to change.")] input: UpdateProfileInput,
    ) -> async_graphql::Result<Option<UpdateProfilePayload>> {
        let context = RequestContext::of(ctx);
        let who = context.signed_in_user()?;
        let input = input::ProfileInput {
            handle: given(input.handle),
            name: given(input.name),
            email: given(input.email),
            bio: given(input.bio),
        };
        Ok(Some(match written(ctx, context.use_cases.accounts.update_profile(who, input).await)? {
            Ok(user) => UpdateProfilePayload { user: Some(User(Arc::new(user))), ..UpdateProfilePayload::default() },
            Err(user_errors) => UpdateProfilePayload { user_errors, ..UpdateProfilePayload::default() },
        }))
    }

    /// Changes the viewer's password, and ends all of their other sessions. Somebody must be signed in.
    #[graphql(directive = Cost::apply(100))]
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The password until now, and the one from now on.")] input: ChangePasswordInput,
    ) -> async_graphql::Result<Option<ChangePasswordPayload>> {
        let context = RequestContext::of(ctx);
        let who = context.signed_in_user()?;
        let ChangePasswordInput { current_password, new_password } = input;
        let accounts = &context.use_cases.accounts;
        let done = accounts.change_password(who, context.session, current_password, new_password).await;
        Ok(Some(match written(ctx, done)? {
            Ok(user) => {
                ChangePasswordPayload { user: fetch_user(ctx, user).await?, ..ChangePasswordPayload::default() }
            }
            Err(user_errors) => ChangePasswordPayload { user_errors, ..ChangePasswordPayload::default() },
        }))
    }

    /// Deletes the viewer's account and ends its sessions. What belongs to it is gone within seconds; then the handle
    /// is free. Somebody must be signed in.
    #[graphql(directive = Cost::apply(100))]
    async fn delete_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The password, to be sure.")] input: DeleteAccountInput,
    ) -> async_graphql::Result<Option<DeleteAccountPayload>> {
        let context = RequestContext::of(ctx);
        let who = context.signed_in_user()?;
        let done = written(ctx, context.use_cases.accounts.delete_account(who, input.password).await)?;
        if done.is_ok() {
            context.leave();
        }
        Ok(Some(match done {
            Ok(user) => DeleteAccountPayload { deleted_user_id: Some(id(user)), ..DeleteAccountPayload::default() },
            Err(user_errors) => DeleteAccountPayload { user_errors, ..DeleteAccountPayload::default() },
        }))
    }

    /// Publishes a post. Somebody must be signed in.
    #[graphql(directive = Cost::apply(10))]
    async fn create_post(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The post.")] input: CreatePostInput,
    ) -> async_graphql::Result<Option<CreatePostPayload>> {
        let context = RequestContext::of(ctx);
        let who = context.signed_in_user()?;
        let CreatePostInput { title, content, idempotency_key } = input;
        let input = input::NewPostInput { title, content, idempotency_key };
        Ok(Some(match written(ctx, context.use_cases.publishing.create_post(who, input).await)? {
            Ok(post) => CreatePostPayload { post: Some(Post(Arc::new(post))), ..CreatePostPayload::default() },
            Err(user_errors) => CreatePostPayload { user_errors, ..CreatePostPayload::default() },
        }))
    }

    /// Edits a post of the viewer's. Somebody must be signed in.
    #[graphql(directive = Cost::apply(10))]
    async fn update_post(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to change.")] input: UpdatePostInput,
    ) -> async_graphql::Result<Option<UpdatePostPayload>> {
        let context = RequestContext::of(ctx);
        let who = context.signed_in_user()?;
        let post = GlobalId::parse(&input.id).and_then(GlobalId::post).map_err(ApiError::from)?;
        let UpdatePostInput { title, content, expected_revision, .. } = input;
        let input = input::PostEditInput { title, content, expected_revision };
        Ok(Some(match written(ctx, context.use_cases.publishing.update_post(who, post, input).await)? {
            Ok(post) => UpdatePostPayload { post: Some(Post(Arc::new(post))), ..UpdatePostPayload::default() },
            Err(user_errors) => UpdatePostPayload { user_errors, ..UpdatePostPayload::default() },
        }))
    }

    /// Deletes a post of the viewer's, with its likes. Somebody must be signed in.
    #[graphql(directive = Cost::apply(10))]
    async fn delete_post(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which post.")] input: DeletePostInput,
    ) -> async_graphql::Result<Option<DeletePostPayload>> {
        let context = RequestContext::of(ctx);
        let who = context.signed_in_user()?;
        let post = GlobalId::parse(&input.id).and_then(GlobalId::post).map_err(ApiError::from)?;
        Ok(Some(match written(ctx, context.use_cases.publishing.delete_post(who, post).await)? {
            Ok(post) => DeletePostPayload { deleted_post_id: Some(id(post)), ..DeletePostPayload::default() },
            Err(user_errors) => DeletePostPayload { user_errors, ..DeletePostPayload::default() },
        }))
    }

    /// Likes a post. To like it again changes nothing. Somebody must be signed in.
    #[graphql(directive = Cost::apply(10))]
    async fn like_post(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which post.")] input: LikePostInput,
    ) -> async_graphql::Result<Option<LikePostPayload>> {
        let context = RequestContext::of(ctx);
        let who = context.signed_in_user()?;
        let post = GlobalId::parse(&input.post_id).and_then(GlobalId::post).map_err(ApiError::from)?;
        Ok(Some(match written(ctx, context.use_cases.publishing.like(who, post).await)? {
            Ok(liked) => LikePostPayload {
                post: Some(Post(liked.post)),
                like: Some(Like(liked.like)),
                ..LikePostPayload::default()
            },
            Err(user_errors) => LikePostPayload { user_errors, ..LikePostPayload::default() },
        }))
    }

    /// Takes a like back. Where there is none nothing changes. Somebody must be signed in.
    #[graphql(directive = Cost::apply(10))]
    async fn unlike_post(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which post.")] input: LikePostInput,
    ) -> async_graphql::Result<Option<UnlikePostPayload>> {
        let context = RequestContext::of(ctx);
        let who = context.signed_in_user()?;
        let post = GlobalId::parse(&input.post_id).and_then(GlobalId::post).map_err(ApiError::from)?;
        Ok(Some(match written(ctx, context.use_cases.publishing.unlike(who, post).await)? {
            Ok(unliked) => UnlikePostPayload {
                post: Some(Post(unliked.post)),
                deleted_like_id: unliked.deleted.map(id),
                ..UnlikePostPayload::default()
            },
            Err(user_errors) => UnlikePostPayload { user_errors, ..UnlikePostPayload::default() },
        }))
    }

    /// Follows a user. To follow them again changes nothing. Somebody must be signed in.
    #[graphql(directive = Cost::apply(10))]
    async fn follow(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom.")] input: FollowInput,
    ) -> async_graphql::Result<Option<FollowPayload>> {
        let context = RequestContext::of(ctx);
        let who = context.signed_in_user()?;
        let user = GlobalId::parse(&input.user_id).and_then(GlobalId::user).map_err(ApiError::from)?;
        Ok(Some(match written(ctx, context.use_cases.follows.follow(who, user).await)? {
            Ok(user) => FollowPayload { user: Some(User(Arc::new(user))), ..FollowPayload::default() },
            Err(user_errors) => FollowPayload { user_errors, ..FollowPayload::default() },
        }))
    }

    /// Follows a user no more. Where the viewer does not follow them nothing changes. Somebody must be signed in.
    #[graphql(directive = Cost::apply(10))]
    async fn unfollow(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom.")] input: FollowInput,
    ) -> async_graphql::Result<Option<UnfollowPayload>> {
        let context = RequestContext::of(ctx);
        let who = context.signed_in_user()?;
        let user = GlobalId::parse(&input.user_id).and_then(GlobalId::user).map_err(ApiError::from)?;
        Ok(Some(match written(ctx, context.use_cases.follows.unfollow(who, user).await)? {
            Ok(user) => UnfollowPayload { user: Some(User(Arc::new(user))), ..UnfollowPayload::default() },
            Err(user_errors) => UnfollowPayload { user_errors, ..UnfollowPayload::default() },
        }))
    }
}

/// What became of a use case, as payloads hold it. What was loaded before is forgotten: the payload reads its own
/// write.
fn written<T>(ctx: &Context<'_>, done: ServiceResult<T>) -> Result<Result<T, Vec<UserError>>> {
    RequestContext::of(ctx).loaders.forget();
    Ok(done?.map_err(|errors| errors.into_iter().map(UserError::from).collect()))
}

async fn fetch_user(ctx: &Context<'_>, user: UserId) -> Result<Option<User>> {
    Ok(RequestContext::of(ctx).loaders.users.by_id.load(user).await?.map(User))
}

fn given(value: MaybeUndefined<String>) -> Option<Option<String>> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(text) => Some(Some(text)),
    }
}

fn id(id: impl Into<GlobalId>) -> ID {
    ID(id.into().to_string())
}

impl From<sessions::AccessToken> for AccessToken {
    fn from(access: sessions::AccessToken) -> Self {
        Self { token: access.token.reveal().to_owned(), expires_at: super::scalars::DateTime(access.expires_at) }
    }
}

impl From<input::UserError> for UserError {
    fn from(error: input::UserError) -> Self {
        Self {
            code: error.code.into(),
            message: error.message,
            path: error.path.into_iter().map(ToOwned::to_owned).collect(),
            limit: error.limit.map(|limit| int(limit.into())),
        }
    }
}
