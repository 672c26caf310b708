//! [`PostStore`] in SQL.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use sea_orm::Statement;
use uuid::Uuid;

use super::connect::Sql;
use super::db::Db;
use super::queries::Versioned;
use super::retry::retried;
use super::rows::Columns;
use super::{group, queries, recount, writes};
use crate::domain::event::Stamp;
use crate::domain::search::{ActivityCount, SearchFilter};
use crate::domain::{
    AuthorStats, ByCount, ByTime, Interval, Like, LikeId, Page, Period, Post, PostFields, PostId, Slice, UserId,
};
use crate::ports::{Backend, LikedPost, NewPost, PostStore, Recount, Role, StoreResult, Touch};

/// Posts and likes in PostgreSQL or SQLite.
pub struct SqlPosts {
    db: Db,
}

impl SqlPosts {
    /// The adapter over this pool.
    pub fn new(sql: Arc<Sql>) -> Self {
        Self { db: Db::new(sql, Role::Posts) }
    }

    async fn most_liked<I: From<Uuid>>(
        &self,
        column: &'static str,
        period: Period,
        limit: u32,
    ) -> StoreResult<Vec<(I, u64)>> {
        let statement = queries::most_liked(self.db.dialect(), column, period, limit);
        self.db.rows(statement, |row| Ok((row.id()?, row.count()?))).await
    }

    async fn posts(&self, statement: Statement) -> StoreResult<Vec<Post>> {
        self.db.rows(statement, Columns::post).await
    }
}

#[async_trait]
impl Backend for SqlPosts {
    fn kind(&self) -> &'static str {
        self.db.kind()
    }

    async fn check(&self) -> StoreResult<String> {
        self.db.check().await
    }
}

#[async_trait]
impl PostStore for SqlPosts {
    async fn posts_by_id(&self, ids: &[PostId], fields: PostFields) -> StoreResult<HashMap<PostId, Post>> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let posts = self.posts(queries::posts_by_id(self.db.dialect(), ids, fields)).await?;
        Ok(posts.into_iter().map(|post| (post.id, post)).collect())
    }

    async fn posts_newest(&self, page: &Page<PostId>, fields: PostFields) -> StoreResult<Slice<Post>> {
        Ok(page.slice(self.posts(queries::posts_newest(self.db.dialect(), page, fields)).await?))
    }

    async fn posts_most_liked(
        &self,
        author: Option<UserId>,
        page: &Page<ByCount>,
        fields: PostFields,
    ) -> StoreResult<Slice<Post>> {
        Ok(page.slice(self.posts(queries::posts_most_liked(self.db.dialect(), author, page, fields)).await?))
    }

    async fn posts_of_authors(
        &self,
        authors: &[UserId],
        page: &Page<PostId>,
        fields: PostFields,
    ) -> StoreResult<HashMap<UserId, Slice<Post>>> {
        if authors.is_empty() {
            return Ok(HashMap::new());
        }
        let statement = queries::posts_of_authors(self.db.dialect(), authors, page, fields);
        let rows = self.db.rows(statement, |row| Ok((row.id()?, row.post()?))).await?;
        Ok(group::slices(page, rows, |post| post.id))
    }

    async fn feed(&self, authors: &[UserId], page: &Page<PostId>, fields: PostFields) -> StoreResult<Slice<Post>> {
        if authors.is_empty() {
            return Ok(Slice::empty());
        }
        let posts = self.posts(queries::feed(self.db.dialect(), authors, page, fields)).await?;
        Ok(group::slice(page, posts, |post| post.id))
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
        let statement = queries::recommended(self.db.dialect(), viewer, likers, page, fields);
        Ok(page.slice(self.db.rows(statement, |row| Ok((row.post()?, row.count()?))).await?))
    }

    async fn count_posts(&self) -> StoreResult<u64> {
        self.db.count(queries::count_posts(self.db.dialect())).await
    }

    async fn author_stats(&self, authors: &[UserId]) -> StoreResult<HashMap<UserId, AuthorStats>> {
        if authors.is_empty() {
            return Ok(HashMap::new());
        }
        let statement = queries::author_stats(self.db.dialect(), authors);
        let stats = self.db.rows(statement, |row| Ok((row.id()?, row.author_stats()?))).await?;
        Ok(stats.into_iter().collect())
    }

    async fn likes_by_id(&self, ids: &[LikeId]) -> StoreResult<HashMap<LikeId, Like>> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let likes = self.db.rows(queries::likes_by_id(self.db.dialect(), ids), Columns::like).await?;
        Ok(likes.into_iter().map(|like| (like.id, like)).collect())
    }

    async fn likes_of_posts(
        &self,
        posts: &[LikedPost],
        page: &Page<ByTime>,
    ) -> StoreResult<HashMap<PostId, Slice<Like>>> {
        if posts.is_empty() {
            return Ok(HashMap::new());
        }
        let posts: Vec<PostId> = posts.iter().map(|post| post.id).collect();
        let statement = queries::likes_of_posts(self.db.dialect(), &posts, page);
        let rows = self.db.rows(statement, |row| Ok((row.id()?, row.like()?))).await?;
        Ok(group::slices(page, rows, |like| (like.created_at, like.id.user)))
    }

    async fn likes_by_users(&self, users: &[UserId], page: &Page<ByTime>) -> StoreResult<HashMap<UserId, Slice<Like>>> {
        if users.is_empty() {
            return Ok(HashMap::new());
        }
        let statement = queries::likes_by_users(self.db.dialect(), users, page);
        let rows = self.db.rows(statement, |row| Ok((row.id()?, row.like()?))).await?;
        Ok(group::slices(page, rows, |like| (like.created_at, like.id.post)))
    }

    async fn liked_among(&self, user: UserId, posts: &[PostId]) -> StoreResult<HashSet<PostId>> {
        if posts.is_empty() {
            return Ok(HashSet::new());
        }
        let liked = self.db.rows(queries::liked_among(self.db.dialect(), user, posts), Columns::id).await?;
        Ok(liked.into_iter().collect())
    }

    async fn posts_with(
        &self,
        words: &[String],
        filter: &SearchFilter,
        after: Option<PostId>,
        limit: u32,
    ) -> StoreResult<Vec<Post>> {
        self.posts(queries::posts_with(self.db.dialect(), words, filter, after, limit)).await
    }

    async fn top_authors(&self, period: Period, limit: u32) -> StoreResult<Vec<(UserId, u64)>> {
        self.most_liked("author_id", period, limit).await
    }

    async fn top_posts(&self, period: Period, limit: u32) -> StoreResult<Vec<(PostId, u64)>> {
        self.most_liked("post_id", period, limit).await
    }

    async fn activity(&self, period: Period, interval: Interval) -> StoreResult<Vec<ActivityCount>> {
        let read =
            |row: &mut Columns| Ok(ActivityCount { start: row.moment()?, posts: row.count()?, likes: row.count()? });
        self.db.rows(queries::activity(self.db.dialect(), period, interval), read).await
    }

    async fn scan_posts(&self, after: Option<PostId>, limit: u32) -> StoreResult<Vec<Post>> {
        self.posts(queries::scan_posts(self.db.dialect(), after, limit)).await
    }

    async fn scan_likes(&self, after: Option<LikeId>, limit: u32) -> StoreResult<Vec<(Like, u64)>> {
        let statement = queries::scan_likes(self.db.dialect(), after, limit);
        self.db.rows(statement, |row| Ok((row.like()?, row.count()?))).await
    }

    async fn recount_posts(&self, posts: &[PostId]) -> StoreResult<Vec<Recount<PostId>>> {
        if posts.is_empty() {
            return Ok(Vec::new());
        }
        recount::posts(&self.db, posts).await
    }

    async fn fix_post_counts(&self, posts: &[(PostId, Stamp)]) -> StoreResult<()> {
        if posts.is_empty() {
            return Ok(());
        }
        retried(|| recount::fix_posts(&self.db, posts)).await
    }

    async fn recount_authors(&self, authors: &[UserId]) -> StoreResult<Vec<Recount<UserId>>> {
        if authors.is_empty() {
            return Ok(Vec::new());
        }
        recount::authors(&self.db, authors).await
    }

    async fn fix_author_counts(&self, authors: &[(UserId, Stamp)]) -> StoreResult<()> {
        if authors.is_empty() {
            return Ok(());
        }
        retried(|| recount::fix_authors(&self.db, authors)).await
    }

    async fn remove_likes(&self, likes: &[(LikeId, Stamp)]) -> StoreResult<()> {
        if likes.is_empty() {
            return Ok(());
        }
        retried(|| recount::remove_likes(&self.db, likes)).await
    }

    async fn touch_posts(&self, touches: &[Touch]) -> StoreResult<()> {
        if touches.is_empty() {
            return Ok(());
        }
        retried(|| recount::touch(&self.db, Versioned::Posts, touches)).await
    }

    async fn insert_posts(&self, posts: &[NewPost]) -> StoreResult<u64> {
        writes::insert_posts(&self.db, posts).await
    }

    async fn insert_likes(&self, likes: &[Like]) -> StoreResult<u64> {
        writes::insert_likes(&self.db, likes).await
    }
}
