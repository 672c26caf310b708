//! The port to posts, on MongoDB: each method says which query answers it.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use mongodb::ClientSession;
use mongodb::action::Action as _;
use mongodb::bson::doc;
use mongodb::options::Hint;
use polygraph_migrations::mongo::index;

use super::children::{LIKES_BY_USERS, LIKES_OF_POSTS, POSTS_OF_AUTHORS, Parent};
use super::document::{LikeDocument, LikeKey, PostVersion, one_of, one_of_likes};
use super::error::store_error;
use super::mend::{FixAuthors, FixPosts, RemoveLikes, TouchPosts};
use super::recount::{RecountAuthors, RecountPosts};
use super::transaction::{Work, find_in, in_transaction};
use super::write::{InsertLikes, InsertPosts};
use super::{Collections, Mongo, fallback, query, read};
use crate::domain::event::Stamp;
use crate::domain::search::{ActivityCount, SearchFilter};
use crate::domain::{
    AuthorStats, ByCount, ByTime, Interval, Like, LikeId, Page, Period, Post, PostFields, PostId, Slice, UserId,
};
use crate::ports::{Backend, LikedPost, NewPost, PostStore, Recount, StoreResult, Touch};

/// Posts and likes in MongoDB.
#[derive(Clone)]
pub struct MongoPosts {
    mongo: Mongo,
}

impl MongoPosts {
    pub(super) fn new(mongo: Mongo) -> Self {
        Self { mongo }
    }

    async fn collections(&self) -> StoreResult<&Collections> {
        self.mongo.collections().await
    }

    /// These users with a count of theirs. Of one alone it is not read: their children are asked for in one way.
    async fn parents(&self, users: &[UserId], count: fn(&AuthorStats) -> u64) -> StoreResult<Vec<Parent>> {
        let parents = distinct(users.iter().map(|user| Parent { id: user.0, count: 0 }));
        if parents.len() < 2 {
            return Ok(parents);
        }
        let stats = self.author_stats(users).await?;
        let counted = |parent: &Parent| stats.get(&UserId(parent.id)).map_or(0, count);
        Ok(parents.iter().map(|parent| Parent { count: counted(parent), ..*parent }).collect())
    }
}

#[async_trait]
impl Backend for MongoPosts {
    fn kind(&self) -> &'static str {
        "mongodb"
    }

    async fn check(&self) -> StoreResult<String> {
        self.mongo.check().await
    }
}

#[async_trait]
impl PostStore for MongoPosts {
    async fn posts_by_id(&self, ids: &[PostId], fields: PostFields) -> StoreResult<HashMap<PostId, Post>> {
        let by_id = |ids: &[PostId]| doc! { "_id": one_of(ids.iter().map(|id| id.0)) };
        let posts = &self.collections().await?.posts;
        let found: Vec<Post> = read::find_all(posts, ids, by_id, query::projection(fields)).await?;
        Ok(found.into_iter().map(|post| (post.id, post)).collect())
    }

    async fn posts_newest(&self, page: &Page<PostId>, fields: PostFields) -> StoreResult<Slice<Post>> {
        read::page(&self.collections().await?.posts, query::posts_newest(page, fields), page).await
    }

    async fn posts_most_liked(
        &self,
        author: Option<UserId>,
        page: &Page<ByCount>,
        fields: PostFields,
    ) -> StoreResult<Slice<Post>> {
        read::page(&self.collections().await?.posts, query::posts_most_liked(author, page, fields), page).await
    }

    async fn posts_of_authors(
        &self,
        authors: &[UserId],
        page: &Page<PostId>,
        fields: PostFields,
    ) -> StoreResult<HashMap<UserId, Slice<Post>>> {
        let Collections { database, posts, .. } = self.collections().await?;
        let parents = self.parents(authors, |stats| stats.posts).await?;
        let asked = POSTS_OF_AUTHORS.ask(&parents, page, query::projection(fields).as_ref(), posts.name());
        let pages = read::pages(database, posts, asked, page).await?;
        Ok(pages.into_iter().map(|(author, page)| (UserId(author), page)).collect())
    }

    async fn feed(&self, authors: &[UserId], page: &Page<PostId>, fields: PostFields) -> StoreResult<Slice<Post>> {
        if authors.is_empty() {
            return Ok(Slice::empty());
        }
        let queries = query::feed(&distinct_users(authors), page, fields);
        let lists = read::walk_all(&self.collections().await?.posts, queries).await?;
        let mut posts: Vec<Post> = lists.into_iter().flatten().collect();
        // The sort finds the lists sorted and merges them.
        posts.sort_by(|a, b| if page.is_forward() { b.id.cmp(&a.id) } else { a.id.cmp(&b.id) });
        Ok(page.slice(posts))
    }

    async fn recommended(
        &self,
        viewer: UserId,
        likers: &[UserId],
        page: &Page<ByCount>,
        fields: PostFields,
    ) -> StoreResult<Slice<(Post, u64)>> {
        if likers.is_empty() {
            return Ok(Slice::empty());
        }
        let Collections { posts, likes, .. } = self.collections().await?;
        let pipeline = query::recommended(viewer, likers, page, fields, posts.name());
        Ok(page.slice(read::aggregate(likes, pipeline, page.limit as usize + 1).await?))
    }

    async fn count_posts(&self) -> StoreResult<u64> {
        // The collection's own count is quicker and may be off after a crash; this one walks the smallest index.
        let posts = &self.collections().await?.posts;
        let count = posts.count_documents(doc! {}).hint(Hint::Name(index::ID.to_owned()));
        count.optional(read::max_time(), |count, time| count.max_time(time)).await.map_err(store_error)
    }

    async fn author_stats(&self, authors: &[UserId]) -> StoreResult<HashMap<UserId, AuthorStats>> {
        let by_id = |authors: &[UserId]| doc! { "_id": one_of(authors.iter().map(|author| author.0)) };
        let found: Vec<_> = read::find_all(&self.collections().await?.authors, authors, by_id, None).await?;
        Ok(found.into_iter().collect())
    }

    async fn likes_by_id(&self, ids: &[LikeId]) -> StoreResult<HashMap<LikeId, Like>> {
        let by_id = |ids: &[LikeId]| doc! { "_id": one_of_likes(ids.iter().copied()) };
        let found: Vec<Like> = read::find_all(&self.collections().await?.likes, ids, by_id, None).await?;
        Ok(found.into_iter().map(|like| (like.id, like)).collect())
    }

    async fn likes_of_posts(
        &self,
        posts: &[LikedPost],
        page: &Page<ByTime>,
    ) -> StoreResult<HashMap<PostId, Slice<Like>>> {
        let Collections { database, likes, .. } = self.collections().await?;
        let parents = distinct(posts.iter().map(|post| Parent { id: post.id.0, count: post.like_count }));
        let pages = read::pages(database, likes, LIKES_OF_POSTS.ask(&parents, page, None, likes.name()), page).await?;
        Ok(pages.into_iter().map(|(post, page)| (PostId(post), page)).collect())
    }

    async fn likes_by_users(&self, users: &[UserId], page: &Page<ByTime>) -> StoreResult<HashMap<UserId, Slice<Like>>> {
        let Collections { database, likes, .. } = self.collections().await?;
        let parents = self.parents(users, |stats| stats.likes).await?;
        let pages = read::pages(database, likes, LIKES_BY_USERS.ask(&parents, page, None, likes.name()), page).await?;
        Ok(pages.into_iter().map(|(user, page)| (UserId(user), page)).collect())
    }

    async fn liked_among(&self, user: UserId, posts: &[PostId]) -> StoreResult<HashSet<PostId>> {
        let by_id = |posts: &[PostId]| doc! { "_id": one_of_likes(posts.iter().map(|&post| LikeId { post, user })) };
        let likes = &self.collections().await?.likes;
        let found: Vec<LikeId> = read::find_all(likes, posts, by_id, Some(LikeKey::projection())).await?;
        Ok(found.into_iter().map(|like| like.post).collect())
    }

    async fn posts_with(
        &self,
        words: &[String],
        filter: &SearchFilter,
        after: Option<PostId>,
        limit: u32,
    ) -> StoreResult<Vec<Post>> {
        read::walk(&self.collections().await?.posts, fallback::posts_with(words, filter, after, limit)).await
    }

    async fn top_authors(&self, period: Period, limit: u32) -> StoreResult<Vec<(UserId, u64)>> {
        let found = fallback::most_liked(&self.collections().await?.likes, "author", period, limit).await?;
        Ok(found.into_iter().map(|(author, count)| (UserId(author), count)).collect())
    }

    async fn top_posts(&self, period: Period, limit: u32) -> StoreResult<Vec<(PostId, u64)>> {
        let found = fallback::most_liked(&self.collections().await?.likes, "post", period, limit).await?;
        Ok(found.into_iter().map(|(post, count)| (PostId(post), count)).collect())
    }

    async fn activity(&self, period: Period, interval: Interval) -> StoreResult<Vec<ActivityCount>> {
        let Collections { posts, likes, .. } = self.collections().await?;
        fallback::activity(posts, likes, period, interval).await
    }

    async fn scan_posts(&self, after: Option<PostId>, limit: u32) -> StoreResult<Vec<Post>> {
        read::walk(&self.collections().await?.posts, query::scan_posts(after, limit)).await
    }

    async fn scan_likes(&self, after: Option<LikeId>, limit: u32) -> StoreResult<Vec<(Like, u64)>> {
        let collections = self.collections().await?;
        in_transaction(&collections.database, &ScanLikes { collections, after, limit }).await
    }

    async fn recount_posts(&self, posts: &[PostId]) -> StoreResult<Vec<Recount<PostId>>> {
        if posts.is_empty() {
            return Ok(Vec::new());
        }
        let collections = self.collections().await?;
        in_transaction(&collections.database, &RecountPosts { collections, posts }).await
    }

    async fn fix_post_counts(&self, posts: &[(PostId, Stamp)]) -> StoreResult<()> {
        if posts.is_empty() {
            return Ok(());
        }
        let collections = self.collections().await?;
        in_transaction(&collections.database, &FixPosts { collections, posts }).await
    }

    async fn recount_authors(&self, authors: &[UserId]) -> StoreResult<Vec<Recount<UserId>>> {
        if authors.is_empty() {
            return Ok(Vec::new());
        }
        let collections = self.collections().await?;
        in_transaction(&collections.database, &RecountAuthors { collections, authors }).await
    }

    async fn fix_author_counts(&self, authors: &[(UserId, Stamp)]) -> StoreResult<()> {
        if authors.is_empty() {
            return Ok(());
        }
        let collections = self.collections().await?;
        in_transaction(&collections.database, &FixAuthors { collections, authors }).await
    }

    async fn remove_likes(&self, likes: &[(LikeId, Stamp)]) -> StoreResult<()> {
        if likes.is_empty() {
            return Ok(());
        }
        let collections = self.collections().await?;
        in_transaction(&collections.database, &RemoveLikes { collections, likes }).await
    }

    async fn touch_posts(&self, touches: &[Touch]) -> StoreResult<()> {
        if touches.is_empty() {
            return Ok(());
        }
        let collections = self.collections().await?;
        in_transaction(&collections.database, &TouchPosts { collections, touches }).await
    }

    async fn insert_posts(&self, posts: &[NewPost]) -> StoreResult<u64> {
        if posts.is_empty() {
            return Ok(0);
        }
        let collections = self.collections().await?;
        in_transaction(&collections.database, &InsertPosts { collections, posts }).await
    }

    async fn insert_likes(&self, likes: &[Like]) -> StoreResult<u64> {
        if likes.is_empty() {
            return Ok(0);
        }
        let collections = self.collections().await?;
        in_transaction(&collections.database, &InsertLikes { collections, likes }).await
    }
}

/// A page of likes and the versions of their posts, both of one moment: a like that goes while its post's version is
/// read would else pass for newer than its removal.
struct ScanLikes<'a> {
    collections: &'a Collections,
    after: Option<LikeId>,
    limit: u32,
}

#[async_trait]
impl Work for ScanLikes<'_> {
    type Output = Vec<(Like, u64)>;

    async fn run(&self, session: &mut ClientSession) -> StoreResult<Self::Output> {
        let Collections { posts, likes, .. } = self.collections;
        let found = find_in(session, read::find(likes, query::scan_likes(self.after, self.limit))).await?;
        let likes: Vec<Like> = found.into_iter().map(LikeDocument::into).collect();
        let filter = doc! { "_id": one_of(likes.iter().map(|like| like.id.post.0)) };
        let versions = posts.clone_with_type::<PostVersion>();
        let found = find_in(session, versions.find(filter).projection(doc! { "version": 1 })).await?;
        let version_of: HashMap<PostId, u64> = found.into_iter().map(PostVersion::into).collect();
        // Of a post that is gone while its likes are still being removed, version 0: every other is above it.
        let versioned = |like: Like| (like, version_of.get(&like.id.post).copied().unwrap_or(0));
        Ok(likes.into_iter().map(versioned).collect())
    }
}

/// Each user once.
fn distinct_users(users: &[UserId]) -> Vec<UserId> {
    let mut users = users.to_vec();
    users.sort_unstable();
    users.dedup();
    users
}

/// Each parent once, with the largest of its counts.
fn distinct(parents: impl IntoIterator<Item = Parent>) -> Vec<Parent> {
    let mut parents: Vec<Parent> = parents.into_iter().collect();
    parents.sort_unstable_by_key(|parent| (parent.id, Reverse(parent.count)));
    parents.dedup_by_key(|parent| parent.id);
    parents
}
