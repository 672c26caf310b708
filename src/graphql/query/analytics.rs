//! Leaderboards and activity, joined with the truth.

use std::collections::HashMap;

use async_graphql::Context;
use futures::future::join_all;

use super::RequestContext;
use crate::domain::{self, Period, page};
use crate::graphql::errors::Result;
use crate::graphql::pages::int;
use crate::graphql::projection;
use crate::graphql::scalars::{DateTime, Interval};
use crate::graphql::types::{ActivityBucket, LeaderboardEntry, TrendingPost};
use crate::loaders::PostKey;
use crate::ports::StoreResult;
use crate::services::fallback;

/// The most buckets that `activity` returns.
const MAX_BUCKETS: usize = 1_000;

pub(super) async fn fetch_leaderboard(
    ctx: &Context<'_>,
    from: Option<DateTime>,
    to: Option<DateTime>,
    first: i32,
) -> Result<Vec<LeaderboardEntry>> {
    let here = RequestContext::of(ctx);
    let RequestContext { stores, loaders, .. } = here;
    let (period, limit) = (period(from, to)?, page::limit("first", first)?);
    let mut counts = here.answered(fallback::top_authors(stores, period, limit).await?);
    if ctx.look_ahead().field("user").exists() {
        let users = join_all(counts.iter().map(|(author, _)| loaders.users.by_id.load(*author))).await;
        counts = keep_existing(counts, &users);
    }
    let entry = |(rank, (author, like_count))| LeaderboardEntry { rank, author, like_count };
    Ok(ranks(&counts).zip(counts.iter().copied()).map(entry).collect())
}

pub(super) async fn fetch_trending(
    ctx: &Context<'_>,
    from: Option<DateTime>,
    to: Option<DateTime>,
    first: i32,
) -> Result<Vec<TrendingPost>> {
    let here = RequestContext::of(ctx);
    let RequestContext { stores, loaders, .. } = here;
    let (period, limit) = (period(from, to)?, page::limit("first", first)?);
    let mut counts = here.answered(fallback::top_posts(stores, period, limit).await?);
    let post = ctx.look_ahead().field("post");
    if post.exists() {
        let fields = projection::of_post(&post);
        let posts = join_all(counts.iter().map(|&(id, _)| loaders.posts.by_id.load(PostKey { id, fields }))).await;
        counts = keep_existing(counts, &posts);
    }
    let entry = |(rank, (post, like_count))| TrendingPost { rank, post, like_count };
    Ok(ranks(&counts).zip(counts.iter().copied()).map(entry).collect())
}

pub(super) async fn fetch_activity(
    ctx: &Context<'_>,
    from: DateTime,
    to: DateTime,
    interval: Interval,
) -> Result<Vec<ActivityBucket>> {
    let period = period(Some(from), Some(to))?;
    let interval = domain::Interval::from(interval);
    let starts = interval.starts(from.0, to.0, MAX_BUCKETS)?;
    let here = RequestContext::of(ctx);
    let counts = here.answered(fallback::activity(&here.stores, period, interval).await?);
    let counts: HashMap<_, _> = counts.into_iter().map(|count| (count.start, (count.posts, count.likes))).collect();
    let bucket = |start| {
        let (posts, likes) = counts.get(&start).copied().unwrap_or_default();
        ActivityBucket { start: DateTime(start), posts: int(posts), likes: int(likes) }
    };
    Ok(starts.into_iter().map(bucket).collect())
}

fn period(from: Option<DateTime>, to: Option<DateTime>) -> Result<Period> {
    Ok(Period::new(from.map(|from| from.0), to.map(|to| to.0))?)
}

/// Leaves out what is gone from the truth. What a store that does not answer holds may still be there.
fn keep_existing<K, V>(counts: Vec<(K, u64)>, truth: &[StoreResult<Option<V>>]) -> Vec<(K, u64)> {
    let there = counts.into_iter().zip(truth).filter(|(_, found)| !matches!(found, Ok(None)));
    there.map(|(count, _)| count).collect()
}

/// Standard competition ranking: 1, 1, 3.
fn ranks<T>(counts: &[(T, u64)]) -> impl Iterator<Item = i32> {
    counts.iter().map(|(_, count)| 1 + int(counts.partition_point(|(_, other)| other > count) as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_with_as_many_share_a_rank() {
        let counts = [('a', 9), ('b', 9), ('c', 5), ('d', 5), ('e', 1)];
        assert_eq!(ranks(&counts).collect::<Vec<_>>(), [1, 1, 3, 3, 5]);
    }
}
