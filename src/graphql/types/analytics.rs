//! Leaderboards and activity.

use async_graphql::{Context, Object, SimpleObject};

use super::{Post, User};
use crate::domain::{PostId, UserId};
use crate::graphql::context::RequestContext;
use crate::graphql::errors::ApiError;
use crate::graphql::in_place::InPlace;
use crate::graphql::pages::int;
use crate::graphql::projection;
use crate::graphql::scalars::DateTime;
use crate::loaders::PostKey;

/// How many likes an author received in a period.
pub(in crate::graphql) struct LeaderboardEntry {
    pub rank: i32,
    pub author: UserId,
    pub like_count: u64,
}

/// How many likes an author received in a period.
#[Object]
impl LeaderboardEntry {
    /// 1 for the most; those with as many likes share a rank, and the ranks after it are skipped.
    async fn rank(&self) -> i32 {
        self.rank
    }

    /// Who received them; null when they can't be fetched at the moment.
    async fn user(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<InPlace<User>>> {
        let user = RequestContext::of(ctx).loaders.users.by_id.load(self.author).await;
        Ok(user.map_err(ApiError::from)?.map(User).map(InPlace))
    }

    /// How many they received.
    async fn like_count(&self) -> i32 {
        int(self.like_count)
    }
}

/// How many likes a post received in a period.
pub(in crate::graphql) struct TrendingPost {
    pub rank: i32,
    pub post: PostId,
    pub like_count: u64,
}

/// How many likes a post received in a period.
#[Object]
impl TrendingPost {
    /// 1 for the most; those with as many likes share a rank, and the ranks after it are skipped.
    async fn rank(&self) -> i32 {
        self.rank
    }

    /// Which post; null when it can't be fetched at the moment.
    async fn post(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<InPlace<Post>>> {
        let key = PostKey { id: self.post, fields: projection::here(ctx) };
        let post = RequestContext::of(ctx).loaders.posts.by_id.load(key).await;
        Ok(post.map_err(ApiError::from)?.map(Post).map(InPlace))
    }

    /// How many it received.
    async fn like_count(&self) -> i32 {
        int(self.like_count)
    }
}

/// What happened in one interval.
#[derive(SimpleObject)]
pub(in crate::graphql) struct ActivityBucket {
    /// When the interval starts (UTC). The first may start before `from`, and counts from there on.
    pub start: DateTime,
    /// How many posts were published.
    pub posts: i32,
    /// How many likes were given.
    pub likes: i32,
}
