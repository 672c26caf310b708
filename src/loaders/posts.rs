//! Lanes to the store of posts.

use std::collections::HashMap;
use std::sync::Arc;

use dataloader::BatchFn;

use super::{Paged, Scheduler, StoreLane, each, each_page, open};
use crate::domain::{AuthorStats, ByTime, Like, LikeId, Page, Post, PostFields, PostId, Slice, UserId};
use crate::ports::{LikedPost, PostStore, Role, StoreResult};

/// A post, and what of it is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PostKey {
    /// Which post.
    pub id: PostId,
    /// What is read of it.
    pub fields: PostFields,
}

/// A page of the posts of one author, and what of them is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AuthorsPosts {
    /// Whose posts.
    pub author: UserId,
    /// Which page of them.
    pub page: Page<PostId>,
    /// What is read of each.
    pub fields: PostFields,
}

/// The batched lookups of posts and likes. Those named for the viewer have no values when nobody is signed in.
pub struct PostLoaders {
    /// Posts by id.
    pub by_id: StoreLane<PostKey, Arc<Post>>,
    /// Pages of an author's posts.
    pub of_author: StoreLane<AuthorsPosts, Arc<Slice<Arc<Post>>>>,
    /// An author's counts.
    pub author_stats: StoreLane<UserId, AuthorStats>,
    /// Likes by id.
    pub likes_by_id: StoreLane<LikeId, Like>,
    /// Pages of the likes of a post.
    pub likes_of_post: StoreLane<Paged<LikedPost, ByTime>, Arc<Slice<Like>>>,
    /// Pages of the likes of a user.
    pub likes_by_user: StoreLane<Paged<UserId, ByTime>, Arc<Slice<Like>>>,
    /// Whether the viewer likes a post.
    pub viewer_has_liked: StoreLane<PostId, bool>,
}

impl PostLoaders {
    pub(super) fn open(scheduler: &mut impl Scheduler, store: Arc<dyn PostStore>, viewer: Option<UserId>) -> Self {
        let asked = Asked { store, viewer };
        Self {
            by_id: open!(scheduler, Role::Posts, "posts by id", ById(asked.clone())),
            of_author: open!(scheduler, Role::Posts, "posts of authors", OfAuthor(asked.clone())),
            author_stats: open!(scheduler, Role::Posts, "author stats", Stats(asked.clone())),
            likes_by_id: open!(scheduler, Role::Posts, "likes by id", LikesById(asked.clone())),
            likes_of_post: open!(scheduler, Role::Posts, "likes of posts", LikesOfPost(asked.clone())),
            likes_by_user: open!(scheduler, Role::Posts, "likes by users", LikesByUser(asked.clone())),
            viewer_has_liked: open!(scheduler, Role::Posts, "viewer has liked", ViewerHasLiked(asked)),
        }
    }

    /// The lanes for another viewer: their own, and those that are everybody's.
    pub(super) fn beside(
        &self,
        scheduler: &mut impl Scheduler,
        store: Arc<dyn PostStore>,
        viewer: Option<UserId>,
    ) -> Self {
        Self {
            by_id: self.by_id.clone(),
            of_author: self.of_author.clone(),
            author_stats: self.author_stats.clone(),
            likes_by_id: self.likes_by_id.clone(),
            likes_of_post: self.likes_of_post.clone(),
            likes_by_user: self.likes_by_user.clone(),
            viewer_has_liked: open!(
                scheduler,
                Role::Posts,
                "viewer has liked",
                ViewerHasLiked(Asked { store, viewer })
            ),
        }
    }

    /// Posts that came with something else, read as far as `fields` says, need not be asked for again.
    pub fn prime<'a>(&self, posts: impl IntoIterator<Item = &'a Arc<Post>>, fields: PostFields) {
        for post in posts {
            // Who wants less of it is served as well.
            for fields in [PostFields::default(), fields] {
                self.by_id.prime(PostKey { id: post.id, fields }, Arc::clone(post));
            }
        }
    }
}

#[derive(Clone)]
struct Asked {
    store: Arc<dyn PostStore>,
    viewer: Option<UserId>,
}

#[derive(Clone)]
struct ById(Asked);

impl BatchFn<PostKey, StoreResult<Arc<Post>>> for ById {
    async fn load(&mut self, keys: &[PostKey]) -> HashMap<PostKey, StoreResult<Arc<Post>>> {
        let mut ids: Vec<PostId> = keys.iter().map(|key| key.id).collect();
        ids.sort_unstable();
        ids.dedup();
        let fields = keys.iter().fold(PostFields::default(), |fields, key| fields.or(key.fields));
        let found = self.0.store.posts_by_id(&ids, fields).await.map(|posts| {
            let posts: HashMap<PostId, Arc<Post>> = posts.into_iter().map(|(id, post)| (id, Arc::new(post))).collect();
            keys.iter().filter_map(|key| Some((*key, Arc::clone(posts.get(&key.id)?)))).collect()
        });
        each(keys, found)
    }
}

#[derive(Clone)]
struct OfAuthor(Asked);

impl BatchFn<AuthorsPosts, StoreResult<Arc<Slice<Arc<Post>>>>> for OfAuthor {
    async fn load(&mut self, keys: &[AuthorsPosts]) -> HashMap<AuthorsPosts, StoreResult<Arc<Slice<Arc<Post>>>>> {
        let store = &self.0.store;
        let fields = keys.iter().fold(PostFields::default(), |fields, key| fields.or(key.fields));
        let pages: Vec<_> = keys.iter().map(|key| Paged { parent: key.author, page: key.page.clone() }).collect();
        let found = each_page(&pages, |authors, page| async move {
            let mut authors = authors;
            authors.sort_unstable();
            authors.dedup();
            let slices = store.posts_of_authors(&authors, &page, fields).await?;
            Ok(slices.into_iter().map(|(author, slice)| (author, Arc::new(slice.map(Arc::new)))).collect())
        });
        let found = found.await;
        keys.iter().zip(&pages).filter_map(|(key, page)| Some((key.clone(), found.get(page)?.clone()))).collect()
    }
}

#[derive(Clone)]
struct Stats(Asked);

impl BatchFn<UserId, StoreResult<AuthorStats>> for Stats {
    async fn load(&mut self, authors: &[UserId]) -> HashMap<UserId, StoreResult<AuthorStats>> {
        each(authors, self.0.store.author_stats(authors).await)
    }
}

#[derive(Clone)]
struct LikesById(Asked);

impl BatchFn<LikeId, StoreResult<Like>> for LikesById {
    async fn load(&mut self, ids: &[LikeId]) -> HashMap<LikeId, StoreResult<Like>> {
        each(ids, self.0.store.likes_by_id(ids).await)
    }
}

#[derive(Clone)]
struct LikesOfPost(Asked);

impl BatchFn<Paged<LikedPost, ByTime>, StoreResult<Arc<Slice<Like>>>> for LikesOfPost {
    async fn load(
        &mut self,
        keys: &[Paged<LikedPost, ByTime>],
    ) -> HashMap<Paged<LikedPost, ByTime>, StoreResult<Arc<Slice<Like>>>> {
        let store = &self.0.store;
        each_page(keys, |posts, page| async move {
            let slices = store.likes_of_posts(&posts, &page).await?;
            let slices: HashMap<PostId, _> = slices.into_iter().map(|(id, slice)| (id, Arc::new(slice))).collect();
            // A post that was read twice, a like in between, is two keys and one list.
            Ok(posts.into_iter().filter_map(|post| Some((post, Arc::clone(slices.get(&post.id)?)))).collect())
        })
        .await
    }
}

#[derive(Clone)]
struct LikesByUser(Asked);

impl BatchFn<Paged<UserId, ByTime>, StoreResult<Arc<Slice<Like>>>> for LikesByUser {
    async fn load(
        &mut self,
        keys: &[Paged<UserId, ByTime>],
    ) -> HashMap<Paged<UserId, ByTime>, StoreResult<Arc<Slice<Like>>>> {
        let store = &self.0.store;
        each_page(keys, |users, page| async move {
            let slices = store.likes_by_users(&users, &page).await?;
            Ok(slices.into_iter().map(|(user, slice)| (user, Arc::new(slice))).collect())
        })
        .await
    }
}

#[derive(Clone)]
struct ViewerHasLiked(Asked);

impl BatchFn<PostId, StoreResult<bool>> for ViewerHasLiked {
    async fn load(&mut self, posts: &[PostId]) -> HashMap<PostId, StoreResult<bool>> {
        let Some(viewer) = self.0.viewer else { return HashMap::new() };
        let liked = self.0.store.liked_among(viewer, posts).await;
        each(posts, liked.map(|liked| posts.iter().map(|post| (*post, liked.contains(post))).collect()))
    }
}
