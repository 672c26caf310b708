//! What is read of posts.

use std::collections::{HashMap, HashSet};
use std::iter::once;

use super::noted;
use crate::domain::Tag::{AnyLike, Deletions, LikesBy, LikesOf, Posts, PostsOf, Stats};
use crate::domain::event::Stamp;
use crate::domain::search::{ActivityCount, SearchFilter};
use crate::domain::{
    AuthorStats, ByCount, ByTime, Interval, Like, LikeId, Page, Period, Post, PostFields, PostId, Slice, Tag, UserId,
};
use crate::ports::{LikedPost, NewPost, Recount, Touch};

noted! {
    PostStore;
    read fn posts_by_id(&self, ids: &[PostId], fields: PostFields) -> HashMap<PostId, Post>,
        reads |_| ids.iter().copied().map(Tag::Post);
    read fn posts_newest(&self, page: &Page<PostId>, fields: PostFields) -> Slice<Post>,
        reads |_| [Posts];
    read fn posts_most_liked(&self, author: Option<UserId>, page: &Page<ByCount>, fields: PostFields) -> Slice<Post>,
        reads |_| author.map_or([Posts, AnyLike], |author| [PostsOf(author), LikesOf(author)]);
    read fn posts_of_authors(&self, authors: &[UserId], page: &Page<PostId>, fields: PostFields) -> HashMap<UserId, Slice<Post>>,
        reads |_| authors.iter().copied().map(PostsOf);
    read fn feed(&self, authors: &[UserId], page: &Page<PostId>, fields: PostFields) -> Slice<Post>,
        reads |_| authors.iter().copied().map(PostsOf);
    read fn recommended(&self, viewer: UserId, likers: &[UserId], page: &Page<ByCount>, fields: PostFields) -> Slice<(Post, u64)>,
        reads |_| likers.iter().copied().chain(once(viewer)).map(LikesBy).chain([Deletions]);
    read fn count_posts(&self) -> u64,
        reads |_| [Posts];
    read fn author_stats(&self, authors: &[UserId]) -> HashMap<UserId, AuthorStats>,
        reads |_| authors.iter().copied().map(Stats).chain([Deletions]);
    read fn likes_by_id(&self, ids: &[LikeId]) -> HashMap<LikeId, Like>,
        reads |_| ids.iter().map(|id| Tag::Post(id.post));
    read fn likes_of_posts(&self, posts: &[LikedPost], page: &Page<ByTime>) -> HashMap<PostId, Slice<Like>>,
        reads |_| posts.iter().map(|post| Tag::Post(post.id));
    read fn likes_by_users(&self, users: &[UserId], page: &Page<ByTime>) -> HashMap<UserId, Slice<Like>>,
        reads |_| users.iter().copied().map(LikesBy).chain([Deletions]);
    read fn liked_among(&self, user: UserId, posts: &[PostId]) -> HashSet<PostId>,
        reads |_| posts.iter().copied().map(Tag::Post).chain([LikesBy(user)]);
    job fn posts_with(&self, words: &[String], filter: &SearchFilter, after: Option<PostId>, limit: u32) -> Vec<Post>;
    job fn top_authors(&self, period: Period, limit: u32) -> Vec<(UserId, u64)>;
    job fn top_posts(&self, period: Period, limit: u32) -> Vec<(PostId, u64)>;
    job fn activity(&self, period: Period, interval: Interval) -> Vec<ActivityCount>;
    job fn scan_posts(&self, after: Option<PostId>, limit: u32) -> Vec<Post>;
    job fn scan_likes(&self, after: Option<LikeId>, limit: u32) -> Vec<(Like, u64)>;
    job fn recount_posts(&self, posts: &[PostId]) -> Vec<Recount<PostId>>;
    job fn fix_post_counts(&self, posts: &[(PostId, Stamp)]) -> ();
    job fn recount_authors(&self, authors: &[UserId]) -> Vec<Recount<UserId>>;
    job fn fix_author_counts(&self, authors: &[(UserId, Stamp)]) -> ();
    job fn remove_likes(&self, likes: &[(LikeId, Stamp)]) -> ();
    job fn touch_posts(&self, touches: &[Touch]) -> ();
    job fn insert_posts(&self, posts: &[NewPost]) -> u64;
    job fn insert_likes(&self, likes: &[Like]) -> u64;
}
