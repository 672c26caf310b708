//! The query side of the schema: arguments, descriptions, and where each field is resolved.

mod analytics;
mod lists;
mod node;
mod search;

use async_graphql::{Context, ID, Object};

use super::context::RequestContext;
use super::in_place::{InPlace, List};
use super::scalars::{AtMost, DateTime, Interval, OrDefault, PostOrder, SearchOrder, SearchType, UserOrder};
use super::types::{
    ActivityBucket, FollowSuggestion, LeaderboardEntry, Node, Post, PostConnection, SearchConnection, SearchResult,
    TrendingPost, User, UserConnection,
};
use super::weights::{Cost, Length, ListSize};
use crate::domain::PageArgs;

/// What can be asked.
pub struct Query;

/// What can be asked. A field whose store is down is null, with an error that says so.
#[Object]
impl Query {
    /// The thing with this id; null where there is none.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of a user, a post or a like.")] id: ID,
    ) -> async_graphql::Result<Option<InPlace<Node>>> {
        Ok(node::fetch_node(ctx, &id).await?.map(InPlace))
    }

    /// The things with these ids, in their order; null for each there is none of.
    #[graphql(directive = ListSize::apply(Length::Ids))]
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Ids of users, posts and likes: at most 100, repetitions allowed.")] ids: Vec<ID>,
    ) -> async_graphql::Result<Vec<Option<async_graphql::Result<InPlace<Node>>>>> {
        Ok(node::fetch_nodes(ctx, &ids).await?)
    }

    /// Who is signed in; null when nobody is.
    async fn viewer(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<InPlace<User>>> {
        Ok(node::fetch_viewer(ctx).await?.map(InPlace))
    }

    /// The user with this id or handle: exactly one of the two; null where there is none.
    async fn user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user's id.")] id: Option<ID>,
        #[graphql(desc = "The user's handle, in upper or lower case.")] handle: Option<String>,
    ) -> async_graphql::Result<Option<InPlace<User>>> {
        Ok(node::fetch_user(ctx, id.as_ref(), handle.as_deref()).await?.map(InPlace))
    }

    /// All users.
    #[graphql(directive = ListSize::apply(Length::Page))]
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Their order.", default_with = "OrDefault::default()")] order_by: OrDefault<UserOrder>,
        #[graphql(desc = "How many from the start: 1 to 100, 20 if left out.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Option<InPlace<UserConnection>>> {
        Ok(Some(InPlace(lists::fetch_users(ctx, order_by.0, &PageArgs { first, after, last, before }).await?)))
    }

    /// The post with this id; null where there is none.
    async fn post(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The post's id.")] id: ID,
    ) -> async_graphql::Result<Option<InPlace<Post>>> {
        Ok(node::fetch_post(ctx, &id).await?.map(InPlace))
    }

    /// All posts, or those of one author.
    #[expect(clippy::too_many_arguments, reason = "they are the field's")]
    #[graphql(directive = ListSize::apply(Length::Page))]
    async fn posts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Their order.", default_with = "OrDefault::default()")] order_by: OrDefault<PostOrder>,
        #[graphql(desc = "Only posts by the user with this id.")] author: Option<ID>,
        #[graphql(desc = "How many from the start: 1 to 100, 20 if left out.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Option<InPlace<PostConnection>>> {
        let args = PageArgs { first, after, last, before };
        Ok(Some(InPlace(lists::fetch_posts(ctx, order_by.0, author.as_ref(), &args).await?)))
    }

    /// The posts of those whom the viewer follows, the latest first. Somebody must be signed in.
    #[graphql(directive = ListSize::apply(Length::Page))]
    async fn feed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start: 1 to 100, 20 if left out.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> async_graphql::Result<Option<InPlace<PostConnection>>> {
        Ok(Some(InPlace(lists::fetch_feed(ctx, &PageArgs { first, after, last, before }).await?)))
    }

    /// Users and posts in which all words of a text stand, typos forgiven: one in words of four letters or more, two
    /// from eight on. Characters that look like operators have no meaning.
    #[expect(clippy::too_many_arguments, reason = "they are the field's")]
    #[graphql(directive = ListSize::apply(Length::ForwardPage), directive = Cost::apply(10))]
    async fn search(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The text to find: 1 to 256 characters.")] query: String,
        #[graphql(desc = "Only results of these types; all if left out.")] types: Option<Vec<SearchType>>,
        #[graphql(desc = "Only posts by the user with this id.")] author: Option<ID>,
        #[graphql(desc = "Only what was created then or later.")] from: Option<DateTime>,
        #[graphql(desc = "Only what was created before.")] to: Option<DateTime>,
        #[graphql(desc = "The order of the results.", default_with = "OrDefault::default()")] order_by: OrDefault<
            SearchOrder,
        >,
        #[graphql(desc = "How many from the start: 1 to 100, 20 if left out.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> async_graphql::Result<Option<InPlace<SearchConnection>>> {
        let args = search::Args { query, types, author, from, to, order_by: order_by.0, first, after };
        Ok(Some(InPlace(search::fetch_search(ctx, args).await?)))
    }

    /// Typeahead: what begins with a prefix, be it a handle, a word of a name or a word of a title. The exact handle
    /// comes first.
    #[graphql(directive = ListSize::apply(Length::First), directive = Cost::apply(5))]
    async fn suggest(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What was typed so far: 1 to 64 characters.")] prefix: String,
        #[graphql(desc = "Only results of these types; all if left out.")] types: Option<Vec<SearchType>>,
        #[graphql(desc = "How many at most: 1 to 100.", default_with = "AtMost::default()")] first: AtMost<8>,
    ) -> async_graphql::Result<Option<List<SearchResult>>> {
        Ok(Some(List(search::fetch_suggestions(ctx, &prefix, types.as_deref(), first.0).await?)))
    }

    /// Authors by the likes that they received in a period, the most first.
    #[graphql(directive = ListSize::apply(Length::First), directive = Cost::apply(10))]
    async fn leaderboard(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Likes given then or later; from the beginning if left out.")] from: Option<DateTime>,
        #[graphql(desc = "Likes given before; until now if left out.")] to: Option<DateTime>,
        #[graphql(desc = "How many at most: 1 to 100.", default_with = "AtMost::default()")] first: AtMost<10>,
    ) -> async_graphql::Result<Option<List<LeaderboardEntry>>> {
        Ok(Some(List(analytics::fetch_leaderboard(ctx, from, to, first.0).await?)))
    }

    /// Posts by the likes that they received in a period, the most first.
    #[graphql(directive = ListSize::apply(Length::First), directive = Cost::apply(10))]
    async fn trending(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Likes given then or later; from the beginning if left out.")] from: Option<DateTime>,
        #[graphql(desc = "Likes given before; until now if left out.")] to: Option<DateTime>,
        #[graphql(desc = "How many at most: 1 to 100.", default_with = "AtMost::default()")] first: AtMost<10>,
    ) -> async_graphql::Result<Option<List<TrendingPost>>> {
        Ok(Some(List(analytics::fetch_trending(ctx, from, to, first.0).await?)))
    }

    /// Posts and likes per interval (UTC), empty intervals too: at most 1,000.
    #[graphql(directive = ListSize::apply(Length::AtMost(1_000)), directive = Cost::apply(10))]
    async fn activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What happened then or later.")] from: DateTime,
        #[graphql(desc = "What happened before.")] to: DateTime,
        #[graphql(desc = "How long an interval is.", default_with = "OrDefault::default()")] interval: OrDefault<
            Interval,
        >,
    ) -> async_graphql::Result<Option<List<ActivityBucket>>> {
        Ok(Some(List(analytics::fetch_activity(ctx, from, to, interval.0).await?)))
    }

    /// Friends of friends: those followed by those whom the viewer follows, by how many. Somebody must be signed in.
    #[graphql(directive = ListSize::apply(Length::First), directive = Cost::apply(10))]
    async fn suggested_follows(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most: 1 to 100.", default_with = "AtMost::default()")] first: AtMost<10>,
    ) -> async_graphql::Result<Option<List<FollowSuggestion>>> {
        Ok(Some(List(lists::fetch_suggested_follows(ctx, first.0).await?)))
    }

    /// Posts that those whom the viewer follows like, by how many of them. Somebody must be signed in.
    #[graphql(directive = ListSize::apply(Length::ForwardPage), directive = Cost::apply(10))]
    async fn recommended_posts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start: 1 to 100, 20 if left out.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> async_graphql::Result<Option<InPlace<PostConnection>>> {
        let args = PageArgs { first, after, last: None, before: None };
        Ok(Some(InPlace(lists::fetch_recommended_posts(ctx, &args).await?)))
    }
}
