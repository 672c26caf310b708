//! The port to posts, layered.

use crate::domain::event::Stamp;
use crate::domain::{AuthorStats, ByCount, ByTime, Like, LikeId, Page, Post, PostFields, PostId, Slice, UserId};
use crate::ports::{NewPost, Recount, Role, Touch};
use crate::stores::layer::layered;
use std::collections::{HashMap, HashSet};

layered! {
    PostStore for Role::Posts;
    fn posts_by_id(&self, ids: &[PostId], fields: PostFields) -> HashMap<PostId, Post>;
    fn posts_newest(&self, page: &Page<PostId>, fields: PostFields) -> Slice<Post>;
    fn posts_most_liked(&self, author: Option<UserId>, page: &Page<ByCount>, fields: PostFields) -> Slice<Post>;
    fn posts_of_authors(&self, authors: &[UserId], page: &Page<PostId>, fields: PostFields) -> HashMap<UserId, Slice<Post>>;
    fn feed(&self, authors: &[UserId], page: &Page<PostId>, fields: PostFields) -> Slice<Post>;
    fn recommended(&self, viewer: UserId, likers: &[UserId], page: &Page<ByCount>, fields: PostFields) -> Slice<(Post, u64)>;
    fn count_posts(&self) -> u64;
    fn author_stats(&self, authors: &[UserId]) -> HashMap<UserId, AuthorStats>;
    fn likes_by_id(&self, ids: &[LikeId]) -> HashMap<LikeId, Like>;
    fn likes_of_posts(&self, posts: &[PostId], page: &Page<ByTime>) -> HashMap<PostId, Slice<Like>>;
    fn likes_by_users(&self, users: &[UserId], page: &Page<ByTime>) -> HashMap<UserId, Slice<Like>>;
    fn liked_among(&self, user: UserId, posts: &[PostId]) -> HashSet<PostId>;
    fn scan_posts(&self, after: Option<PostId>, limit: u32) -> Vec<Post>;
    fn scan_likes(&self, after: Option<LikeId>, limit: u32) -> Vec<(Like, u64)>;
    fn recount_posts(&self, posts: &[PostId]) -> Vec<Recount<PostId>>;
    fn fix_post_counts(&self, posts: &[(PostId, Stamp)]) -> ();
    fn recount_authors(&self, authors: &[UserId]) -> Vec<Recount<UserId>>;
    fn fix_author_counts(&self, authors: &[(UserId, Stamp)]) -> ();
    fn remove_likes(&self, likes: &[(LikeId, Stamp)]) -> ();
    fn touch_posts(&self, touches: &[Touch]) -> ();
    fn insert_posts(&self, posts: &[NewPost]) -> u64;
    fn insert_likes(&self, likes: &[Like]) -> u64;
}
