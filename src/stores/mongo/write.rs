//! Inserting posts and likes, with the counters that go with them, each batch in one transaction.
//!
//! Only what is missing is inserted: one duplicate key aborts a transaction. Counters are changed before anything is
//! inserted, since they are what transactions collide on, and a collision is best found early.

use std::collections::{BTreeMap, HashMap, HashSet};

use async_trait::async_trait;
use mongodb::ClientSession;
use mongodb::bson::{Document, doc};
use uuid::Uuid;

use super::Collections;
use super::document::{LikeDocument, LikeKey, PostAuthor, PostDocument, PostKey, bson_id, one_of, one_of_likes};
use super::error::store_error;
use super::transaction::{Work, find_in, update_in};
use crate::domain::{Like, LikeId, PostId, UserId};
use crate::ports::{NewPost, StoreResult};

/// Adds posts that are not there yet.
pub(super) struct InsertPosts<'a> {
    pub(super) collections: &'a Collections,
    pub(super) posts: &'a [NewPost],
}

#[async_trait]
impl Work for InsertPosts<'_> {
    type Output = u64;

    async fn run(&self, session: &mut ClientSession) -> StoreResult<u64> {
        let Collections { database, posts, authors, .. } = self.collections;
        let filter = doc! { "_id": one_of(self.posts.iter().map(|post| post.id.0)) };
        let keys = posts.clone_with_type::<PostKey>();
        let found = find_in(session, keys.find(filter).projection(doc! { "_id": 1 })).await?;
        let mut known: HashSet<PostId> = found.into_iter().map(PostId::from).collect();
        let missing: Vec<&NewPost> = self.posts.iter().filter(|post| known.insert(post.id)).collect();
        if missing.is_empty() {
            return Ok(0);
        }
        let written = counted(missing.iter().map(|post| post.author.0));
        let counts = written.into_iter().map(|(author, count)| count_for(author, doc! { "posts": count, "likes": 0 }));
        update_in(session, database, authors, counts.collect()).await?;
        let documents: Vec<PostDocument> = missing.into_iter().map(PostDocument::from).collect();
        posts.insert_many(&documents).session(session).await.map_err(store_error)?;
        Ok(documents.len() as u64)
    }
}

/// Adds likes that are not there yet, of posts that are.
pub(super) struct InsertLikes<'a> {
    pub(super) collections: &'a Collections,
    pub(super) likes: &'a [Like],
}

#[async_trait]
impl Work for InsertLikes<'_> {
    type Output = u64;

    async fn run(&self, session: &mut ClientSession) -> StoreResult<u64> {
        let Collections { database, posts, likes, authors, .. } = self.collections;
        let missing = self.missing(session).await?;
        if missing.is_empty() {
            return Ok(0);
        }
        let received = counted(missing.iter().map(|like| like.id.post.0));
        let counts = received.into_iter().map(|(post, count)| {
            doc! { "q": { "_id": bson_id(post) }, "u": { "$inc": { "likeCount": count, "version": count } } }
        });
        update_in(session, database, posts, counts.collect()).await?;
        let given = counted(missing.iter().map(|like| like.id.user.0));
        let counts = given.into_iter().map(|(user, count)| count_for(user, doc! { "posts": 0, "likes": count }));
        update_in(session, database, authors, counts.collect()).await?;
        let documents: Vec<LikeDocument> = missing.iter().map(LikeDocument::from).collect();
        likes.insert_many(&documents).session(session).await.map_err(store_error)?;
        Ok(documents.len() as u64)
    }
}

impl InsertLikes<'_> {
    /// The likes to insert, each once. Who wrote a post is what the post says.
    async fn missing(&self, session: &mut ClientSession) -> StoreResult<Vec<Like>> {
        let Collections { posts, likes, .. } = self.collections;
        let filter = doc! { "_id": one_of(self.likes.iter().map(|like| like.id.post.0)) };
        let authors = posts.clone_with_type::<PostAuthor>();
        let found = find_in(session, authors.find(filter).projection(doc! { "author": 1 })).await?;
        let author_of: HashMap<PostId, UserId> = found.into_iter().map(PostAuthor::into).collect();
        let filter = doc! { "_id": one_of_likes(self.likes.iter().map(|like| like.id)) };
        let keys = likes.clone_with_type::<LikeKey>();
        let found = find_in(session, keys.find(filter).projection(LikeKey::projection())).await?;
        let mut known: HashSet<LikeId> = found.into_iter().map(LikeId::from).collect();
        let missing = self.likes.iter().filter_map(|like| {
            let author = *author_of.get(&like.id.post)?;
            known.insert(like.id).then_some(Like { author, ..*like })
        });
        Ok(missing.collect())
    }
}

/// How often each id occurs, in the order of ids: transactions then touch what they share in the same order.
fn counted(ids: impl Iterator<Item = Uuid>) -> BTreeMap<Uuid, i64> {
    let mut counts = BTreeMap::new();
    for id in ids {
        *counts.entry(id).or_default() += 1;
    }
    counts
}

/// An update that adds to the counters of a user, who may have none yet.
pub(super) fn count_for(user: Uuid, counts: Document) -> Document {
    doc! { "q": { "_id": bson_id(user) }, "u": { "$inc": counts }, "upsert": true }
}
