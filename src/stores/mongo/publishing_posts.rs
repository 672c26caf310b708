//! Publishing, editing and deleting posts, each in one transaction.
//!
//! As in [`super::write`], what transactions collide on is written first, and each looks before it inserts.

use std::collections::BTreeMap;

use async_trait::async_trait;
use mongodb::ClientSession;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, DateTime, Document, Uuid as BsonUuid, doc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Collections;
use super::document::{LikeKey, PostDocument, bson_id, bson_time, timestamp, uuid};
use super::error::store_error;
use super::outbox_document::leave;
use super::publishing::{closed_among, post_in};
use super::transaction::{Work, find_in, update_in};
use super::write::count_for;
use crate::domain::event::{Happened, Stamp};
use crate::domain::{LikeId, Post, PostId, UserId};
use crate::ports::{Changed, Idempotency, NewPost, PostChanges, Published, StoreResult};

/// How many counters are changed by one command: its message stays far below the 48 MB that a server takes.
const COUNTERS: usize = 10_000;

/// What an author published under a key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeyDocument {
    /// The bytes of the author's id and of the key: unique by itself.
    #[serde(rename = "_id")]
    id: Binary,
    post: BsonUuid,
    fingerprint: Binary,
    created_at: DateTime,
}

fn bytes(bytes: Vec<u8>) -> Binary {
    Binary { subtype: BinarySubtype::Generic, bytes }
}

fn key_id(author: UserId, key: &str) -> Binary {
    bytes([author.0.as_bytes(), key.as_bytes()].concat())
}

/// Publishes a post.
pub(super) struct Publish<'a> {
    pub(super) collections: &'a Collections,
    pub(super) post: &'a NewPost,
    pub(super) idempotency: Option<&'a Idempotency>,
    pub(super) stamp: Stamp,
}

#[async_trait]
impl Work for Publish<'_> {
    type Output = Published;

    async fn run(&self, session: &mut ClientSession) -> StoreResult<Published> {
        if let Some(before) = self.before(session).await? {
            return Ok(before);
        }
        let (post, Collections { database, posts, authors, outbox, .. }) = (self.post, self.collections);
        if !closed_among(session, self.collections, [post.author]).await?.is_empty() {
            return Ok(Published::AuthorClosed);
        }
        let count = count_for(post.author.0, doc! { "posts": 1, "likes": 0 });
        update_in(session, database, authors, vec![count]).await?;
        self.remember(session).await?;
        let document = PostDocument::from(post);
        posts.insert_one(&document).session(&mut *session).await.map_err(store_error)?;
        let published = Post::from(document);
        let happened = Happened::PostCreated { author: post.author.0 };
        leave(session, outbox, &[self.stamp.event(post.id, published.version, happened)]).await?;
        Ok(Published::New(published))
    }
}

impl Publish<'_> {
    /// What became of the key before, where it is still known.
    async fn before(&self, session: &mut ClientSession) -> StoreResult<Option<Published>> {
        let Some(Idempotency { key, fingerprint, not_before }) = self.idempotency else { return Ok(None) };
        let filter = doc! { "_id": key_id(self.post.author, key) };
        let found = self.collections.publish_keys.find_one(filter).session(&mut *session).await.map_err(store_error)?;
        let Some(known) = found.filter(|known| timestamp(known.created_at) >= *not_before) else { return Ok(None) };
        if known.fingerprint.bytes != fingerprint {
            return Ok(Some(Published::KeyInUse));
        }
        let post = post_in(session, self.collections, PostId(uuid(known.post))).await?;
        Ok(Some(post.map_or(Published::Gone, Published::Before)))
    }

    /// Remembers the key, in place of its use that is forgotten.
    async fn remember(&self, session: &mut ClientSession) -> StoreResult<()> {
        let Some(Idempotency { key, fingerprint, .. }) = self.idempotency else { return Ok(()) };
        let used = KeyDocument {
            id: key_id(self.post.author, key),
            post: bson_id(self.post.id.0),
            fingerprint: bytes(fingerprint.to_vec()),
            created_at: bson_time(self.stamp.at),
        };
        let keys = &self.collections.publish_keys;
        let replaced = keys.replace_one(doc! { "_id": used.id.clone() }, &used).upsert(true).session(session);
        replaced.await.map(drop).map_err(store_error)
    }
}

/// Edits a post.
pub(super) struct Edit<'a> {
    pub(super) collections: &'a Collections,
    pub(super) post: PostId,
    pub(super) author: UserId,
    pub(super) changes: &'a PostChanges,
    pub(super) expected_revision: Option<u32>,
    pub(super) stamp: Stamp,
}

#[async_trait]
impl Work for Edit<'_> {
    type Output = Changed<Post>;

    async fn run(&self, session: &mut ClientSession) -> StoreResult<Changed<Post>> {
        let Collections { database, posts, authors, outbox, .. } = self.collections;
        let before = match theirs(session, self.collections, self.post, self.author).await? {
            Changed::Done(before) => before,
            refused => return Ok(refused),
        };
        if !closed_among(session, self.collections, [self.author]).await?.is_empty() {
            return Ok(Changed::AuthorClosed);
        }
        if self.expected_revision.is_some_and(|expected| expected != before.revision) {
            return Ok(Changed::OtherRevision);
        }
        let Some(edited) = self.edited(&before) else { return Ok(Changed::Done(before)) };
        let set = doc! {
            "title": &edited.title,
            "content": &edited.content,
            "updatedAt": bson_time(edited.updated_at),
        };
        let update = doc! { "$set": set, "$inc": { "revision": 1, "version": 1 } };
        update_in(session, database, posts, vec![doc! { "q": { "_id": bson_id(self.post.0) }, "u": update }]).await?;
        // An edit counts nothing: it writes something new to the author's document all the same, so that closing
        // the account conflicts with it.
        let touch = doc! { "$set": { "touched": bson_id(self.stamp.event) }, "$inc": { "posts": 0, "likes": 0 } };
        let touch = doc! { "q": { "_id": bson_id(self.author.0) }, "u": touch, "upsert": true };
        update_in(session, database, authors, vec![touch]).await?;
        let happened = Happened::PostUpdated { author: self.author.0 };
        leave(session, outbox, &[self.stamp.event(self.post, edited.version, happened)]).await?;
        Ok(Changed::Done(edited))
    }
}

impl Edit<'_> {
    /// The post after it; `None` where nothing changes.
    fn edited(&self, before: &Post) -> Option<Post> {
        let PostChanges { title, content } = self.changes;
        let edited = Post {
            title: title.clone().unwrap_or_else(|| before.title.clone()),
            content: content.clone().or_else(|| before.content.clone()),
            ..before.clone()
        };
        let changed = |edited| Post {
            updated_at: self.stamp.at,
            revision: before.revision + 1,
            version: before.version + 1,
            ..edited
        };
        (edited != *before).then(|| changed(edited))
    }
}

/// Deletes a post.
pub(super) struct Delete<'a> {
    pub(super) collections: &'a Collections,
    pub(super) post: PostId,
    pub(super) author: UserId,
    pub(super) stamp: Stamp,
}

#[async_trait]
impl Work for Delete<'_> {
    type Output = Changed<()>;

    async fn run(&self, session: &mut ClientSession) -> StoreResult<Changed<()>> {
        let Collections { database, posts, likes, authors, outbox, .. } = self.collections;
        let post = match theirs(session, self.collections, self.post, self.author).await? {
            Changed::Done(post) => post,
            Changed::NotTheirs => return Ok(Changed::NotTheirs),
            _ => return Ok(Changed::NotFound),
        };
        let id = bson_id(self.post.0);
        posts.delete_one(doc! { "_id": id }).session(&mut *session).await.map_err(store_error)?;
        let keys = likes.clone_with_type::<LikeKey>();
        let given = find_in(session, keys.find(doc! { "post": id }).projection(LikeKey::projection())).await?;
        let counts = self.counts(given.into_iter().map(|like| LikeId::from(like).user));
        for counts in counts.chunks(COUNTERS) {
            update_in(session, database, authors, counts.to_vec()).await?;
        }
        likes.delete_many(doc! { "post": id }).session(&mut *session).await.map_err(store_error)?;
        let happened = Happened::PostDeleted { author: self.author.0 };
        leave(session, outbox, &[self.stamp.event(self.post, post.version + 1, happened)]).await?;
        Ok(Changed::Done(()))
    }
}

impl Delete<'_> {
    /// The updates that take back what was counted for the author and the likers, in the order of ids.
    fn counts(&self, likers: impl Iterator<Item = UserId>) -> Vec<Document> {
        let mut counts: BTreeMap<Uuid, (i32, i32)> = likers.map(|liker| (liker.0, (0, -1))).collect();
        counts.entry(self.author.0).or_default().0 = -1;
        let update = |(user, (posts, likes))| count_for(user, doc! { "posts": posts, "likes": likes });
        counts.into_iter().map(update).collect()
    }
}

/// The post, if it is this author's; otherwise why not.
async fn theirs(
    session: &mut ClientSession,
    collections: &Collections,
    post: PostId,
    author: UserId,
) -> StoreResult<Changed<Post>> {
    Ok(match post_in(session, collections, post).await? {
        None => Changed::NotFound,
        Some(post) if post.author != author => Changed::NotTheirs,
        Some(post) => Changed::Done(post),
    })
}
