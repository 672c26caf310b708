//! Lists: users, posts, and those made for the viewer.

use std::sync::Arc;

use async_graphql::{Context, ID};

use super::RequestContext;
use crate::domain::cursor::CursorField;
use crate::domain::{ByCount, ByHandle, GlobalId, PageArgs, Slice, page};
use crate::graphql::errors::Result;
use crate::graphql::pages::Total;
use crate::graphql::projection;
use crate::graphql::scalars::{PostOrder, UserOrder};
use crate::graphql::types::{FollowSuggestion, PostConnection, UserConnection, post_edges, user_edges};
use crate::loaders::AuthorsPosts;
use crate::services::feed;

pub(super) async fn fetch_users(ctx: &Context<'_>, order: UserOrder, args: &PageArgs) -> Result<UserConnection> {
    let store = &RequestContext::of(ctx).stores.users;
    let wanted = projection::page_is_selected(ctx);
    let edges = match order {
        UserOrder::Newest => {
            let page = args.page(CursorField::UsersNewest)?;
            let slice = if wanted { store.users_newest(&page).await? } else { Slice::empty() };
            user_edges(ctx, CursorField::UsersNewest, &page, slice, |user| user.id)
        }
        UserOrder::Handle => {
            let page = args.page(CursorField::UsersHandle)?;
            let slice = if wanted { store.users_by_handle_order(&page).await? } else { Slice::empty() };
            user_edges(ctx, CursorField::UsersHandle, &page, slice, |user| ByHandle(user.handle.as_str().to_owned()))
        }
        UserOrder::MostFollowed => {
            let page = args.page(CursorField::UsersMostFollowed)?;
            let slice = if wanted { store.users_most_followed(&page).await? } else { Slice::empty() };
            let key = |user: &crate::domain::User| ByCount { count: user.followers_count, id: user.id.0 };
            user_edges(ctx, CursorField::UsersMostFollowed, &page, slice, key)
        }
    };
    Ok(UserConnection::new(edges, Total::Users.with_connection(ctx).await?))
}

pub(super) async fn fetch_posts(
    ctx: &Context<'_>,
    order: PostOrder,
    author: Option<&ID>,
    args: &PageArgs,
) -> Result<PostConnection> {
    let RequestContext { stores, loaders, .. } = RequestContext::of(ctx);
    let author = author.map(|id| GlobalId::parse(id)?.user()).transpose()?;
    let (wanted, fields) = (projection::page_is_selected(ctx), projection::of_post_connection(ctx));
    let edges = match order {
        PostOrder::Newest => {
            let field = CursorField::PostsNewest;
            let page = args.page(field)?;
            let slice = match author {
                _ if !wanted => Slice::empty(),
                None => stores.posts.posts_newest(&page, fields).await?.map(Arc::new),
                Some(author) => {
                    let slice =
                        loaders.posts.of_author.load(AuthorsPosts { author, page: page.clone(), fields }).await?;
                    slice.as_deref().cloned().unwrap_or_else(Slice::empty)
                }
            };
            post_edges(ctx, field, &page, slice.map(|post| (post.id, post)), fields)
        }
        PostOrder::MostLiked => {
            let field = CursorField::PostsMostLiked;
            let page = args.page(field)?;
            let slice =
                if wanted { stores.posts.posts_most_liked(author, &page, fields).await? } else { Slice::empty() };
            let keyed = slice.map(|post| (ByCount { count: post.like_count, id: post.id.0 }, Arc::new(post)));
            post_edges(ctx, field, &page, keyed, fields)
        }
    };
    let total = author.map_or(Total::Posts, Total::PostsOf).with_connection(ctx).await?;
    Ok(PostConnection::new(edges, total))
}

pub(super) async fn fetch_feed(ctx: &Context<'_>, args: &PageArgs) -> Result<PostConnection> {
    let context = RequestContext::of(ctx);
    let field = CursorField::Feed;
    let page = args.page(field)?;
    let fields = projection::of_post_connection(ctx);
    let slice = feed::fetch_feed(&context.stores, context.signed_in()?, &page, fields).await?;
    let keyed = slice.map(|post| (post.id, Arc::new(post)));
    Ok(PostConnection::new(post_edges(ctx, field, &page, keyed, fields), Total::Unknown))
}

pub(super) async fn fetch_recommended_posts(ctx: &Context<'_>, args: &PageArgs) -> Result<PostConnection> {
    let context = RequestContext::of(ctx);
    let field = CursorField::Recommended;
    let page = args.page(field)?;
    let fields = projection::of_post_connection(ctx);
    let slice = feed::fetch_recommended(&context.stores, context.signed_in()?, &page, fields).await?;
    // A post's place in this list depends on who likes it, which the post itself does not know.
    let keyed = slice.map(|(post, likers)| (ByCount { count: likers, id: post.id.0 }, Arc::new(post)));
    Ok(PostConnection::new(post_edges(ctx, field, &page, keyed, fields), Total::Unknown))
}

pub(super) async fn fetch_suggested_follows(ctx: &Context<'_>, first: i32) -> Result<Vec<FollowSuggestion>> {
    let context = RequestContext::of(ctx);
    let limit = page::limit("first", first)?;
    let suggestions = context.stores.users.suggestions(context.signed_in()?, limit).await?;
    let suggestions: Vec<_> = suggestions.into_iter().map(FollowSuggestion::from).collect();
    context.loaders.users.prime(suggestions.iter().map(FollowSuggestion::suggested));
    Ok(suggestions)
}
