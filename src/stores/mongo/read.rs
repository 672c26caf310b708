//! Sending queries: stretches one after the other, many lists side by side, sorted lists merged.

use std::collections::HashMap;
use std::hash::Hash;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use mongodb::Collection;
use mongodb::action::Find;
use mongodb::bson::Document;
use serde::de::DeserializeOwned;

use super::error::store_error;
use super::query::Stretch;
use crate::domain::{Page, Slice};
use crate::ports::StoreResult;

/// How many commands one call of the port keeps in flight: enough to hide the round trips, few enough to leave
/// connections to others.
pub(super) const CONCURRENCY: usize = 16;

/// The query for one stretch, ready to be sent.
pub(super) fn find<T: Send + Sync>(collection: &Collection<T>, stretch: Stretch) -> Find<'_, T> {
    let find = collection
        .find(stretch.filter)
        .sort(stretch.sort)
        .limit(stretch.limit)
        .batch_size(u32::try_from(stretch.limit).unwrap_or(u32::MAX));
    match stretch.projection {
        Some(projection) => find.projection(projection),
        None => find,
    }
}

/// The documents of one stretch, in its order.
pub(super) async fn walk<T>(collection: &Collection<T>, stretch: Stretch) -> StoreResult<Vec<T>>
where
    T: DeserializeOwned + Send + Sync,
{
    find(collection, stretch).await.map_err(store_error)?.try_collect().await.map_err(store_error)
}

/// The documents of several stretches, each in its own list, asked for at once.
pub(super) async fn walk_all<T>(collection: &Collection<T>, stretches: Vec<Stretch>) -> StoreResult<Vec<Vec<T>>>
where
    T: DeserializeOwned + Send + Sync,
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
    T: DeserializeOwned + Send + Sync + Into<N>,
{
    let rows = walk_all(collection, stretches).await?;
    Ok(page.slice(rows.into_iter().flatten().collect()).map(T::into))
}

/// The same page of many lists, by their keys: one small query for each, side by side, so that each reads no more
/// than its page. Lists that are empty are left out.
pub(super) async fn pages<K, T, N, C>(
    collection: &Collection<T>,
    lists: Vec<(K, Vec<Stretch>)>,
    of: &Page<C>,
) -> StoreResult<HashMap<K, Slice<N>>>
where
    K: Eq + Hash,
    T: DeserializeOwned + Send + Sync + Into<N>,
{
    let one = |(key, stretches)| async move { StoreResult::Ok((key, page(collection, stretches, of).await?)) };
    let pages: Vec<(K, Slice<N>)> = stream::iter(lists).map(one).buffer_unordered(CONCURRENCY).try_collect().await?;
    Ok(pages.into_iter().filter(|(_, slice)| !slice.items.is_empty()).collect())
}

/// All documents that the filter finds by keys, in no order, in as few batches as there can be.
pub(super) async fn find_all<T>(
    collection: &Collection<T>,
    filter: Document,
    projection: Option<Document>,
    most: usize,
) -> StoreResult<Vec<T>>
where
    T: DeserializeOwned + Send + Sync,
{
    let mut find = collection.find(filter).batch_size(u32::try_from(most).unwrap_or(u32::MAX));
    if let Some(projection) = projection {
        find = find.projection(projection);
    }
    find.await.map_err(store_error)?.try_collect().await.map_err(store_error)
}
