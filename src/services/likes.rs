//! Group commit of likes: wishes about one post that arrive while a transaction on it is in flight go together in the
//! next, so that a storm of likes is a handful of transactions instead of a pile of conflicts.
//!
//! Nobody waits for company: the first wish about a post is granted at once, by a task that goes on as long as wishes
//! about this post wait. The task belongs to the post and not to a request. So a request that is dropped takes nobody
//! with it: a wish of its own that still waits is withdrawn, one whose transaction is in flight is granted without an
//! answer, and all others are answered.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio::time::timeout_at;

use crate::domain::{Post, PostId};
use crate::ports::deadline::{self, DeadlinePassed};
use crate::ports::{ErrorKind, LikeOutcome, LikeWish, PublishingStore, Role, StoreError, StoreResult};

/// The most wishes that one transaction grants.
const MAX_GROUP: usize = 500;

/// A wish that was granted.
#[derive(Debug, Clone)]
pub struct Granted {
    /// The post as it is after the whole group.
    pub post: Arc<Post>,
    /// What became of the wish.
    pub outcome: LikeOutcome,
}

/// What a wish is answered: `None` where there is no such post.
type Answer = StoreResult<Option<Granted>>;

/// Grants wishes about posts in groups. Cheap to clone; clones share their groups.
#[derive(Clone)]
pub struct GroupCommit {
    shared: Arc<Shared>,
}

struct Shared {
    store: Arc<dyn PublishingStore>,
    /// The wishes that wait, of each post that a task is at work on: there is a lane exactly as long as its task.
    lanes: Mutex<HashMap<PostId, Lane>>,
}

type Lane = VecDeque<Waiting>;

struct Waiting {
    wish: LikeWish,
    answer: oneshot::Sender<Answer>,
}

impl GroupCommit {
    /// Grants wishes in `store`.
    pub fn new(store: Arc<dyn PublishingStore>) -> Self {
        Self { shared: Arc::new(Shared { store, lanes: Mutex::default() }) }
    }

    /// Grants a wish about a post, after all earlier ones of the same user about it; `None` where there is no such
    /// post.
    ///
    /// # Errors
    /// That of the store, which the whole group of the wish gets.
    pub async fn grant(&self, post: PostId, wish: LikeWish) -> Answer {
        let (answer, answered) = oneshot::channel();
        let is_first = self.shared.enqueue(post, Waiting { wish, answer });
        if is_first {
            // The guard is made here: should the task never run, nobody waits for it for ever.
            let task = Task { shared: Arc::clone(&self.shared), post, is_over: false };
            tokio::spawn(task.run());
        }
        let answered = async {
            answered.await.unwrap_or_else(|_| {
                let what = "the task that grants likes of this post has ended with this one in flight";
                Err(StoreError::new(Role::Posts, ErrorKind::OutcomeUnknown, what))
            })
        };
        match deadline::ends() {
            // The task knows of no request, so that each must see to its own time.
            Some(end) => timeout_at(end.into(), answered)
                .await
                .unwrap_or_else(|_| Err(StoreError::new(Role::Posts, ErrorKind::OutcomeUnknown, DeadlinePassed))),
            None => answered.await,
        }
    }

    /// How many posts are being worked on.
    #[cfg(test)]
    fn busy(&self) -> usize {
        self.shared.lanes().len()
    }
}

impl Shared {
    /// Lets a wish wait for the next group. Returns whether the post needs a task.
    fn enqueue(&self, post: PostId, waiting: Waiting) -> bool {
        match self.lanes().entry(post) {
            Entry::Occupied(mut lane) => {
                lane.get_mut().push_back(waiting);
                false
            }
            Entry::Vacant(lane) => {
                lane.insert(VecDeque::from([waiting]));
                true
            }
        }
    }

    /// Nothing that holds the lock can panic half-way through a change.
    fn lanes(&self) -> MutexGuard<'_, HashMap<PostId, Lane>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What grants the wishes about one post, one group after the other. However it ends, its lane ends with it, and all
/// are told: those in flight by their answers that are dropped, those in the lane that nothing came of their wishes.
struct Task {
    shared: Arc<Shared>,
    post: PostId,
    is_over: bool,
}

impl Task {
    async fn run(mut self) {
        while let Some((wishes, answers)) = self.next_group() {
            let granted = self.shared.store.set_likes(self.post, &wishes).await;
            answer_all(answers, granted);
        }
    }

    /// Takes the next group out of the lane: one wish of each user, in the order in which they came. Where none is
    /// left the lane is over, in the same instant, so that the next wish gets a task of its own.
    fn next_group(&mut self) -> Option<(Vec<LikeWish>, Vec<oneshot::Sender<Answer>>)> {
        let mut lanes = self.shared.lanes();
        let lane = lanes.remove(&self.post).unwrap_or_default();
        let (mut wishes, mut answers, mut users) = (Vec::new(), Vec::new(), HashSet::new());
        let mut left = Lane::new();
        for waiting in lane {
            if waiting.answer.is_closed() {
                continue;
            }
            if wishes.len() < MAX_GROUP && users.insert(waiting.wish.user) {
                wishes.push(waiting.wish);
                answers.push(waiting.answer);
            } else {
                left.push_back(waiting);
            }
        }
        if wishes.is_empty() {
            self.is_over = true;
            return None;
        }
        lanes.insert(self.post, left);
        Some((wishes, answers))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let lane = self.shared.lanes().remove(&self.post).unwrap_or_default();
        let error = StoreError::internal(Role::Posts, "the task that grants likes of this post has ended too soon");
        for waiting in lane {
            let _ = waiting.answer.send(Err(error.clone()));
        }
    }
}

/// Tells each of a group what became of its wish. Some may not listen any more.
fn answer_all(answers: Vec<oneshot::Sender<Answer>>, granted: StoreResult<Option<crate::ports::LikesSet>>) {
    let set = match granted {
        Ok(Some(set)) if set.outcomes.len() == answers.len() => set,
        other => {
            let answer = match other {
                Ok(None) => Ok(None),
                Ok(Some(_)) => Err(StoreError::internal(Role::Posts, "not as many outcomes as wishes")),
                Err(error) => Err(error),
            };
            for waiting in answers {
                let _ = waiting.send(answer.clone());
            }
            return;
        }
    };
    let post = Arc::new(set.post);
    for (waiting, outcome) in answers.into_iter().zip(set.outcomes) {
        let _ = waiting.send(Ok(Some(Granted { post: Arc::clone(&post), outcome })));
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use futures::future::join_all;
    use uuid::Uuid;

    use super::*;
    use crate::domain::UserId;
    use crate::services::testing::{MemoryPosts, stamps};

    struct World {
        store: Arc<MemoryPosts>,
        likes: GroupCommit,
        post: PostId,
    }

    fn world() -> World {
        let store = Arc::new(MemoryPosts::default());
        let post = store.add_post(1, user(0));
        World { likes: GroupCommit::new(store.clone()), store, post }
    }

    fn user(n: u128) -> UserId {
        UserId(Uuid::from_u128(n))
    }

    fn wish(n: u128, like: bool) -> LikeWish {
        LikeWish { user: user(n), like, stamp: stamps().stamp() }
    }

    type Waiting<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

    impl World {
        /// A wish that has arrived.
        fn arrive(&self, n: u128, like: bool) -> Waiting<'_> {
            let mut waiting: Waiting<'_> = Box::pin(self.likes.grant(self.post, wish(n, like)));
            assert!(futures::FutureExt::now_or_never(&mut waiting).is_none(), "nothing is granted at once");
            waiting
        }

        /// A first wish whose transaction is in flight, held up by the door.
        async fn in_flight(&self) -> Waiting<'_> {
            self.store.close_door();
            let first = self.arrive(1_000_000, true);
            tokio::task::yield_now().await;
            first
        }

        fn sizes(&self) -> Vec<usize> {
            self.store.groups().iter().map(Vec::len).collect()
        }
    }

    fn outcome(answer: Answer) -> LikeOutcome {
        answer.expect("the store answers").expect("there is such a post").outcome
    }

    #[tokio::test]
    async fn wishes_that_arrive_meanwhile_go_together() {
        let world = world();
        let first = world.in_flight().await;
        let others: Vec<_> = (1..=300).map(|n| world.arrive(n, true)).collect();
        world.store.open_door();
        assert!(matches!(outcome(first.await), LikeOutcome::Liked(_)));
        for answer in join_all(others).await {
            let granted = answer.expect("the store answers").expect("there is such a post");
            assert_eq!((granted.post.like_count, matches!(granted.outcome, LikeOutcome::Liked(_))), (301, true));
        }
        assert_eq!(world.sizes(), [1, 300]);
        tokio::task::yield_now().await;
        assert_eq!(world.likes.busy(), 0, "nothing is kept of a post that is at rest");
    }

    #[tokio::test]
    async fn a_group_has_an_end() {
        let world = world();
        let first = world.in_flight().await;
        let others: Vec<_> = (1..=1_100).map(|n| world.arrive(n, true)).collect();
        world.store.open_door();
        first.await.expect("the store answers");
        join_all(others).await;
        assert_eq!(world.sizes(), [1, 500, 500, 100]);
    }

    #[tokio::test]
    async fn wishes_of_one_user_are_granted_in_their_order_one_in_each_group() {
        let world = world();
        let first = world.in_flight().await;
        let wishes = [(1, true), (2, true), (1, false), (1, false), (2, true), (1, true)];
        let waiting: Vec<_> = wishes.into_iter().map(|(n, like)| world.arrive(n, like)).collect();
        world.store.open_door();
        first.await.expect("the store answers");
        let outcomes: Vec<_> = join_all(waiting).await.into_iter().map(outcome).collect();
        let id = |n| crate::domain::LikeId { post: world.post, user: user(n) };
        assert_eq!((outcomes[2], outcomes[3]), (LikeOutcome::Unliked(id(1)), LikeOutcome::WasNotLiked));
        assert!(matches!(outcomes[5], LikeOutcome::Liked(_)));
        let groups = &world.store.groups()[1..];
        let expected: [&[_]; 4] = [
            &[(user(1), true), (user(2), true)],
            &[(user(1), false), (user(2), true)],
            &[(user(1), false)],
            &[(user(1), true)],
        ];
        assert_eq!(groups, expected);
    }

    #[tokio::test]
    async fn who_gives_up_takes_nobody_with_them() {
        let world = world();
        let first = world.in_flight().await;
        let (second, third) = (world.arrive(2, true), world.arrive(3, true));
        drop(first);
        drop(second);
        world.store.open_door();
        assert!(matches!(outcome(third.await), LikeOutcome::Liked(_)));
        let likers = world.store.likers(world.post);
        assert_eq!(likers, [user(3), user(1_000_000)], "in flight: granted; still waiting: withdrawn");
        assert_eq!(world.sizes(), [1, 1]);
    }

    #[tokio::test]
    async fn if_all_give_up_the_next_is_served_all_the_same() {
        let world = world();
        let first = world.in_flight().await;
        let second = world.arrive(2, true);
        drop((first, second));
        world.store.open_door();
        assert!(matches!(outcome(world.arrive(3, true).await), LikeOutcome::Liked(_)));
        tokio::task::yield_now().await;
        assert_eq!(world.likes.busy(), 0);
    }

    #[tokio::test]
    async fn a_failure_reaches_all_of_its_group_and_none_of_the_next() {
        let world = world();
        let first = world.in_flight().await;
        let second: Vec<_> = (1..=3).map(|n| world.arrive(n, true)).collect();
        let later = world.arrive(1, true);
        world.store.faults.fail_after(1);
        world.store.open_door();
        assert!(first.await.is_ok());
        for answer in join_all(second).await {
            assert_eq!(answer.expect_err("the store fails").kind, ErrorKind::Unavailable);
        }
        assert!(matches!(outcome(later.await), LikeOutcome::Liked(_)));
    }

    #[tokio::test]
    async fn a_post_that_is_not_there_is_none_to_all() {
        let store = Arc::new(MemoryPosts::default());
        let likes = GroupCommit::new(store);
        let post = PostId(Uuid::from_u128(9));
        let answers = join_all((1..=3).map(|n| likes.grant(post, wish(n, true)))).await;
        assert!(answers.into_iter().all(|answer| matches!(answer, Ok(None))));
    }

    #[tokio::test]
    async fn a_task_that_panics_leaves_nobody_waiting() {
        let world = world();
        let first = world.in_flight().await;
        let second = world.arrive(2, true);
        world.store.door.close();
        let told = (first.await.expect_err("it panicked").kind, second.await.expect_err("it panicked").kind);
        assert_eq!(told, (ErrorKind::OutcomeUnknown, ErrorKind::Internal), "in flight, and not begun");
        assert_eq!(world.likes.busy(), 0);
    }

    #[tokio::test]
    async fn posts_do_not_wait_for_each_other() {
        let world = world();
        let other = world.store.add_post(2, user(0));
        let first = world.in_flight().await;
        let mut elsewhere: Waiting<'_> = Box::pin(world.likes.grant(other, wish(1, true)));
        assert!(futures::FutureExt::now_or_never(&mut elsewhere).is_none());
        assert_eq!(world.likes.busy(), 2);
        world.store.open_door();
        assert!(first.await.is_ok() && elsewhere.await.is_ok());
        assert_eq!(world.store.groups().len(), 2);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_storm_of_likes_and_unlikes_comes_out_exact() {
        let world = Arc::new(world());
        let clients = (1..=64).map(|n| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                for round in 0..20 {
                    let answer = world.likes.grant(world.post, wish(n, round % 2 == 0)).await;
                    let liked = matches!(outcome(answer), LikeOutcome::Liked(_));
                    assert_eq!(liked, round % 2 == 0);
                }
                world.likes.grant(world.post, wish(n, n % 2 == 0)).await.expect("the store answers");
            })
        });
        for client in join_all(clients).await {
            client.expect("a client that went through");
        }
        let likers = world.store.likers(world.post);
        assert_eq!(likers, (1..=64).filter(|n| n % 2 == 0).map(user).collect::<Vec<_>>());
    }
}
