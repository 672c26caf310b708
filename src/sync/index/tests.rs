//! The index agrees with the truth, in whatever order and however often events are handled.

use std::sync::Mutex;

use super::*;
use crate::domain::text::Handle;
use crate::domain::{Confidential, Timestamp};
use crate::ports::ErrorKind;
use crate::sync::testing::{claim, post, user};

/// What happens while the projection is at work.
type Meanwhile = Box<dyn FnOnce(&World) + Send>;

/// A truth that is changed between reads, by a hook that is called after each read of likes.
#[derive(Default)]
struct World {
    users: Mutex<HashMap<UserId, User>>,
    posts: Mutex<HashMap<PostId, Post>>,
    likes: Mutex<HashMap<LikeId, Like>>,
    index: Mutex<HashMap<IndexKey, (u64, Option<IndexDocument>)>>,
    /// How often the index fails from now on.
    failures: Mutex<u32>,
    /// Keys that the index can't take.
    indigestible: Mutex<BTreeSet<IndexKey>>,
    after_reading_likes: Mutex<Option<Meanwhile>>,
}

impl World {
    fn write_user(&self, n: u128, name: &str, version: u64) {
        let created_at = Timestamp::from_millis(0);
        let handle = Handle::parse(&format!("user{n}")).unwrap();
        let user = User {
            id: user(n),
            handle,
            name: name.to_owned(),
            bio: None,
            email: Confidential::new(user(n), String::new()),
            created_at,
            followers_count: 0,
            following_count: 0,
            version,
        };
        self.users.lock().unwrap().insert(user.id, user);
    }

    fn write_post(&self, n: u128, title: &str, version: u64) {
        let at = Timestamp::from_millis(0);
        let post = Post {
            id: post(n),
            author: user(9),
            title: title.to_owned(),
            content: Some("content".to_owned()),
            created_at: at,
            updated_at: at,
            revision: 1,
            like_count: 0,
            version,
        };
        self.posts.lock().unwrap().insert(post.id, post);
    }

    /// The user likes the post, which makes this its version.
    fn like(&self, n: u128, by: u128, version: u64) {
        self.posts.lock().unwrap().get_mut(&post(n)).unwrap().version = version;
        self.likes.lock().unwrap().insert(like(n, by), Like { id: like(n, by), author: user(9), created_at: at() });
    }

    fn unlike(&self, n: u128, by: u128, version: u64) {
        self.posts.lock().unwrap().get_mut(&post(n)).unwrap().version = version;
        self.likes.lock().unwrap().remove(&like(n, by));
    }

    fn delete_post(&self, n: u128) {
        self.posts.lock().unwrap().remove(&post(n));
        self.likes.lock().unwrap().retain(|id, _| id.post != post(n));
    }

    /// The index holds what the truth holds, and nothing else.
    fn assert_agrees(&self) {
        let users = self.users.lock().unwrap();
        let posts = self.posts.lock().unwrap();
        let likes = self.likes.lock().unwrap();
        let mut truth: Vec<IndexDocument> = users.values().map(IndexDocument::of_user).collect();
        truth.extend(posts.values().filter_map(IndexDocument::of_post));
        truth.extend(likes.values().map(IndexDocument::of_like));
        truth.sort_by_key(IndexDocument::key);
        let index = self.index.lock().unwrap();
        let mut shown: Vec<IndexDocument> = index.values().filter_map(|(_, document)| document.clone()).collect();
        shown.sort_by_key(IndexDocument::key);
        assert_eq!(shown, truth);
    }
}

fn at() -> Timestamp {
    Timestamp::from_millis(0)
}

fn like(n: u128, by: u128) -> LikeId {
    LikeId { post: post(n), user: user(by) }
}

#[async_trait]
impl Truth for Arc<World> {
    async fn users(&self, ids: &[UserId]) -> StoreResult<HashMap<UserId, User>> {
        let users = self.users.lock().unwrap();
        Ok(ids.iter().filter_map(|id| Some((*id, users.get(id)?.clone()))).collect())
    }

    async fn posts(&self, ids: &[PostId], fields: PostFields) -> StoreResult<HashMap<PostId, Post>> {
        let posts = self.posts.lock().unwrap();
        let read = |id: &PostId| {
            let post = posts.get(id)?.clone();
            let content = post.content.clone().filter(|_| fields.content);
            Some((*id, Post { content, ..post }))
        };
        Ok(ids.iter().filter_map(read).collect())
    }

    async fn likes(&self, ids: &[LikeId]) -> StoreResult<HashMap<LikeId, Like>> {
        let read = {
            let likes = self.likes.lock().unwrap();
            ids.iter().filter_map(|id| Some((*id, *likes.get(id)?))).collect()
        };
        let hook = self.after_reading_likes.lock().unwrap().take();
        if let Some(hook) = hook {
            hook(self);
        }
        Ok(read)
    }
}

#[async_trait]
impl Derived for Arc<World> {
    async fn apply(&self, changes: &[IndexChange]) -> StoreResult<()> {
        let mut failures = self.failures.lock().unwrap();
        if *failures > 0 {
            *failures -= 1;
            return Err(StoreError::new(Role::Search, ErrorKind::Unavailable, "away"));
        }
        let indigestible = self.indigestible.lock().unwrap();
        if changes.iter().any(|change| indigestible.contains(&change.key)) {
            return Err(StoreError::internal(Role::Search, "can't take this"));
        }
        let mut index = self.index.lock().unwrap();
        for change in changes {
            let seen = index.entry(change.key).or_insert((0, None));
            if change.version > seen.0 {
                *seen = (change.version, change.document.clone());
            }
        }
        Ok(())
    }

    async fn remove_likes_of(&self, posts: &BTreeSet<PostId>) -> StoreResult<()> {
        // Without a trace, as the contract allows.
        let is_removed = |key: &IndexKey| matches!(key, IndexKey::Like(id) if posts.contains(&id.post));
        self.index.lock().unwrap().retain(|key, (_, document)| document.is_none() || !is_removed(key));
        Ok(())
    }
}

fn projection(world: &Arc<World>) -> IndexProjection<Arc<World>, Arc<World>> {
    IndexProjection { truth: Arc::clone(world), index: Arc::clone(world) }
}

async fn project(world: &Arc<World>, claims: &[Claim]) {
    let outcomes = projection(world).project(claims).await;
    assert_eq!(outcomes.len(), claims.len());
    for outcome in outcomes {
        outcome.expect("projected");
    }
}

const AUTHOR: uuid::Uuid = uuid::Uuid::from_u128(9);

fn liked(by: u128) -> Happened {
    Happened::PostLiked { author: AUTHOR, user: user(by).0 }
}

fn unliked(by: u128) -> Happened {
    Happened::PostUnliked { author: AUTHOR, user: user(by).0 }
}

const CREATED: Happened = Happened::PostCreated { author: AUTHOR };
const DELETED: Happened = Happened::PostDeleted { author: AUTHOR };

/// A world with a user who was renamed, a deleted user, a post that is liked, and one that was deleted with its likes.
fn eventful() -> (Arc<World>, Vec<Claim>) {
    let world = Arc::new(World::default());
    world.write_user(1, "Renamed", 2);
    world.write_post(1, "Post", 1);
    world.like(1, 5, 2);
    world.like(1, 6, 3);
    world.unlike(1, 6, 4);
    world.like(1, 7, 5);
    world.unlike(1, 7, 6);
    world.like(1, 7, 7);
    let claims = vec![
        claim(user(1), &[(1, Happened::UserCreated)]),
        claim(user(1), &[(2, Happened::UserUpdated)]),
        claim(user(2), &[(1, Happened::UserCreated), (2, Happened::UserClosed)]),
        claim(user(2), &[(3, Happened::UserDeleted)]),
        claim(post(1), &[(1, CREATED), (2, liked(5)), (3, liked(6))]),
        claim(post(1), &[(4, unliked(6)), (5, liked(7)), (6, unliked(7)), (7, liked(7))]),
        claim(post(2), &[(1, CREATED), (2, liked(5))]),
        claim(post(2), &[(3, DELETED)]),
    ];
    (world, claims)
}

#[tokio::test]
async fn the_index_comes_to_hold_what_the_truth_does() {
    let (world, claims) = eventful();
    project(&world, &claims).await;
    world.assert_agrees();
}

#[tokio::test]
async fn order_and_repetition_make_no_difference() {
    let (world, claims) = eventful();
    for claim in claims.iter().rev().chain(&claims).chain(claims.iter().rev().step_by(2)) {
        project(&world, std::slice::from_ref(claim)).await;
    }
    world.assert_agrees();
}

#[tokio::test]
async fn every_state_between_is_overtaken() {
    let world = Arc::new(World::default());
    world.write_post(1, "First", 1);
    project(&world, &[claim(post(1), &[(1, CREATED)])]).await;
    world.like(1, 5, 2);
    project(&world, &[claim(post(1), &[(2, liked(5))])]).await;
    world.assert_agrees();
    world.unlike(1, 5, 3);
    project(&world, &[claim(post(1), &[(3, unliked(5))])]).await;
    world.assert_agrees();
    world.like(1, 5, 4);
    world.write_post(1, "Second", 5);
    project(&world, &[claim(post(1), &[(4, liked(5)), (5, Happened::PostUpdated { author: AUTHOR })])]).await;
    world.assert_agrees();
    world.delete_post(1);
    project(&world, &[claim(post(1), &[(6, DELETED)])]).await;
    world.assert_agrees();
    project(&world, &[claim(post(1), &[(4, liked(5)), (1, CREATED)])]).await;
    world.assert_agrees();
}

#[tokio::test]
async fn a_like_that_goes_while_it_is_read_goes_from_the_index_too() {
    let world = Arc::new(World::default());
    world.write_post(1, "Post", 1);
    world.like(1, 5, 2);
    *world.after_reading_likes.lock().unwrap() = Some(Box::new(|world| world.unlike(1, 5, 3)));
    project(&world, &[claim(post(1), &[(1, CREATED), (2, liked(5))])]).await;
    project(&world, &[claim(post(1), &[(3, unliked(5))])]).await;
    world.assert_agrees();
}

#[tokio::test]
async fn a_like_whose_post_is_deleted_by_another_relay_meanwhile_does_not_stay() {
    let world = Arc::new(World::default());
    world.write_post(1, "Post", 1);
    world.like(1, 5, 2);
    *world.after_reading_likes.lock().unwrap() = Some(Box::new(|world| {
        world.delete_post(1);
        // What the other relay makes of it.
        let gone = IndexChange::delete(IndexKey::Post(post(1)), 3);
        world.index.lock().unwrap().insert(gone.key, (gone.version, None));
    }));
    project(&world, &[claim(post(1), &[(1, CREATED), (2, liked(5))])]).await;
    world.assert_agrees();
}

#[tokio::test]
async fn a_crash_between_writing_and_finishing_is_made_good_by_the_next_try() {
    let (world, claims) = eventful();
    project(&world, &claims).await;
    world.write_user(1, "Renamed again", 3);
    world.delete_post(1);
    // The same events once more, after newer ones were written but before they are handled.
    project(&world, &claims).await;
    project(&world, &[claim(user(1), &[(3, Happened::UserUpdated)]), claim(post(1), &[(8, DELETED)])]).await;
    world.assert_agrees();
}

#[tokio::test]
async fn an_index_that_is_down_is_not_the_events_fault() {
    let (world, claims) = eventful();
    *world.failures.lock().unwrap() = 1;
    let outcomes = projection(&world).project(&claims).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(ProjectError::StoreDown(_)))));
    project(&world, &claims).await;
    world.assert_agrees();
}

#[tokio::test]
async fn one_that_the_index_can_not_take_holds_up_no_other() {
    let (world, claims) = eventful();
    world.indigestible.lock().unwrap().insert(IndexKey::User(user(2)));
    let outcomes = projection(&world).project(&claims).await;
    let failed: Vec<_> = outcomes.iter().map(Result::is_err).collect();
    assert_eq!(failed, [false, false, true, true, false, false, false, false]);
    world.assert_agrees();
}
