//! Sending queries: stretches one after the other, several commands side by side, lists merged.

use std::collections::HashMap;
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use mongodb::action::{Action as _, Find};
use mongodb::bson::Document;
use mongodb::raw_batch_cursor::RawBatchCursor;
use mongodb::{Collection, Database};
use uuid::Uuid;

use super::children::{Ask, Pipeline};
use super::decode::{self, Decode};
use super::error::store_error;
use super::query::{MAX_KEYS, Stretch};
use crate::domain::{Page, Slice};
use crate::ports::{StoreResult, deadline};

/// The least that the server can be told: zero would be for ever.
const LEAST_TIME: Duration = Duration::from_millis(1);

/// How long the server may go on with a command (`maxTimeMS`): as long as somebody waits for it.
pub(super) fn max_time() -> Option<Duration> {
    deadline::time_left().map(|left| left.max(LEAST_TIME))
}

/// How many commands one call of the port keeps in flight: enough to hide the round trips, few enough to leave
/// connections to others.
pub(super) const CONCURRENCY: usize = 16;

/// The query for one stretch, ready to be sent.
pub(super) fn find<T: Send + Sync>(collection: &Collection<T>, stretch: Stretch) -> Find<'_, T> {
    let find = collection
        .find(stretch.filter)
        .sort(stretch.sort)
        .limit(stretch.limit)
        .batch_size(u32::try_from(stretch.limit).unwrap_or(u32::MAX))
        .optional(max_time(), Find::max_time);
    match stretch.projection {
        Some(projection) => find.projection(projection),
        None => find,
    }
}

/// All that a cursor brings.
async fn rows<N: Decode>(mut batches: RawBatchCursor) -> StoreResult<Vec<N>> {
    let mut rows = Vec::new();
    while let Some(batch) = batches.try_next().await.map_err(store_error)? {
        for row in decode::each(batch.doc_slices().map_err(store_error)?) {
            rows.push(row.map_err(store_error)?);
        }
    }
    Ok(rows)
}

/// How large the first batch may be for `most` rows to be all in it. With just as many the server would keep the
/// cursor open, to be asked whether there are more.
fn batch_for(most: usize) -> u32 {
    u32::try_from(most).unwrap_or(u32::MAX).saturating_add(1)
}

/// What one stretch holds, in its order.
pub(super) async fn walk<T: Send + Sync, N: Decode>(
    collection: &Collection<T>,
    stretch: Stretch,
) -> StoreResult<Vec<N>> {
    rows(find(collection, stretch).batch().await.map_err(store_error)?).await
}

/// What several stretches hold, each in its own list, asked for at once.
pub(super) async fn walk_all<T, N>(collection: &Collection<T>, stretches: Vec<Stretch>) -> StoreResult<Vec<Vec<N>>>
where
    T: Send + Sync,
    N: Decode + Send,
{
    stream::iter(stretches).map(|stretch| walk(collection, stretch)).buffered(CONCURRENCY).try_collect().await
}

/// One page of a list whose stretches follow each other.
pub(super) async fn page<T, N, C>(
    collection: &Collection<T>,
    stretches: Vec<Stretch>,
    page: &Page<C>,
) -> StoreResult<Slice<N>>
where
    T: Send + Sync,
    N: Decode + Send,
{
    let rows = walk_all(collection, stretches).await?;
    Ok(page.slice(rows.into_iter().flatten().collect()))
}

/// What a pipeline over `collection` gives, which is at most `most` rows.
pub(super) async fn aggregate<T, N>(
    collection: &Collection<T>,
    stages: Vec<Document>,
    most: usize,
) -> StoreResult<Vec<N>>
where
    T: Send + Sync,
    N: Decode,
{
    let aggregate = collection.aggregate(stages).batch_size(batch_for(most));
    let aggregate = aggregate.optional(max_time(), |aggregate, time| aggregate.max_time(time));
    rows(aggregate.batch().await.map_err(store_error)?).await
}

/// The same page of several lists, by their parents. Lists that are empty are left out.
pub(super) async fn pages<T, N, C>(
    database: &Database,
    collection: &Collection<T>,
    asked: Vec<Ask>,
    of: &Page<C>,
) -> StoreResult<HashMap<Uuid, Slice<N>>>
where
    T: Send + Sync,
    N: Decode + Send,
{
    let one = |ask| async move {
        let lists: Vec<(Uuid, Vec<N>)> = match ask {
            Ask::One(parent, stretches) => {
                let rows = walk_all(collection, stretches).await?;
                vec![(parent, rows.into_iter().flatten().collect())]
            }
            Ask::Whole(Pipeline { stages, parents }) => aggregate(collection, stages, parents).await?,
            Ask::Walks(Pipeline { stages, parents }) => {
                let aggregate = database.aggregate(stages).batch_size(batch_for(parents));
                let aggregate = aggregate.optional(max_time(), |aggregate, time| aggregate.max_time(time));
                rows(aggregate.batch().await.map_err(store_error)?).await?
            }
        };
        StoreResult::Ok(lists)
    };
    let lists: Vec<Vec<(Uuid, Vec<N>)>> =
        stream::iter(asked).map(one).buffer_unordered(CONCURRENCY).try_collect().await?;
    let lists = lists.into_iter().flatten().filter(|(_, rows)| !rows.is_empty());
    Ok(lists.map(|(parent, rows)| (parent, of.slice(rows))).collect())
}

/// What is found by keys, in no order: at most one document for each, in as few commands as there can be.
pub(super) async fn find_all<T, N, K>(
    collection: &Collection<T>,
    keys: &[K],
    filter: impl Fn(&[K]) -> Document,
    projection: Option<Document>,
) -> StoreResult<Vec<N>>
where
    T: Send + Sync,
    N: Decode + Send,
{
    let some = |keys: &[K]| {
        let find = collection.find(filter(keys)).batch_size(batch_for(keys.len()));
        let mut find = find.optional(max_time(), Find::max_time);
        if let Some(projection) = &projection {
            find = find.projection(projection.clone());
        }
        async { rows(find.batch().await.map_err(store_error)?).await }
    };
    let finds: Vec<_> = keys.chunks(MAX_KEYS).map(some).collect();
    let found: Vec<Vec<N>> = stream::iter(finds).buffer_unordered(CONCURRENCY).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}
