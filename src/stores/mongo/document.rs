//! The documents as they are stored, and how they become nouns.

use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, DateTime, Document, Uuid as BsonUuid, doc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{Like, LikeId, Post, PostId, Timestamp, UserId};
use crate::ports::NewPost;

/// BSON's form of an id: binary, subtype 4, ordered by its bytes.
pub(super) fn bson_id(id: Uuid) -> BsonUuid {
    BsonUuid::from_bytes(id.into_bytes())
}

/// The id that BSON holds.
pub(super) fn uuid(id: BsonUuid) -> Uuid {
    Uuid::from_bytes(id.bytes())
}

/// BSON's form of a moment, exact to the millisecond.
pub(super) fn bson_time(at: Timestamp) -> DateTime {
    DateTime::from_millis(at.millis())
}

/// The moment that BSON holds.
pub(super) fn timestamp(at: DateTime) -> Timestamp {
    Timestamp::from_millis(at.timestamp_millis())
}

/// The key of a like: the bytes of both ids, which are ordered as (post, user) are. A document in its place would be
/// longer by the fields' names, and not every server finds a list of documents by index.
pub(super) fn like_key(id: LikeId) -> Binary {
    let bytes = [id.post.0.into_bytes(), id.user.0.into_bytes()].concat();
    Binary { subtype: BinarySubtype::Generic, bytes }
}

/// The condition that a like's key is one of `ids`.
pub(super) fn one_of_likes(ids: impl IntoIterator<Item = LikeId>) -> Document {
    doc! { "$in": ids.into_iter().map(|id| Bson::Binary(like_key(id))).collect::<Vec<_>>() }
}

/// The condition that an id is one of `ids`.
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
    key: Binary,
    post: BsonUuid,
    user: BsonUuid,
    author: BsonUuid,
    created_at: DateTime,
}

impl From<&Like> for LikeDocument {
    fn from(like: &Like) -> Self {
        Self {
            key: like_key(like.id),
            post: bson_id(like.id.post.0),
            user: bson_id(like.id.user.0),
            author: bson_id(like.author.0),
            created_at: bson_time(like.created_at),
        }
    }
}

impl From<LikeDocument> for Like {
    fn from(like: LikeDocument) -> Self {
        Self {
            id: LikeId { post: PostId(uuid(like.post)), user: UserId(uuid(like.user)) },
            author: UserId(uuid(like.author)),
            created_at: timestamp(like.created_at),
        }
    }
}

/// Who it is, and no more.
#[derive(Debug, Deserialize)]
pub(super) struct AuthorKey {
    #[serde(rename = "_id")]
    id: BsonUuid,
}

impl From<AuthorKey> for UserId {
    fn from(author: AuthorKey) -> Self {
        Self(uuid(author.id))
    }
}

/// Which post it is, and no more.
#[derive(Debug, Deserialize)]
pub(super) struct PostKey {
    #[serde(rename = "_id")]
    id: BsonUuid,
}

impl From<PostKey> for PostId {
    fn from(post: PostKey) -> Self {
        Self(uuid(post.id))
    }
}

/// Which like it is, and no more.
#[derive(Debug, Deserialize)]
pub(super) struct LikeKey {
    post: BsonUuid,
    user: BsonUuid,
}

impl LikeKey {
    /// What reads just this.
    pub(super) fn projection() -> Document {
        doc! { "_id": 0, "post": 1, "user": 1 }
    }
}

impl From<LikeKey> for LikeId {
    fn from(like: LikeKey) -> Self {
        Self { post: PostId(uuid(like.post)), user: UserId(uuid(like.user)) }
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
