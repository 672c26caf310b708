//! Single things: by id, by handle, and the viewer.

use async_graphql::{Context, ID};
use futures::future::join_all;

use super::RequestContext;
use crate::domain::text::Handle;
use crate::domain::{GlobalId, InvalidInput, PostFields, UserId};
use crate::graphql::errors::{ApiError, Result};
use crate::graphql::in_place::{InPlace, each_by_itself};
use crate::graphql::projection;
use crate::graphql::types::{Like, Node, Post, User};
use crate::loaders::PostKey;

/// The most ids that `nodes` takes.
const MAX_IDS: usize = 100;

pub(super) async fn fetch_node(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>> {
    load(ctx, GlobalId::parse(id)?, projection::here(ctx)).await
}

/// A malformed id is an error at its own place; a list that is too long is one of the whole field.
pub(super) async fn fetch_nodes(
    ctx: &Context<'_>,
    ids: &[ID],
) -> Result<Vec<Option<async_graphql::Result<InPlace<Node>>>>> {
    if ids.len() > MAX_IDS {
        return Err(InvalidInput::new(format!("`ids` must have at most {MAX_IDS} ids.")).into());
    }
    let fields = projection::here(ctx);
    let one = async |id: &ID| {
        let id = GlobalId::parse(id).map_err(ApiError::from)?;
        load(ctx, id, fields).await
    };
    Ok(each_by_itself(join_all(ids.iter().map(one)).await))
}

async fn load(ctx: &Context<'_>, id: GlobalId, fields: PostFields) -> Result<Option<Node>> {
    let loaders = &RequestContext::of(ctx).loaders;
    Ok(match id {
        GlobalId::User(id) => loaders.users.by_id.load(id).await?.map(|user| Node::User(User(user))),
        GlobalId::Post(id) => {
            loaders.posts.by_id.load(PostKey { id, fields }).await?.map(|post| Node::Post(Post(post)))
        }
        GlobalId::Like(id) => loaders.posts.likes_by_id.load(id).await?.map(|like| Node::Like(Like(like))),
    })
}

pub(super) async fn fetch_viewer(ctx: &Context<'_>) -> Result<Option<User>> {
    match RequestContext::of(ctx).viewer.id() {
        Some(id) => user_by_id(ctx, id).await,
        None => Ok(None),
    }
}

pub(super) async fn fetch_user(ctx: &Context<'_>, id: Option<&ID>, handle: Option<&str>) -> Result<Option<User>> {
    match (id, handle) {
        (Some(id), None) => user_by_id(ctx, GlobalId::parse(id)?.user()?).await,
        (None, Some(handle)) => match Handle::parse(handle) {
            Some(handle) => {
                let user = RequestContext::of(ctx).loaders.users.by_handle.load(handle).await?;
                RequestContext::of(ctx).loaders.users.prime(&user);
                Ok(user.map(User))
            }
            // What can't be a handle is nobody's.
            None => Ok(None),
        },
        _ => Err(InvalidInput::new("Pass either `id` or `handle`, and not both.").into()),
    }
}

async fn user_by_id(ctx: &Context<'_>, id: UserId) -> Result<Option<User>> {
    Ok(RequestContext::of(ctx).loaders.users.by_id.load(id).await?.map(User))
}

pub(super) async fn fetch_post(ctx: &Context<'_>, id: &ID) -> Result<Option<Post>> {
    let key = PostKey { id: GlobalId::parse(id)?.post()?, fields: projection::here(ctx) };
    Ok(RequestContext::of(ctx).loaders.posts.by_id.load(key).await?.map(Post))
}
