//! Users, and the follows between them.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};

use super::like::{LikeConnection, like_edges};
use super::post::{PostConnection, post_edges};
use crate::domain::cursor::{CursorField, CursorKey};
use crate::domain::{self, ByTime, FollowedUser, GlobalId, Page, PageArgs, Slice};
use crate::graphql::context::RequestContext;
use crate::graphql::errors::{ApiError, Result};
use crate::graphql::in_place::InPlace;
use crate::graphql::pages::{PageInfo, Total, connection, edges, int};
use crate::graphql::projection;
use crate::graphql::scalars::DateTime;
use crate::graphql::weights::{Length, ListSize};
use crate::loaders::{AuthorsPosts, Paged};

/// Somebody who posts, likes and follows.
#[derive(Clone)]
pub(in crate::graphql) struct User(pub Arc<domain::User>);

connection! {
    /// A page of users.
    UserConnection,
    /// A user on a page.
    UserEdge { node: User }
}

connection! {
    /// A page of users at the other end of follows.
    FollowConnection,
    /// A user at the other end of a follow.
    FollowEdge {
        node: User,
        /// When the follow began.
        followed_at: DateTime
    }
}

/// The edges of a page of users. They are known from here on.
pub(in crate::graphql) fn user_edges<C: CursorKey>(
    ctx: &Context<'_>,
    field: CursorField,
    page: &Page<C>,
    slice: Slice<domain::User>,
    key: impl Fn(&domain::User) -> C,
) -> (Vec<UserEdge>, PageInfo) {
    let (edges, info) = edges(field, page, slice, key);
    let edge = |(cursor, user)| UserEdge { cursor, node: InPlace(User(Arc::new(user))) };
    let edges: Vec<_> = edges.into_iter().map(edge).collect();
    RequestContext::of(ctx).loaders.users.prime(edges.iter().map(|edge| &edge.node.0.0));
    (edges, info)
}

/// The edges of a page of follows. Their users are known from here on.
fn follow_edges(
    ctx: &Context<'_>,
    field: CursorField,
    page: &Page<ByTime>,
    slice: Option<Arc<Slice<FollowedUser>>>,
) -> (Vec<FollowEdge>, PageInfo) {
    let slice = slice.as_deref().cloned().unwrap_or_else(Slice::empty);
    let key = |followed: &FollowedUser| ByTime { at: followed.followed_at, id: followed.user.id.0 };
    let (edges, info) = edges(field, page, slice, key);
    let edges: Vec<_> = edges
        .into_iter()
        .map(|(cursor, followed)| FollowEdge {
            cursor,
            node: InPlace(User(Arc::new(followed.user))),
            followed_at: DateTime(followed.followed_at),
        })
        .collect();
    RequestContext::of(ctx).loaders.users.prime(edges.iter().map(|edge| &edge.node.0.0));
    (edges, info)
}

/// Somebody who posts, likes and follows.
#[Object]
impl User {
    /// Opaque and URL-safe.
    pub(in crate::graphql) async fn id(&self) -> ID {
        ID(GlobalId::from(self.0.id).to_string())
    }

    /// Unique, 3 to 30 of `a-z`, `0-9` and `_`.
    async fn handle(&self) -> &str {
        self.0.handle.as_str()
    }

    /// The name they go by.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What they say of themselves.
    async fn bio(&self) -> Option<&str> {
        self.0.bio.as_deref()
    }

    /// Their email address: their own to see, null for everybody else.
    async fn email(&self, ctx: &Context<'_>) -> Option<&str> {
        self.0.email.reveal_to(RequestContext::of(ctx).who_sees(self.0.id)?).map(String::as_str)
    }

    /// When they signed up.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// How many follow them, exactly.
    async fn followers_count(&self) -> i32 {
        int(self.0.followers_count)
    }

    /// How many they follow, exactly.
    async fn following_count(&self) -> i32 {
        int(self.0.following_count)
    }

    /// How many posts they have written, exactly.
    async fn posts_count(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<i32>> {
        Ok(Total::PostsOf(self.0.id).fetch(ctx).await?)
    }

    /// Those who follow them, the latest first.
    #[graphql(directive = ListSize::apply(Length::Page))]
    async fn followers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start: 1 to 100, 20 if left out.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<InPlace<FollowConnection>> {
        let args = PageArgs { first, after, last, before };
        Ok(InPlace(self.fetch_followers(ctx, &args).await?))
    }

    /// Those whom they follow, the latest first.
    #[graphql(directive = ListSize::apply(Length::Page))]
    async fn following(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start: 1 to 100, 20 if left out.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<InPlace<FollowConnection>> {
        let args = PageArgs { first, after, last, before };
        Ok(InPlace(self.fetch_following(ctx, &args).await?))
    }

    /// Those of their followers whom the viewer follows, the latest to follow them first; null when nobody is signed
    /// in.
    #[graphql(directive = ListSize::apply(Length::Page))]
    async fn mutual_followers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start: 1 to 100, 20 if left out.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Option<InPlace<FollowConnection>>> {
        let args = PageArgs { first, after, last, before };
        Ok(self.fetch_mutual_followers(ctx, &args).await?.map(InPlace))
    }

    /// Their posts, the latest first.
    #[graphql(directive = ListSize::apply(Length::Page))]
    async fn posts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start: 1 to 100, 20 if left out.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Option<InPlace<PostConnection>>> {
        let args = PageArgs { first, after, last, before };
        Ok(Some(InPlace(self.fetch_posts(ctx, &args).await?)))
    }

    /// What they like, the latest like first.
    #[graphql(directive = ListSize::apply(Length::Page))]
    async fn liked_posts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start: 1 to 100, 20 if left out.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Option<InPlace<LikeConnection>>> {
        let args = PageArgs { first, after, last, before };
        Ok(Some(InPlace(self.fetch_liked_posts(ctx, &args).await?)))
    }

    /// Whether the viewer follows them; null when nobody is signed in.
    async fn viewer_follows(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<bool>> {
        Ok(RequestContext::of(ctx).loaders.users.viewer_follows.load(self.0.id).await.map_err(ApiError::from)?)
    }

    /// Whether they follow the viewer; null when nobody is signed in.
    async fn follows_viewer(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<bool>> {
        Ok(RequestContext::of(ctx).loaders.users.follows_viewer.load(self.0.id).await.map_err(ApiError::from)?)
    }
}

impl User {
    async fn fetch_followers(&self, ctx: &Context<'_>, args: &PageArgs) -> Result<FollowConnection> {
        let field = CursorField::Followers;
        let page = args.page(field)?;
        let key = Paged { parent: self.0.id, page: page.clone() };
        let slice = if projection::page_is_selected(ctx) {
            RequestContext::of(ctx).loaders.users.followers.load(key).await?
        } else {
            None
        };
        let total = Total::Known(self.0.followers_count);
        Ok(FollowConnection::new(follow_edges(ctx, field, &page, slice), total))
    }

    async fn fetch_following(&self, ctx: &Context<'_>, args: &PageArgs) -> Result<FollowConnection> {
        let field = CursorField::Following;
        let page = args.page(field)?;
        let key = Paged { parent: self.0.id, page: page.clone() };
        let slice = if projection::page_is_selected(ctx) {
            RequestContext::of(ctx).loaders.users.following.load(key).await?
        } else {
            None
        };
        let total = Total::Known(self.0.following_count);
        Ok(FollowConnection::new(follow_edges(ctx, field, &page, slice), total))
    }

    async fn fetch_mutual_followers(&self, ctx: &Context<'_>, args: &PageArgs) -> Result<Option<FollowConnection>> {
        let RequestContext { loaders, viewer, .. } = RequestContext::of(ctx);
        let field = CursorField::MutualFollowers;
        let page = args.page(field)?;
        if viewer.id().is_none() {
            return Ok(None);
        }
        let key = Paged { parent: self.0.id, page: page.clone() };
        let slice =
            if projection::page_is_selected(ctx) { loaders.users.mutual_followers.load(key).await? } else { None };
        let total = Total::MutualFollowersOf(self.0.id).with_connection(ctx).await?;
        Ok(Some(FollowConnection::new(follow_edges(ctx, field, &page, slice), total)))
    }

    async fn fetch_posts(&self, ctx: &Context<'_>, args: &PageArgs) -> Result<PostConnection> {
        let field = CursorField::UserPosts;
        let page = args.page(field)?;
        let fields = projection::of_post_connection(ctx);
        let key = AuthorsPosts { author: self.0.id, page: page.clone(), fields };
        let slice = if projection::page_is_selected(ctx) {
            RequestContext::of(ctx).loaders.posts.of_author.load(key).await?
        } else {
            None
        };
        let slice = slice.as_deref().cloned().unwrap_or_else(Slice::empty);
        let edges = post_edges(ctx, field, &page, slice.map(|post| (post.id, post)), fields);
        Ok(PostConnection::new(edges, Total::PostsOf(self.0.id).with_connection(ctx).await?))
    }

    async fn fetch_liked_posts(&self, ctx: &Context<'_>, args: &PageArgs) -> Result<LikeConnection> {
        let field = CursorField::LikedPosts;
        let page = args.page(field)?;
        let key = Paged { parent: self.0.id, page: page.clone() };
        let slice = if projection::page_is_selected(ctx) {
            RequestContext::of(ctx).loaders.posts.likes_by_user.load(key).await?
        } else {
            None
        };
        let edges = like_edges(field, &page, slice, |like| like.id.post.0);
        Ok(LikeConnection::new(edges, Total::LikedBy(self.0.id).with_connection(ctx).await?))
    }
}
