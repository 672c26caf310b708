//! Counting again what is kept as counts, and setting those right: each in a transaction, so that a count and what it
//! counts are of one moment. Fixing touches what it counts for, and so meets every write that counts beside it.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use futures::StreamExt as _;
use mongodb::bson::{Bson, Document, Uuid as BsonUuid, doc};
use mongodb::{ClientSession, Collection};
use serde::Deserialize;
use uuid::Uuid;

use super::Collections;
use super::document::{bson_id, one_of, one_of_likes};
use super::error::store_error;
use super::transaction::{Work, find_in, update_in};
use crate::domain::{LikeId, PostId, UserId};
use crate::ports::{Recount, StoreResult};

#[derive(Deserialize)]
struct Grouped {
    #[serde(rename = "_id")]
    id: BsonUuid,
    count: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    #[serde(rename = "_id")]
    id: BsonUuid,
    #[serde(default)]
    like_count: i64,
    #[serde(default)]
    posts: i64,
    #[serde(default)]
    likes: i64,
}

fn uuid(id: BsonUuid) -> Uuid {
    Uuid::from_bytes(id.bytes())
}

fn natural(count: i64) -> u64 {
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
    let find = find.projection(doc! { "likeCount": 1, "posts": 1, "likes": 1 });
    Ok(find_in(session, find).await?.into_iter().map(|kept| (uuid(kept.id), kept)).collect())
}

fn set(id: Uuid, fields: Document, upsert: bool) -> Document {
    doc! { "q": { "_id": bson_id(id) }, "u": fields, "upsert": upsert }
}

/// Counts the likes of posts again, and sets the counts if that is wanted.
pub(super) struct RecountPosts<'a> {
    pub(super) collections: &'a Collections,
    pub(super) posts: &'a [PostId],
    pub(super) fixes: bool,
}

#[async_trait]
impl Work for RecountPosts<'_> {
    type Output = Vec<Recount<PostId>>;

    async fn run(&self, session: &mut ClientSession) -> StoreResult<Self::Output> {
        let Collections { database, posts, likes, .. } = self.collections;
        let ids: Vec<Uuid> = self.posts.iter().map(|id| id.0).collect();
        let kept = kept(session, posts, &ids).await?;
        let counts = count(session, likes, "post", &ids).await?;
        let of = |id: &Uuid| of_count(&counts, id);
        if self.fixes && !kept.is_empty() {
            let fix =
                |id: &Uuid| set(*id, doc! { "$set": { "likeCount": of(id) }, "$inc": { "version": 1_i64 } }, false);
            update_in(session, database, posts, kept.keys().map(fix).collect()).await?;
        }
        let recount = |(id, kept): (&Uuid, &Kept)| Recount {
            id: PostId(*id),
            name: "likeCount",
            stored: natural(kept.like_count),
            counted: natural(of(id)),
        };
        Ok(kept.iter().map(recount).collect())
    }
}

/// Counts the posts and likes of authors again, and sets the counts if that is wanted.
pub(super) struct RecountAuthors<'a> {
    pub(super) collections: &'a Collections,
    pub(super) authors: &'a [UserId],
    pub(super) fixes: bool,
}

#[async_trait]
impl Work for RecountAuthors<'_> {
    type Output = Vec<Recount<UserId>>;

    async fn run(&self, session: &mut ClientSession) -> StoreResult<Self::Output> {
        let Collections { database, posts, likes, authors, .. } = self.collections;
        let ids: Vec<Uuid> = self.authors.iter().map(|id| id.0).collect();
        let kept = kept(session, authors, &ids).await?;
        let written = count(session, posts, "author", &ids).await?;
        let given = count(session, likes, "user", &ids).await?;
        if self.fixes {
            let fix = |id: &Uuid| {
                let counts = doc! { "posts": of_count(&written, id), "likes": of_count(&given, id) };
                set(*id, doc! { "$set": counts }, true)
            };
            update_in(session, database, authors, ids.iter().map(fix).collect()).await?;
        }
        let recount = |id: &Uuid| {
            let (posts, likes) = kept.get(id).map_or((0, 0), |kept| (kept.posts, kept.likes));
            let of = |name, stored, counted| Recount {
                id: UserId(*id),
                name,
                stored: natural(stored),
                counted: natural(counted),
            };
            [of("postsCount", posts, of_count(&written, id)), of("likesCount", likes, of_count(&given, id))]
        };
        Ok(ids.iter().flat_map(recount).collect())
    }
}

fn of_count(counts: &HashMap<Uuid, i64>, id: &Uuid) -> i64 {
    counts.get(id).copied().unwrap_or_default()
}

/// Removes likes that should not be, and sets right what counted them.
pub(super) struct RemoveLikes<'a> {
    pub(super) collections: &'a Collections,
    pub(super) likes: &'a [LikeId],
}

#[async_trait]
impl Work for RemoveLikes<'_> {
    type Output = ();

    async fn run(&self, session: &mut ClientSession) -> StoreResult<()> {
        let Collections { likes, .. } = self.collections;
        let filter = doc! { "_id": Bson::from(one_of_likes(self.likes.iter().copied())) };
        likes.delete_many(filter).session(&mut *session).await.map_err(store_error)?;
        let posts = Vec::from_iter(self.likes.iter().map(|id| id.post).collect::<BTreeSet<_>>());
        let authors = Vec::from_iter(self.likes.iter().map(|id| id.user).collect::<BTreeSet<_>>());
        RecountPosts { collections: self.collections, posts: &posts, fixes: true }.run(session).await?;
        RecountAuthors { collections: self.collections, authors: &authors, fixes: true }.run(session).await?;
        Ok(())
    }
}
