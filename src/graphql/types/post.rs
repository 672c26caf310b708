//! Posts.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};

use super::User;
use super::like::{LikeConnection, like_edges};
use crate::domain::cursor::{CursorField, CursorKey};
use crate::domain::{self, GlobalId, Page, PageArgs, PostFields, Slice};
use crate::graphql::context::RequestContext;
use crate::graphql::errors::{ApiError, Result};
use crate::graphql::in_place::InPlace;
use crate::graphql::pages::{PageInfo, Total, connection, edges, int};
use crate::graphql::projection;
use crate::graphql::scalars::DateTime;
use crate::graphql::weights::{Length, ListSize};
use crate::loaders::{Paged, PostKey};
use crate::ports::LikedPost;

/// Something that a user wrote.
#[derive(Clone)]
pub(in crate::graphql) struct Post(pub Arc<domain::Post>);

connection! {
    /// A page of posts.
    PostConnection,
    /// A post on a page.
    PostEdge { node: Post }
}

/// The edges of a page of posts with their sort keys, read as far as `fields` says. They are known from here on.
pub(in crate::graphql) fn post_edges<C: CursorKey + Clone>(
    ctx: &Context<'_>,
    field: CursorField,
    page: &Page<C>,
    slice: Slice<(C, Arc<domain::Post>)>,
    fields: PostFields,
) -> (Vec<PostEdge>, PageInfo) {
    RequestContext::of(ctx).loaders.posts.prime(slice.items.iter().map(|(_, post)| post), fields);
    let (edges, info) = edges(field, page, slice, |(key, _)| key.clone());
    (edges.into_iter().map(|(cursor, (_, post))| PostEdge { cursor, node: InPlace(Post(post)) }).collect(), info)
}

/// Something that a user wrote.
#[Object]
impl Post {
    /// Opaque and URL-safe.
    pub(in crate::graphql) async fn id(&self) -> ID {
        ID(GlobalId::from(self.0.id).to_string())
    }

    /// Its title, up to 200 characters.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Its text, up to 20,000 characters.
    async fn content(&self, ctx: &Context<'_>) -> async_graphql::Result<String> {
        Ok(self.fetch_content(ctx).await?)
    }

    /// Who wrote it; null when they can't be fetched at the moment.
    async fn author(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<InPlace<User>>> {
        let author = RequestContext::of(ctx).loaders.users.by_id.load(self.0.author).await;
        Ok(author.map_err(ApiError::from)?.map(User).map(InPlace))
    }

    /// When it was published.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was last edited; at first, when it was published. Likes don't count.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// 1 at first, one more with each edit; likes don't count.
    async fn revision(&self) -> i32 {
        int(u64::from(self.0.revision))
    }

    /// How many like it, exactly.
    async fn like_count(&self) -> i32 {
        int(self.0.like_count)
    }

    /// Its likes, the latest first.
    #[graphql(directive = ListSize::apply(Length::Page))]
    async fn likes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start: 1 to 100, 20 if left out.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Option<InPlace<LikeConnection>>> {
        let args = PageArgs { first, after, last, before };
        Ok(Some(InPlace(self.fetch_likes(ctx, &args).await?)))
    }

    /// Whether the viewer likes it; null when nobody is signed in.
    async fn viewer_has_liked(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<bool>> {
        Ok(RequestContext::of(ctx).loaders.posts.viewer_has_liked.load(self.0.id).await.map_err(ApiError::from)?)
    }
}

impl Post {
    async fn fetch_content(&self, ctx: &Context<'_>) -> Result<String> {
        if let Some(content) = &self.0.content {
            return Ok(content.clone());
        }
        let key = PostKey { id: self.0.id, fields: PostFields::ALL };
        let post = RequestContext::of(ctx).loaders.posts.by_id.load(key).await?;
        // A post that was deleted between the two reads has no text any more.
        Ok(post.and_then(|post| post.content.clone()).unwrap_or_default())
    }

    async fn fetch_likes(&self, ctx: &Context<'_>, args: &PageArgs) -> Result<LikeConnection> {
        let field = CursorField::PostLikes;
        let page = args.page(field)?;
        let key = Paged { parent: LikedPost::from(&*self.0), page: page.clone() };
        let slice = if projection::page_is_selected(ctx) {
            RequestContext::of(ctx).loaders.posts.likes_of_post.load(key).await?
        } else {
            None
        };
        let edges = like_edges(field, &page, slice, |like| like.id.user.0);
        Ok(LikeConnection::new(edges, Total::Known(self.0.like_count)))
    }
}
