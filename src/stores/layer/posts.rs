//! The port to posts, layered.

use crate::domain::event::Stamp;
use crate::domain::search::{ActivityCount, SearchFilter};
use crate::domain::{
    AuthorStats, ByCount, ByTime, Interval, Like, LikeId, Page, Period, Post, PostFields, PostId, Slice, UserId,
};
use crate::ports::{LikedPost, NewPost, Recount, Role, Touch};
use crate::stores::layer::layered;
use std::collections::{HashMap, HashSet};

layered! {
    PostStore for Role::Posts;
    read fn posts_by_id(&self, ids: &[PostId], fields: PostFields) -> HashMap<PostId, Post>;
    read fn posts_newest(&self, page: &Page<PostId>, fields: PostFields) -> Slice<Post>;
    read fn posts_most_liked(&self, author: Option<UserId>, page: &Page<ByCount>, fields: PostFields) -> Slice<Post>;
    read fn posts_of_authors(&self, authors: &[UserId], page: &Page<PostId>, fields: PostFields) -> HashMap<UserId, Slice<Post>>;
    read fn feed(&self, authors: &[UserId], page: &Page<PostId>, fields: PostFields) -> Slice<Post>;
    read fn recommended(&self, viewer: UserId, likers: &[UserId], page: &Page<ByCount>, fields: PostFields) -> Slice<(Post, u64)>;
    read fn count_posts(&self) -> u64;
    read fn author_stats(&self, authors: &[UserId]) -> HashMap<UserId, AuthorStats>;
    read fn likes_by_id(&self, ids: &[LikeId]) -> HashMap<LikeId, Like>;
    read fn likes_of_posts(&self, posts: &[LikedPost], page: &Page<ByTime>) -> HashMap<PostId, Slice<Like>>;
    read fn likes_by_users(&self, users: &[UserId], page: &Page<ByTime>) -> HashMap<UserId, Slice<Like>>;
    read fn liked_among(&self, user: UserId, posts: &[PostId]) -> HashSet<PostId>;
    scan fn posts_with(&self, words: &[String], filter: &SearchFilter, after: Option<PostId>, limit: u32) -> Vec<Post>;
    scan fn top_authors(&self, period: Period, limit: u32) -> Vec<(UserId, u64)>;
    scan fn top_posts(&self, period: Period, limit: u32) -> Vec<(PostId, u64)>;
    scan fn activity(&self, period: Period, interval: Interval) -> Vec<ActivityCount>;
    read fn scan_posts(&self, after: Option<PostId>, limit: u32) -> Vec<Post>;
    read fn scan_likes(&self, after: Option<LikeId>, limit: u32) -> Vec<(Like, u64)>;
    read fn recount_posts(&self, posts: &[PostId]) -> Vec<Recount<PostId>>;
    write fn fix_post_counts(&self, posts: &[(PostId, Stamp)]) -> ();
    read fn recount_authors(&self, authors: &[UserId]) -> Vec<Recount<UserId>>;
    write fn fix_author_counts(&self, authors: &[(UserId, Stamp)]) -> ();
    write fn remove_likes(&self, likes: &[(LikeId, Stamp)]) -> ();
    write fn touch_posts(&self, touches: &[Touch]) -> ();
    write fn insert_posts(&self, posts: &[NewPost]) -> u64;
    write fn insert_likes(&self, likes: &[Like]) -> u64;
}
