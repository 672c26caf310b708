//! The subscriptions: what is told of an event to those who wait for it.
//!
//! Each field is resolved once when a subscription is opened, where it only says what it waits for ([`Topic`]), and once
//! for each event, where it reads what the event is about. Both are runs of an ordinary operation whose root is this
//! type ([`super::standing`]), so events are joined, batched, completed and written as queries are.

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use async_graphql::registry::Registry;
use async_graphql::{Context, ID, Object, OutputType, Response, SubscriptionType};
use futures::Stream;

use super::context::RequestContext;
use super::errors::{ApiError, Result};
use super::in_place::InPlace;
use super::projection;
use super::types::{Like, Post};
use crate::domain::{About, GlobalId, LikeId, Topic, UserId};
use crate::loaders::PostKey;

/// Why a subscription's field is resolved, and what came of it.
#[derive(Default)]
pub(super) struct Occasion {
    /// What the event is about; `None` when the subscription is opened.
    about: Option<About>,
    /// What the field waits for, as it says when it is opened.
    topic: OnceLock<Topic>,
    /// Whether what the event is about is gone, so that there is nothing to tell.
    is_void: AtomicBool,
    /// Whether nothing comes after this.
    is_last: AtomicBool,
}

impl Occasion {
    pub(super) fn of(about: About) -> Self {
        Self { about: Some(about), ..Self::default() }
    }

    /// What the field waits for, if it was opened.
    pub(super) fn topic(&self) -> Option<Topic> {
        self.topic.get().copied()
    }

    pub(super) fn is_void(&self) -> bool {
        self.is_void.load(Ordering::Relaxed)
    }

    pub(super) fn is_last(&self) -> bool {
        self.is_last.load(Ordering::Relaxed)
    }

    /// Nothing is told of this event.
    fn void(&self) -> ApiError {
        self.is_void.store(true, Ordering::Relaxed);
        ApiError::NothingToTell
    }
}

/// What can be waited for.
pub(super) struct Subscription;

/// What can be waited for, over WebSocket or as an event stream. Who is too slow for what comes is told in
/// `extensions.lagged` how much was left out.
#[Object]
impl Subscription {
    /// Posts as they are published: all, or those of one author.
    async fn post_created(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only posts by the user with this id.")] author: Option<ID>,
    ) -> async_graphql::Result<InPlace<Post>> {
        let occasion = occasion(ctx, Topic::Posts { author: user_id(author.as_ref())? })?;
        Ok(fetch_post(ctx, occasion).await?.map(InPlace).ok_or_else(|| occasion.void())?)
    }

    /// A post whenever it was edited, liked or unliked. Null once, when it is deleted; nothing comes after that.
    async fn post_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The post's id.")] id: ID,
    ) -> async_graphql::Result<Option<InPlace<Post>>> {
        let occasion =
            occasion(ctx, Topic::Post(GlobalId::parse(&id).and_then(GlobalId::post).map_err(ApiError::from)?))?;
        let post = fetch_post(ctx, occasion).await?;
        occasion.is_last.store(post.is_none(), Ordering::Relaxed);
        Ok(post.map(InPlace))
    }

    /// Likes as they are given: all, those of one post, or those of one author's posts. Where both are named, both must
    /// hold.
    async fn post_liked(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only likes of the post with this id.")] post: Option<ID>,
        #[graphql(desc = "Only likes of posts by the user with this id.")] author: Option<ID>,
    ) -> async_graphql::Result<InPlace<Like>> {
        let post = post.map(|id| GlobalId::parse(&id).and_then(GlobalId::post)).transpose().map_err(ApiError::from)?;
        let occasion = occasion(ctx, Topic::Likes { post, author: user_id(author.as_ref())? })?;
        Ok(fetch_like(ctx, occasion).await?.map(InPlace).ok_or_else(|| occasion.void())?)
    }

    /// Posts as they are published by those whom the viewer follows. Somebody must be signed in.
    async fn feed(&self, ctx: &Context<'_>) -> async_graphql::Result<InPlace<Post>> {
        let is_opened = ctx.data_unchecked::<Arc<Occasion>>().about.is_none();
        if is_opened {
            // Each event is resolved for all who follow its author at once, and so for nobody in particular.
            RequestContext::of(ctx).signed_in()?;
        }
        let occasion = occasion(ctx, Topic::Feed)?;
        Ok(fetch_post(ctx, occasion).await?.map(InPlace).ok_or_else(|| occasion.void())?)
    }
}

/// As a root of its own the type is described by its fields; nothing is streamed through the executor.
impl SubscriptionType for Subscription {
    fn type_name() -> Cow<'static, str> {
        <Self as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Self as OutputType>::create_type_info(registry)
    }

    fn create_field_stream<'a>(
        &'a self,
        _: &'a Context<'_>,
    ) -> Option<Pin<Box<dyn Stream<Item = Response> + Send + 'a>>> {
        None
    }
}

/// The occasion on which the field is resolved. When it is opened, all there is to do is to say what it waits for.
fn occasion<'a>(ctx: &Context<'a>, topic: Topic) -> Result<&'a Occasion> {
    let occasion = ctx.data_unchecked::<Arc<Occasion>>();
    if occasion.about.is_some() {
        return Ok(occasion);
    }
    // A field is opened once; an alias of another would be refused before.
    let _ = occasion.topic.set(topic);
    Err(ApiError::NothingToTell)
}

fn user_id(id: Option<&ID>) -> Result<Option<UserId>> {
    Ok(id.map(|id| GlobalId::parse(id).and_then(GlobalId::user)).transpose()?)
}

/// The post that the event is about, as it is now.
async fn fetch_post(ctx: &Context<'_>, occasion: &Occasion) -> Result<Option<Post>> {
    let Some(About { post: id, .. }) = occasion.about else { return Ok(None) };
    let key = PostKey { id, fields: projection::here(ctx) };
    Ok(RequestContext::of(ctx).loaders.posts.by_id.load(key).await?.map(Post))
}

/// The like that the event tells of, if it was not taken back since.
async fn fetch_like(ctx: &Context<'_>, occasion: &Occasion) -> Result<Option<Like>> {
    let Some(About { post, liker: Some(user) }) = occasion.about else { return Ok(None) };
    Ok(RequestContext::of(ctx).loaders.posts.likes_by_id.load(LikeId { post, user }).await?.map(Like))
}
