//! Posts and likes in memory, with a door that holds up transactions.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use tokio::sync::Semaphore;

use super::Faults;
use crate::domain::event::Stamp;
use crate::domain::search::{ActivityCount, SearchFilter};
use crate::domain::{
    AuthorStats, ByCount, ByTime, Interval, Like, LikeId, Page, Period, Post, PostFields, PostId, Slice, Timestamp,
    UserId,
};
use crate::ports::{
    Backend, Changed, Idempotency, LikeOutcome, LikeWish, LikedPost, LikesSet, NewPost, PostChanges, PostStore,
    Published, PublishingStore, Recount, Role, StoreResult, Touch,
};

/// A store of posts that keeps the ports' rules, as far as services can see.
pub(crate) struct MemoryPosts {
    pub(crate) faults: Arc<Faults>,
    /// A transaction on likes takes a permit: tests that take them all hold it up.
    pub(crate) door: Semaphore,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    posts: BTreeMap<PostId, Post>,
    likes: BTreeMap<LikeId, Timestamp>,
    keys: HashMap<(UserId, String), (PostId, [u8; 32])>,
    closed: BTreeSet<UserId>,
    groups: Vec<Vec<(UserId, bool)>>,
    swept_before: Option<Timestamp>,
}

const OPEN: usize = 1_000_000;

impl Default for MemoryPosts {
    fn default() -> Self {
        Self { faults: Arc::default(), door: Semaphore::new(OPEN), state: Mutex::default() }
    }
}

impl MemoryPosts {
    fn call(&self) -> StoreResult<MutexGuard<'_, State>> {
        self.faults.call(Role::Posts)?;
        Ok(self.state.lock().unwrap())
    }

    pub(crate) fn close_door(&self) {
        self.door.forget_permits(OPEN);
    }

    pub(crate) fn open_door(&self) {
        self.door.add_permits(OPEN);
    }

    /// From before which moment keys were last forgotten.
    pub(crate) fn swept_before(&self) -> Option<Timestamp> {
        self.state.lock().unwrap().swept_before
    }

    /// The wishes of each transaction so far.
    pub(crate) fn groups(&self) -> Vec<Vec<(UserId, bool)>> {
        self.state.lock().unwrap().groups.clone()
    }

    /// Who likes a post.
    pub(crate) fn likers(&self, post: PostId) -> Vec<UserId> {
        self.state.lock().unwrap().likes.keys().filter(|like| like.post == post).map(|like| like.user).collect()
    }

    /// Whether there is any trace of a user, but for the mark that they are closed.
    pub(crate) fn knows(&self, user: UserId) -> bool {
        let state = self.state.lock().unwrap();
        state.posts.values().any(|post| post.author == user) || state.likes.keys().any(|like| like.user == user)
    }

    pub(crate) fn add_post(&self, id: u128, author: UserId) -> PostId {
        let (id, at) = (PostId(uuid::Uuid::from_u128(id)), Timestamp::from_millis(super::START));
        let post = Post {
            id,
            author,
            title: "A title".to_owned(),
            content: Some("A text".to_owned()),
            created_at: at,
            updated_at: at,
            revision: 1,
            like_count: 0,
            version: 1,
        };
        self.state.lock().unwrap().posts.insert(id, post);
        id
    }

    /// A like as it is, whether there is such a post or not.
    pub(crate) fn add_like(&self, post: PostId, user: UserId) {
        let at = Timestamp::from_millis(super::START);
        self.state.lock().unwrap().likes.insert(LikeId { post, user }, at);
    }
}

#[async_trait]
impl Backend for MemoryPosts {
    fn kind(&self) -> &'static str {
        "memory"
    }

    async fn check(&self) -> StoreResult<String> {
        Ok("of tests".to_owned())
    }
}

#[async_trait]
impl PublishingStore for MemoryPosts {
    async fn publish(&self, new: &NewPost, idempotency: Option<&Idempotency>, _: Stamp) -> StoreResult<Published> {
        let mut state = self.call()?;
        if state.closed.contains(&new.author) {
            return Ok(Published::AuthorClosed);
        }
        if let Some(idempotency) = idempotency {
            let key = (new.author, idempotency.key.clone());
            match state.keys.get(&key) {
                Some((id, fingerprint)) if *fingerprint == idempotency.fingerprint => {
                    return Ok(state.posts.get(id).cloned().map_or(Published::Gone, Published::Before));
                }
                Some(_) => return Ok(Published::KeyInUse),
                None => state.keys.insert(key, (new.id, idempotency.fingerprint)),
            };
        }
        let NewPost { id, author, title, content, created_at } = new.clone();
        let post = Post {
            id,
            author,
            title,
            content: Some(content),
            created_at,
            updated_at: created_at,
            revision: 1,
            like_count: 0,
            version: 1,
        };
        state.posts.insert(id, post.clone());
        Ok(Published::New(post))
    }

    async fn edit(
        &self,
        id: PostId,
        author: UserId,
        changes: &PostChanges,
        expected_revision: Option<u32>,
        stamp: Stamp,
    ) -> StoreResult<Changed<Post>> {
        let mut state = self.call()?;
        let Some(post) = state.posts.get_mut(&id) else { return Ok(Changed::NotFound) };
        if post.author != author {
            return Ok(Changed::NotTheirs);
        }
        if expected_revision.is_some_and(|expected| expected != post.revision) {
            return Ok(Changed::OtherRevision);
        }
        post.title = changes.title.clone().unwrap_or(post.title.clone());
        post.content = changes.content.clone().or(post.content.clone());
        (post.revision, post.updated_at) = (post.revision + 1, stamp.at);
        Ok(Changed::Done(post.clone()))
    }

    async fn delete(&self, id: PostId, author: UserId, _: Stamp) -> StoreResult<Changed<()>> {
        let mut state = self.call()?;
        match state.posts.get(&id) {
            None => return Ok(Changed::NotFound),
            Some(post) if post.author != author => return Ok(Changed::NotTheirs),
            Some(_) => {}
        }
        state.posts.remove(&id);
        state.likes.retain(|like, _| like.post != id);
        Ok(Changed::Done(()))
    }

    async fn set_likes(&self, post: PostId, wishes: &[LikeWish]) -> StoreResult<Option<LikesSet>> {
        let _permit = self.door.acquire().await.expect("the door is never taken down");
        let mut state = self.call()?;
        let users: HashSet<_> = wishes.iter().map(|wish| wish.user).collect();
        assert_eq!(users.len(), wishes.len(), "at most one wish for each user");
        assert!(wishes.len() <= 500);
        state.groups.push(wishes.iter().map(|wish| (wish.user, wish.like)).collect());
        if !state.posts.contains_key(&post) {
            return Ok(None);
        }
        let outcomes = wishes.iter().map(|wish| {
            let id = LikeId { post, user: wish.user };
            if !wish.like {
                return state.likes.remove(&id).map_or(LikeOutcome::WasNotLiked, |_| LikeOutcome::Unliked(id));
            }
            if state.closed.contains(&wish.user) {
                return LikeOutcome::UserClosed;
            }
            LikeOutcome::Liked(*state.likes.entry(id).or_insert(wish.stamp.at))
        });
        let outcomes = outcomes.collect();
        let like_count = state.likes.keys().filter(|like| like.post == post).count() as u64;
        let post = state.posts.get_mut(&post).expect("it was there before");
        post.like_count = like_count;
        Ok(Some(LikesSet { post: post.clone(), outcomes }))
    }

    async fn close_author(&self, user: UserId) -> StoreResult<()> {
        self.call()?.closed.insert(user);
        Ok(())
    }

    async fn sweep_keys(&self, now: Timestamp) -> StoreResult<u64> {
        self.call()?.swept_before = Some(now);
        Ok(0)
    }
}

const NOT_ASKED: &str = "no service under test asks for this";

#[async_trait]
impl PostStore for MemoryPosts {
    async fn posts_of_authors(
        &self,
        authors: &[UserId],
        page: &Page<PostId>,
        _: PostFields,
    ) -> StoreResult<HashMap<UserId, Slice<Post>>> {
        let state = self.call()?;
        let of = |author: UserId| {
            let posts = state.posts.values().rev().filter(|post| post.author == author);
            page.slice(posts.take(page.limit as usize + 1).cloned().collect())
        };
        Ok(authors.iter().map(|author| (*author, of(*author))).collect())
    }

    async fn likes_by_users(&self, users: &[UserId], page: &Page<ByTime>) -> StoreResult<HashMap<UserId, Slice<Like>>> {
        let state = self.call()?;
        let by = |user: UserId| {
            let likes = state.likes.iter().rev().filter(|(like, _)| like.user == user);
            let after = likes
                .filter(|(like, at)| page.cursor.is_none_or(|cursor| (**at, like.post.0) < (cursor.at, cursor.id)));
            let likes = after.map(|(id, at)| Like { id: *id, author: id.user, created_at: *at });
            page.slice(likes.take(page.limit as usize + 1).collect())
        };
        Ok(users.iter().map(|user| (*user, by(*user))).collect())
    }

    async fn posts_by_id(&self, _: &[PostId], _: PostFields) -> StoreResult<HashMap<PostId, Post>> {
        unreachable!("{NOT_ASKED}")
    }

    async fn posts_newest(&self, _: &Page<PostId>, _: PostFields) -> StoreResult<Slice<Post>> {
        unreachable!("{NOT_ASKED}")
    }

    async fn posts_most_liked(&self, _: Option<UserId>, _: &Page<ByCount>, _: PostFields) -> StoreResult<Slice<Post>> {
        unreachable!("{NOT_ASKED}")
    }

    async fn feed(&self, _: &[UserId], _: &Page<PostId>, _: PostFields) -> StoreResult<Slice<Post>> {
        unreachable!("{NOT_ASKED}")
    }

    async fn recommended(
        &self,
        _: UserId,
        _: &[UserId],
        _: &Page<ByCount>,
        _: PostFields,
    ) -> StoreResult<Slice<(Post, u64)>> {
        unreachable!("{NOT_ASKED}")
    }

    async fn count_posts(&self) -> StoreResult<u64> {
        unreachable!("{NOT_ASKED}")
    }

    async fn author_stats(&self, _: &[UserId]) -> StoreResult<HashMap<UserId, AuthorStats>> {
        unreachable!("{NOT_ASKED}")
    }

    async fn likes_by_id(&self, _: &[LikeId]) -> StoreResult<HashMap<LikeId, Like>> {
        unreachable!("{NOT_ASKED}")
    }

    async fn likes_of_posts(&self, _: &[LikedPost], _: &Page<ByTime>) -> StoreResult<HashMap<PostId, Slice<Like>>> {
        unreachable!("{NOT_ASKED}")
    }

    async fn liked_among(&self, _: UserId, _: &[PostId]) -> StoreResult<HashSet<PostId>> {
        unreachable!("{NOT_ASKED}")
    }

    async fn posts_with(&self, _: &[String], _: &SearchFilter, _: Option<PostId>, _: u32) -> StoreResult<Vec<Post>> {
        unreachable!("{NOT_ASKED}")
    }

    async fn top_authors(&self, _: Period, _: u32) -> StoreResult<Vec<(UserId, u64)>> {
        unreachable!("{NOT_ASKED}")
    }

    async fn top_posts(&self, _: Period, _: u32) -> StoreResult<Vec<(PostId, u64)>> {
        unreachable!("{NOT_ASKED}")
    }

    async fn activity(&self, _: Period, _: Interval) -> StoreResult<Vec<ActivityCount>> {
        unreachable!("{NOT_ASKED}")
    }

    async fn scan_posts(&self, _: Option<PostId>, _: u32) -> StoreResult<Vec<Post>> {
        unreachable!("{NOT_ASKED}")
    }

    async fn scan_likes(&self, _: Option<LikeId>, _: u32) -> StoreResult<Vec<(Like, u64)>> {
        unreachable!("{NOT_ASKED}")
    }

    async fn recount_posts(&self, _: &[PostId]) -> StoreResult<Vec<Recount<PostId>>> {
        unreachable!("{NOT_ASKED}")
    }

    async fn fix_post_counts(&self, _: &[(PostId, Stamp)]) -> StoreResult<()> {
        unreachable!("{NOT_ASKED}")
    }

    async fn recount_authors(&self, _: &[UserId]) -> StoreResult<Vec<Recount<UserId>>> {
        unreachable!("{NOT_ASKED}")
    }

    async fn fix_author_counts(&self, _: &[(UserId, Stamp)]) -> StoreResult<()> {
        unreachable!("{NOT_ASKED}")
    }

    async fn remove_likes(&self, _: &[(LikeId, Stamp)]) -> StoreResult<()> {
        unreachable!("{NOT_ASKED}")
    }

    async fn touch_posts(&self, _: &[Touch]) -> StoreResult<()> {
        unreachable!("{NOT_ASKED}")
    }

    async fn insert_posts(&self, _: &[NewPost]) -> StoreResult<u64> {
        unreachable!("{NOT_ASKED}")
    }

    async fn insert_likes(&self, _: &[Like]) -> StoreResult<u64> {
        unreachable!("{NOT_ASKED}")
    }
}
