//! Likes.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use uuid::Uuid;

use super::{Post, User};
use crate::domain::cursor::CursorField;
use crate::domain::{self, ByTime, GlobalId, Page, Slice};
use crate::graphql::context::RequestContext;
use crate::graphql::errors::ApiError;
use crate::graphql::in_place::InPlace;
use crate::graphql::pages::{PageInfo, connection, edges};
use crate::graphql::projection;
use crate::graphql::scalars::DateTime;
use crate::loaders::PostKey;

/// That a user likes a post.
#[derive(Clone)]
pub(in crate::graphql) struct Like(pub domain::Like);

connection! {
    /// A page of likes.
    LikeConnection,
    /// A like on a page.
    LikeEdge { node: Like }
}

/// The edges of a page of likes; `other` is the side that the list is not of.
pub(in crate::graphql) fn like_edges(
    field: CursorField,
    page: &Page<ByTime>,
    slice: Option<Arc<Slice<domain::Like>>>,
    other: impl Fn(&domain::Like) -> Uuid,
) -> (Vec<LikeEdge>, PageInfo) {
    let slice = slice.as_deref().cloned().unwrap_or_else(Slice::empty);
    let (edges, info) = edges(field, page, slice, |like| ByTime { at: like.created_at, id: other(like) });
    (edges.into_iter().map(|(cursor, like)| LikeEdge { cursor, node: InPlace(Like(like)) }).collect(), info)
}

/// That a user likes a post.
#[Object]
impl Like {
    /// Opaque and URL-safe; made of the post and the user, so liking again gives the same.
    pub(in crate::graphql) async fn id(&self) -> ID {
        ID(GlobalId::from(self.0.id).to_string())
    }

    /// Who likes it; null when they can't be fetched at the moment.
    async fn user(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<InPlace<User>>> {
        let user = RequestContext::of(ctx).loaders.users.by_id.load(self.0.id.user).await;
        Ok(user.map_err(ApiError::from)?.map(User).map(InPlace))
    }

    /// What is liked.
    async fn post(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<InPlace<Post>>> {
        let key = PostKey { id: self.0.id.post, fields: projection::here(ctx) };
        let post = RequestContext::of(ctx).loaders.posts.by_id.load(key).await;
        Ok(post.map_err(ApiError::from)?.map(Post).map(InPlace))
    }

    /// Since when.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}
