//! The port to the store that owns posts and likes.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;

use super::{Backend, Recount, StoreResult, Touch};
use crate::domain::event::Stamp;
use crate::domain::search::{ActivityCount, SearchFilter};
use crate::domain::{
    AuthorStats, ByCount, ByTime, Interval, Like, LikeId, Page, Period, Post, PostFields, PostId, Slice, Timestamp,
    UserId,
};

/// Posts and likes: one owner of this truth. Users are known here by their ids alone.
///
/// `fields` says what is read beside what every post carries. Lists of likes are newest first, ties by the other
/// side's id, descending. Methods that take several posts or users are batches of one round trip.
#[async_trait]
pub trait PostStore: Backend {
    /// The posts with these ids. Ids may repeat; unknown ones are left out.
    async fn posts_by_id(&self, ids: &[PostId], fields: PostFields) -> StoreResult<HashMap<PostId, Post>>;

    /// A page of all posts, newest first (by id, descending).
    async fn posts_newest(&self, page: &Page<PostId>, fields: PostFields) -> StoreResult<Slice<Post>>;

    /// A page of posts, most liked first, ties by id, descending; of one author where `author` is given.
    async fn posts_most_liked(
        &self,
        author: Option<UserId>,
        page: &Page<ByCount>,
        fields: PostFields,
    ) -> StoreResult<Slice<Post>>;

    /// A page of the posts of each author, newest first. Authors without posts may be left out.
    async fn posts_of_authors(
        &self,
        authors: &[UserId],
        page: &Page<PostId>,
        fields: PostFields,
    ) -> StoreResult<HashMap<UserId, Slice<Post>>>;

    /// One page of the posts of all these authors together, newest first. It reads no more than the page and one
    /// entry for each author.
    async fn feed(&self, authors: &[UserId], page: &Page<PostId>, fields: PostFields) -> StoreResult<Slice<Post>>;

    /// Posts that `likers` like, neither by `viewer` nor liked by `viewer`, with how many of `likers` like each: by
    /// that, descending, ties by id, descending.
    async fn recommended(
        &self,
        viewer: UserId,
        likers: &[UserId],
        page: &Page<ByCount>,
        fields: PostFields,
    ) -> StoreResult<Slice<(Post, u64)>>;

    /// How many posts there are, exactly.
    async fn count_posts(&self) -> StoreResult<u64>;

    /// The exact counts of each author, read in O(1) for each. Authors without any may be left out.
    async fn author_stats(&self, authors: &[UserId]) -> StoreResult<HashMap<UserId, AuthorStats>>;

    /// The likes with these ids. Unknown ones are left out.
    async fn likes_by_id(&self, ids: &[LikeId]) -> StoreResult<HashMap<LikeId, Like>>;

    /// A page of the likes of each post. Posts without likes may be left out.
    async fn likes_of_posts(
        &self,
        posts: &[LikedPost],
        page: &Page<ByTime>,
    ) -> StoreResult<HashMap<PostId, Slice<Like>>>;

    /// A page of the likes given by each user. Users without likes may be left out.
    async fn likes_by_users(&self, users: &[UserId], page: &Page<ByTime>) -> StoreResult<HashMap<UserId, Slice<Like>>>;

    /// Which of `posts` `user` likes.
    async fn liked_among(&self, user: UserId, posts: &[PostId]) -> StoreResult<HashSet<PostId>>;

    /// Posts that `filter` lets through in whose title and content together each of `words` occurs, be it within another
    /// word, newest first and whole; `limit` of them after `after`: what may match a search, where no index is there to
    /// say. Case is ignored, at least that of ASCII letters. It may read all posts.
    async fn posts_with(
        &self,
        words: &[String],
        filter: &SearchFilter,
        after: Option<PostId>,
        limit: u32,
    ) -> StoreResult<Vec<Post>>;

    /// As [`SearchIndex::top_authors`](super::SearchIndex::top_authors). It may read all likes.
    async fn top_authors(&self, period: Period, limit: u32) -> StoreResult<Vec<(UserId, u64)>>;

    /// As [`SearchIndex::top_posts`](super::SearchIndex::top_posts). It may read all likes.
    async fn top_posts(&self, period: Period, limit: u32) -> StoreResult<Vec<(PostId, u64)>>;

    /// Posts and likes of the period per hour or day (UTC), whichever the interval is made of, in order of time; those
    /// without any are left out. It may read all posts and likes.
    async fn activity(&self, period: Period, interval: Interval) -> StoreResult<Vec<ActivityCount>>;

    /// All posts in ascending order of id, `limit` of them after `after`: for jobs that walk the whole truth.
    async fn scan_posts(&self, after: Option<PostId>, limit: u32) -> StoreResult<Vec<Post>>;

    /// All likes in ascending order of (post, user), `limit` of them after `after`, each with the internal version of
    /// its post: for jobs that walk the whole truth.
    async fn scan_likes(&self, after: Option<LikeId>, limit: u32) -> StoreResult<Vec<(Like, u64)>>;

    /// Counts the likes of these posts again, `likeCount` of each: to check what is kept.
    async fn recount_posts(&self, posts: &[PostId]) -> StoreResult<Vec<Recount<PostId>>>;

    /// Sets the counts of these posts to what is counted, and leaves `post.updated` for each that is there.
    async fn fix_post_counts(&self, posts: &[(PostId, Stamp)]) -> StoreResult<()>;

    /// Counts the posts and the given likes of these authors again, `postsCount` and `likesCount` of each.
    async fn recount_authors(&self, authors: &[UserId]) -> StoreResult<Vec<Recount<UserId>>>;

    /// Sets the counts of these authors to what is counted, and leaves `user.updated` for each, with version 0: what
    /// versions users have is not known here.
    async fn fix_author_counts(&self, authors: &[(UserId, Stamp)]) -> StoreResult<()>;

    /// Removes likes that should not be, takes back what was counted of them, and leaves an event for each that was
    /// there: `post.unliked`, or where its post is not there, `post.deleted` with version 0.
    async fn remove_likes(&self, likes: &[(LikeId, Stamp)]) -> StoreResult<()>;

    /// Leaves these events in the outbox, in one transaction that raises the versions of the posts which are there
    /// above what each [`Touch`] says.
    async fn touch_posts(&self, touches: &[Touch]) -> StoreResult<()>;

    /// Adds posts that are not there yet (by id) and counts them for their authors, in one transaction. Returns how
    /// many were new.
    async fn insert_posts(&self, posts: &[NewPost]) -> StoreResult<u64>;

    /// Adds likes that are not there yet, counts them on the post and for the liker, and raises the posts' internal
    /// versions, in one transaction. A like of a post that is not there is left out. Returns how many were new.
    async fn insert_likes(&self, likes: &[Like]) -> StoreResult<u64>;
}

/// A post whose likes are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LikedPost {
    /// Which post.
    pub id: PostId,
    /// How many likes it had when it was last read. A store may choose by it how to ask, never what to answer: it may
    /// be out of date.
    pub like_count: u64,
}

impl From<&Post> for LikedPost {
    fn from(post: &Post) -> Self {
        Self { id: post.id, like_count: post.like_count }
    }
}

/// A post to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPost {
    /// Its identity.
    pub id: PostId,
    /// Who wrote it.
    pub author: UserId,
    /// Its title.
    pub title: String,
    /// Its text.
    pub content: String,
    /// When it was published.
    pub created_at: Timestamp,
}
