//! The projection to the search index.
//!
//! Events only say what to read again. What is read is written with the version that the truth had when it was read;
//! what is gone is deleted with the version of the event that told of it. The index keeps the highest version of each
//! key, and for these reasons that is the truth's:
//!
//! - Users and posts carry their own version, which every change raises, closing and deletion included.
//! - A like's version is its post's, *read before the like*: whoever finds the like there read a version below that of
//!   any removal to come, and not below that of the event which told of the like. So a removal's version, which its
//!   event carries, is above every version under which an earlier state was written.
//! - A post's deletion takes its likes along without an event for each. They are removed from the index by their
//!   post. A like that was read before that and is written after it would stay; so whoever puts likes looks once more
//!   whether their posts are there, and if not, removes them again. Had the post been deleted after this look, then
//!   the event of that would be handled after the like was put.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use async_trait::async_trait;

use super::projector::{ProjectError, Projector};
use crate::domain::event::{Aggregate, Happened};
use crate::domain::search::{IndexChange, IndexDocument, IndexKey};
use crate::domain::{Like, LikeId, Post, PostFields, PostId, User, UserId};
use crate::ports::{Claim, PostStore, Role, SearchIndex, StoreError, StoreResult, UserStore};

/// How many likes are read at once.
const LIKES: usize = 1_000;

/// What the projection reads: the truth, by ids.
#[async_trait]
pub trait Truth: Send + Sync {
    /// Those of these users that are there.
    async fn users(&self, ids: &[UserId]) -> StoreResult<HashMap<UserId, User>>;

    /// Those of these posts that are there, with what `fields` says.
    async fn posts(&self, ids: &[PostId], fields: PostFields) -> StoreResult<HashMap<PostId, Post>>;

    /// Those of these likes that are there.
    async fn likes(&self, ids: &[LikeId]) -> StoreResult<HashMap<LikeId, Like>>;
}

/// What the projection writes: the index.
#[async_trait]
pub trait Derived: Send + Sync {
    /// As [`SearchIndex::apply`].
    async fn apply(&self, changes: &[IndexChange]) -> StoreResult<()>;

    /// As [`SearchIndex::refresh`], and then [`SearchIndex::remove_likes_of`] for each.
    async fn remove_likes_of(&self, posts: &BTreeSet<PostId>) -> StoreResult<()>;
}

#[async_trait]
impl Truth for (Arc<dyn UserStore>, Arc<dyn PostStore>) {
    async fn users(&self, ids: &[UserId]) -> StoreResult<HashMap<UserId, User>> {
        self.0.users_by_id(ids).await
    }

    async fn posts(&self, ids: &[PostId], fields: PostFields) -> StoreResult<HashMap<PostId, Post>> {
        self.1.posts_by_id(ids, fields).await
    }

    async fn likes(&self, ids: &[LikeId]) -> StoreResult<HashMap<LikeId, Like>> {
        self.1.likes_by_id(ids).await
    }
}

#[async_trait]
impl Derived for Arc<dyn SearchIndex> {
    async fn apply(&self, changes: &[IndexChange]) -> StoreResult<()> {
        self.as_ref().apply(changes).await
    }

    async fn remove_likes_of(&self, posts: &BTreeSet<PostId>) -> StoreResult<()> {
        if posts.is_empty() {
            return Ok(());
        }
        self.refresh().await?;
        for &post in posts {
            self.as_ref().remove_likes_of(post).await?;
        }
        Ok(())
    }
}

/// Keeps the search index in agreement with the truth.
pub struct IndexProjection<T, D> {
    truth: T,
    index: D,
}

impl IndexProjection<(Arc<dyn UserStore>, Arc<dyn PostStore>), Arc<dyn SearchIndex>> {
    /// The projection from these stores to this index.
    pub fn new(users: Arc<dyn UserStore>, posts: Arc<dyn PostStore>, index: Arc<dyn SearchIndex>) -> Self {
        Self { truth: (users, posts), index }
    }
}

/// What claims name, each with the highest version that an event about it has.
#[derive(Default)]
struct Named {
    users: BTreeMap<UserId, u64>,
    posts: BTreeMap<PostId, u64>,
    likes: BTreeMap<LikeId, u64>,
    deleted: BTreeSet<PostId>,
}

impl Named {
    fn by(claims: &[Claim]) -> Self {
        let mut named = Self::default();
        for event in claims.iter().flat_map(|claim| &claim.events).map(|waiting| &waiting.event) {
            match event.aggregate {
                Aggregate::User(id) => newest(&mut named.users, UserId(id), event.version),
                Aggregate::Post(id) => {
                    let post = PostId(id);
                    // A like changes nothing of what the index holds of its post.
                    if let Happened::PostLiked { user, .. } | Happened::PostUnliked { user, .. } = event.happened {
                        newest(&mut named.likes, LikeId { post, user: UserId(user) }, event.version);
                        continue;
                    }
                    newest(&mut named.posts, post, event.version);
                    if let Happened::PostDeleted { .. } = event.happened {
                        named.deleted.insert(post);
                    }
                }
            }
        }
        named
    }
}

fn newest<K: Ord>(versions: &mut BTreeMap<K, u64>, key: K, version: u64) {
    let newest = versions.entry(key).or_default();
    *newest = version.max(*newest);
}

impl<T: Truth, D: Derived> IndexProjection<T, D> {
    async fn bring_up(&self, claims: &[Claim]) -> StoreResult<()> {
        let named = Named::by(claims);
        let mut changes = self.users(&named).await?;
        let mut gone = BTreeSet::new();
        let posts = match keys(&named.posts) {
            ids if ids.is_empty() => HashMap::new(),
            ids => self.truth.posts(&ids, PostFields::ALL).await?,
        };
        for (&id, &version) in &named.posts {
            changes.push(match posts.get(&id) {
                Some(post) => IndexChange::put(document_of(post)?, post.version),
                None => {
                    gone.extend(named.deleted.get(&id));
                    IndexChange::delete(IndexKey::Post(id), version)
                }
            });
        }
        let liked = self.likes(&named, &mut changes).await?;
        self.index.apply(&changes).await?;

        let liked: Vec<PostId> = liked.into_iter().collect();
        let still = match liked.as_slice() {
            [] => HashMap::new(),
            liked => self.truth.posts(liked, PostFields::default()).await?,
        };
        gone.extend(liked.into_iter().filter(|post| !still.contains_key(post)));
        self.index.remove_likes_of(&gone).await
    }

    async fn users(&self, named: &Named) -> StoreResult<Vec<IndexChange>> {
        let users = match keys(&named.users) {
            ids if ids.is_empty() => HashMap::new(),
            ids => self.truth.users(&ids).await?,
        };
        let change = |(&id, &version)| match users.get(&id) {
            Some(user) => IndexChange::put(IndexDocument::of_user(user), user.version),
            None => IndexChange::delete(IndexKey::User(id), version),
        };
        Ok(named.users.iter().map(change).collect())
    }

    /// Adds the changes of likes, and returns the posts of those that are put.
    async fn likes(&self, named: &Named, changes: &mut Vec<IndexChange>) -> StoreResult<BTreeSet<PostId>> {
        let mut liked = BTreeSet::new();
        for ids in keys(&named.likes).chunks(LIKES) {
            let posts: BTreeSet<PostId> = ids.iter().map(|id| id.post).collect();
            let posts = self.truth.posts(&Vec::from_iter(posts), PostFields::default()).await?;
            // After their posts: see above.
            let likes = self.truth.likes(ids).await?;
            for &id in ids {
                let there = likes.get(&id).zip(posts.get(&id.post));
                changes.push(match there {
                    Some((like, post)) => {
                        liked.insert(id.post);
                        IndexChange::put(IndexDocument::of_like(like), post.version)
                    }
                    None => IndexChange::delete(IndexKey::Like(id), named.likes[&id]),
                });
            }
        }
        Ok(liked)
    }
}

fn keys<K: Copy + Ord>(versions: &BTreeMap<K, u64>) -> Vec<K> {
    versions.keys().copied().collect()
}

fn document_of(post: &Post) -> StoreResult<IndexDocument> {
    IndexDocument::of_post(post)
        .ok_or_else(|| StoreError::internal(Role::Posts, "a post was read without the content that was asked for"))
}

#[async_trait]
impl<T: Truth, D: Derived> Projector for IndexProjection<T, D> {
    /// All at once, and each on its own where that fails by the fault of one.
    async fn project(&self, claims: &[Claim]) -> Vec<Result<(), ProjectError>> {
        match self.bring_up(claims).await.map_err(ProjectError::from) {
            Ok(()) => claims.iter().map(|_| Ok(())).collect(),
            Err(ProjectError::Retry(_)) if claims.len() > 1 => {
                let mut outcomes = Vec::with_capacity(claims.len());
                for claim in claims {
                    outcomes.push(self.bring_up(std::slice::from_ref(claim)).await.map_err(ProjectError::from));
                }
                outcomes
            }
            Err(error) => claims.iter().map(|_| Err(error.clone())).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
