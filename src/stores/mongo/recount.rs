//! Counting again what is kept as counts, in a transaction, so that a count and what it counts are of one moment.

use std::collections::HashMap;

use async_trait::async_trait;
use futures::StreamExt as _;
use mongodb::bson::{Uuid as BsonUuid, doc};
use mongodb::{ClientSession, Collection};
use serde::Deserialize;
use uuid::Uuid;

use super::Collections;
use super::document::{one_of, uuid};
use super::error::store_error;
use super::transaction::{Work, find_in};
use crate::domain::{PostId, UserId};
use crate::ports::{Recount, StoreResult};

#[derive(Deserialize)]
struct Grouped {
    #[serde(rename = "_id")]
    id: BsonUuid,
    count: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Kept {
    #[serde(rename = "_id")]
    pub(super) id: BsonUuid,
    /// Of a post.
    pub(super) author: Option<BsonUuid>,
    /// Of a post.
    #[serde(default)]
    pub(super) version: i64,
    #[serde(default)]
    like_count: i64,
    #[serde(default)]
    posts: i64,
    #[serde(default)]
    likes: i64,
}

pub(super) fn natural(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}

/// How many documents there are for each of `ids` in `field`.
async fn count<T: Send + Sync>(
    session: &mut ClientSession,
    collection: &Collection<T>,
    field: &str,
    ids: &[Uuid],
) -> StoreResult<HashMap<Uuid, i64>> {
    let pipeline = [
        doc! { "$match": { field: one_of(ids.iter().copied()) } },
        doc! { "$group": { "_id": format!("${field}"), "count": { "$sum": 1_i64 } } },
    ];
    let aggregate = collection.aggregate(pipeline).with_type::<Grouped>().session(&mut *session);
    let mut cursor = aggregate.await.map_err(store_error)?;
    let mut counts = HashMap::new();
    let mut rows = cursor.stream(session);
    while let Some(row) = rows.next().await {
        let row = row.map_err(store_error)?;
        counts.insert(uuid(row.id), row.count);
    }
    Ok(counts)
}

/// What is kept of each of `ids`.
async fn kept<T: Send + Sync>(
    session: &mut ClientSession,
    collection: &Collection<T>,
    ids: &[Uuid],
) -> StoreResult<HashMap<Uuid, Kept>> {
    let collection = collection.clone_with_type::<Kept>();
    let find = collection.find(doc! { "_id": one_of(ids.iter().copied()) });
    let find = find.projection(doc! { "author": 1, "version": 1, "likeCount": 1, "posts": 1, "likes": 1 });
    Ok(find_in(session, find).await?.into_iter().map(|kept| (uuid(kept.id), kept)).collect())
}

/// The kept posts among `ids`, and how many likes each has.
pub(super) async fn posts(
    session: &mut ClientSession,
    collections: &Collections,
    ids: &[Uuid],
) -> StoreResult<Vec<(Kept, i64)>> {
    let kept = kept(session, &collections.posts, ids).await?;
    let counts = count(session, &collections.likes, "post", ids).await?;
    Ok(kept.into_iter().map(|(id, kept)| (kept, of_count(&counts, &id))).collect())
}

/// How many posts each of `ids` has written, and how many likes they have given.
pub(super) async fn authors(
    session: &mut ClientSession,
    collections: &Collections,
    ids: &[Uuid],
) -> StoreResult<Vec<(Uuid, i64, i64)>> {
    let written = count(session, &collections.posts, "author", ids).await?;
    let given = count(session, &collections.likes, "user", ids).await?;
    Ok(ids.iter().map(|id| (*id, of_count(&written, id), of_count(&given, id))).collect())
}

/// Counts the likes of posts again.
pub(super) struct RecountPosts<'a> {
    pub(super) collections: &'a Collections,
    pub(super) posts: &'a [PostId],
}

#[async_trait]
impl Work for RecountPosts<'_> {
    type Output = Vec<Recount<PostId>>;

    async fn run(&self, session: &mut ClientSession) -> StoreResult<Self::Output> {
        let ids: Vec<Uuid> = self.posts.iter().map(|id| id.0).collect();
        let recount = |(kept, counted): (Kept, i64)| Recount {
            id: PostId(uuid(kept.id)),
            name: "likeCount",
            stored: natural(kept.like_count),
            counted: natural(counted),
        };
        Ok(posts(session, self.collections, &ids).await?.into_iter().map(recount).collect())
    }
}

/// Counts the posts and likes of authors again.
pub(super) struct RecountAuthors<'a> {
    pub(super) collections: &'a Collections,
    pub(super) authors: &'a [UserId],
}

#[async_trait]
impl Work for RecountAuthors<'_> {
    type Output = Vec<Recount<UserId>>;

    async fn run(&self, session: &mut ClientSession) -> StoreResult<Self::Output> {
        let ids: Vec<Uuid> = self.authors.iter().map(|id| id.0).collect();
        let kept = kept(session, &self.collections.authors, &ids).await?;
        let recount = |(id, written, given): (Uuid, i64, i64)| {
            let (posts, likes) = kept.get(&id).map_or((0, 0), |kept| (kept.posts, kept.likes));
            let of = |name, stored, counted| Recount {
                id: UserId(id),
                name,
                stored: natural(stored),
                counted: natural(counted),
            };
            [of("postsCount", posts, written), of("likesCount", likes, given)]
        };
        Ok(authors(session, self.collections, &ids).await?.into_iter().flat_map(recount).collect())
    }
}

fn of_count(counts: &HashMap<Uuid, i64>, id: &Uuid) -> i64 {
    counts.get(id).copied().unwrap_or_default()
}
