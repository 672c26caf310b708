//! The documents as they are stored, and how they become nouns.

use mongodb::bson::{Bson, DateTime, Document, Uuid as BsonUuid, doc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{AuthorStats, Like, LikeId, Post, PostId, Timestamp, UserId};
use crate::ports::NewPost;

/// BSON's form of an id: binary, subtype 4, ordered by its bytes.
pub(super) fn bson_id(id: Uuid) -> BsonUuid {
    BsonUuid::from_bytes(id.into_bytes())
}

fn uuid(id: BsonUuid) -> Uuid {
    Uuid::from_bytes(id.bytes())
}

/// BSON's form of a moment, exact to the millisecond.
pub(super) fn bson_time(at: Timestamp) -> DateTime {
    DateTime::from_millis(at.millis())
}

fn timestamp(at: DateTime) -> Timestamp {
    Timestamp::from_millis(at.timestamp_millis())
}

/// The key of a like. The order of its fields is part of it.
pub(super) fn like_key(id: LikeId) -> Document {
    doc! { "post": bson_id(id.post.0), "user": bson_id(id.user.0) }
}

/// The condition that `field` is one of `ids`.
pub(super) fn one_of(ids: impl IntoIterator<Item = Uuid>) -> Document {
    doc! { "$in": ids.into_iter().map(|id| Bson::from(bson_id(id))).collect::<Vec<_>>() }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PostDocument {
    #[serde(rename = "_id")]
    id: BsonUuid,
    author: BsonUuid,
    title: String,
    /// Absent where the projection left it out; every stored post has it.
    #[serde(default)]
    content: Option<String>,
    created_at: DateTime,
    updated_at: DateTime,
    revision: u32,
    like_count: u64,
    version: u64,
}

impl From<&NewPost> for PostDocument {
    fn from(post: &NewPost) -> Self {
        let created_at = bson_time(post.created_at);
        Self {
            id: bson_id(post.id.0),
            author: bson_id(post.author.0),
            title: post.title.clone(),
            content: Some(post.content.clone()),
            created_at,
            updated_at: created_at,
            revision: 1,
            like_count: 0,
            version: 1,
        }
    }
}

impl From<PostDocument> for Post {
    fn from(post: PostDocument) -> Self {
        Self {
            id: PostId(uuid(post.id)),
            author: UserId(uuid(post.author)),
            title: post.title,
            content: post.content,
            created_at: timestamp(post.created_at),
            updated_at: timestamp(post.updated_at),
            revision: post.revision,
            like_count: post.like_count,
            version: post.version,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LikeDocument {
    #[serde(rename = "_id")]
    key: LikeKey,
    author: BsonUuid,
    created_at: DateTime,
}

/// The key of a like, in the order in which it is compared.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LikeKey {
    post: BsonUuid,
    user: BsonUuid,
}

impl From<LikeKey> for LikeId {
    fn from(key: LikeKey) -> Self {
        Self { post: PostId(uuid(key.post)), user: UserId(uuid(key.user)) }
    }
}

impl From<&Like> for LikeDocument {
    fn from(like: &Like) -> Self {
        Self {
            key: LikeKey { post: bson_id(like.id.post.0), user: bson_id(like.id.user.0) },
            author: bson_id(like.author.0),
            created_at: bson_time(like.created_at),
        }
    }
}

impl From<LikeDocument> for Like {
    fn from(like: LikeDocument) -> Self {
        Self { id: like.key.into(), author: UserId(uuid(like.author)), created_at: timestamp(like.created_at) }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct AuthorDocument {
    #[serde(rename = "_id")]
    id: BsonUuid,
    posts: u64,
    likes: u64,
}

impl From<AuthorDocument> for (UserId, AuthorStats) {
    fn from(author: AuthorDocument) -> Self {
        (UserId(uuid(author.id)), AuthorStats { posts: author.posts, likes: author.likes })
    }
}

/// A row of the recommendations' pipeline.
#[derive(Debug, Deserialize)]
pub(super) struct RecommendedDocument {
    count: u64,
    post: PostDocument,
}

impl From<RecommendedDocument> for (Post, u64) {
    fn from(row: RecommendedDocument) -> Self {
        (row.post.into(), row.count)
    }
}

/// A document of which only the key was read.
#[derive(Debug, Deserialize)]
pub(super) struct Key<K> {
    #[serde(rename = "_id")]
    pub(super) id: K,
}

/// The key of a post.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct PostKey(BsonUuid);

impl From<PostKey> for PostId {
    fn from(key: PostKey) -> Self {
        Self(uuid(key.0))
    }
}

/// What a transaction must know of a post that is liked.
#[derive(Debug, Deserialize)]
pub(super) struct PostAuthor {
    #[serde(rename = "_id")]
    id: BsonUuid,
    author: BsonUuid,
}

impl From<PostAuthor> for (PostId, UserId) {
    fn from(post: PostAuthor) -> Self {
        (PostId(uuid(post.id)), UserId(uuid(post.author)))
    }
}

/// The internal version of a post.
#[derive(Debug, Deserialize)]
pub(super) struct PostVersion {
    #[serde(rename = "_id")]
    id: BsonUuid,
    version: u64,
}

impl From<PostVersion> for (PostId, u64) {
    fn from(post: PostVersion) -> Self {
        (PostId(uuid(post.id)), post.version)
    }
}
