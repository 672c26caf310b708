//! The port to publishing, on MongoDB: each write is one transaction, with the events that it leaves.

use async_trait::async_trait;
use futures::TryStreamExt as _;
use mongodb::ClientSession;
use mongodb::bson::{Document, doc};

use super::document::{AuthorKey, PostDocument, bson_id, bson_time, one_of};
use super::error::store_error;
use super::publishing_likes::SetLikes;
use super::publishing_posts::{Delete, Edit, Publish};
use super::transaction::{Work, find_in, in_transaction};
use super::{Collections, Mongo};
use crate::domain::event::Stamp;
use crate::domain::{Post, PostId, Timestamp, UserId};
use crate::ports::{
    Backend, Changed, Idempotency, LikeWish, LikesSet, NewPost, PostChanges, Published, PublishingStore, StoreResult,
};

/// How many keys are swept at once.
const SWEPT: i64 = 1_000;

/// Publishing, editing, deleting and liking in MongoDB.
#[derive(Clone)]
pub struct MongoPublishing {
    mongo: Mongo,
}

impl MongoPublishing {
    pub(super) fn new(mongo: Mongo) -> Self {
        Self { mongo }
    }

    async fn collections(&self) -> StoreResult<&Collections> {
        self.mongo.collections().await
    }
}

#[async_trait]
impl Backend for MongoPublishing {
    fn kind(&self) -> &'static str {
        "mongodb"
    }

    async fn check(&self) -> StoreResult<String> {
        self.mongo.check().await
    }
}

#[async_trait]
impl PublishingStore for MongoPublishing {
    async fn publish(&self, post: &NewPost, idempotency: Option<&Idempotency>, stamp: Stamp) -> StoreResult<Published> {
        let collections = self.collections().await?;
        in_transaction(&collections.database, &Publish { collections, post, idempotency, stamp }).await
    }

    async fn edit(
        &self,
        post: PostId,
        author: UserId,
        changes: &PostChanges,
        expected_revision: Option<u32>,
        stamp: Stamp,
    ) -> StoreResult<Changed<Post>> {
        let collections = self.collections().await?;
        let edit = Edit { collections, post, author, changes, expected_revision, stamp };
        in_transaction(&collections.database, &edit).await
    }

    async fn delete(&self, post: PostId, author: UserId, stamp: Stamp) -> StoreResult<Changed<()>> {
        let collections = self.collections().await?;
        in_transaction(&collections.database, &Delete { collections, post, author, stamp }).await
    }

    async fn set_likes(&self, post: PostId, wishes: &[LikeWish]) -> StoreResult<Option<LikesSet>> {
        let collections = self.collections().await?;
        in_transaction(&collections.database, &SetLikes { collections, post, wishes }).await
    }

    async fn close_author(&self, user: UserId) -> StoreResult<()> {
        let collections = self.collections().await?;
        in_transaction(&collections.database, &CloseAuthor { collections, user }).await
    }

    async fn sweep_keys(&self, now: Timestamp) -> StoreResult<u64> {
        let keys = &self.collections().await?.publish_keys;
        let old = doc! { "createdAt": { "$lt": bson_time(now) } };
        let found = keys
            .clone_with_type::<Document>()
            .find(old.clone())
            .sort(doc! { "createdAt": 1 })
            .limit(SWEPT)
            .projection(doc! { "_id": 1 })
            .await
            .map_err(store_error)?;
        let found: Vec<Document> = found.try_collect().await.map_err(store_error)?;
        let ids: Vec<_> = found.iter().filter_map(|key| key.get("_id")).collect();
        if ids.is_empty() {
            return Ok(0);
        }
        // A key that was used anew meanwhile is not old any more.
        let mut filter = old;
        filter.insert("_id", doc! { "$in": ids });
        Ok(keys.delete_many(filter).await.map_err(store_error)?.deleted_count)
    }
}

/// Marks an author. Every write that must not come after writes to the same document, whose conflict puts the two in
/// order.
struct CloseAuthor<'a> {
    collections: &'a Collections,
    user: UserId,
}

#[async_trait]
impl Work for CloseAuthor<'_> {
    type Output = ();

    async fn run(&self, session: &mut ClientSession) -> StoreResult<()> {
        let update = doc! { "$set": { "closed": true }, "$inc": { "posts": 0, "likes": 0 } };
        let authors = &self.collections.authors;
        let closed = authors.update_one(doc! { "_id": bson_id(self.user.0) }, update).upsert(true).session(session);
        closed.await.map(drop).map_err(store_error)
    }
}

/// Which of these users are closed. Whoever relies on it writes to the others' documents in the same transaction.
pub(super) async fn closed_among(
    session: &mut ClientSession,
    collections: &Collections,
    users: impl IntoIterator<Item = UserId>,
) -> StoreResult<Vec<UserId>> {
    let filter = doc! { "_id": one_of(users.into_iter().map(|user| user.0)), "closed": true };
    let keys = collections.authors.clone_with_type::<AuthorKey>();
    let found = find_in(session, keys.find(filter).projection(doc! { "_id": 1 })).await?;
    Ok(found.into_iter().map(UserId::from).collect())
}

/// The post, whole.
pub(super) async fn post_in(
    session: &mut ClientSession,
    collections: &Collections,
    post: PostId,
) -> StoreResult<Option<Post>> {
    let filter = doc! { "_id": bson_id(post.0) };
    let found: Option<PostDocument> = collections.posts.find_one(filter).session(session).await.map_err(store_error)?;
    Ok(found.map(Post::from))
}
