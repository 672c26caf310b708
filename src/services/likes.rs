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

use crate::domain::{Post, PostId};
use crate::ports::{LikeOutcome, LikeWish, PublishingStore, Role, StoreError, StoreResult};

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
        answered.await.unwrap_or_else(|_| {
            Err(StoreError::internal(Role::Posts, "the task that grants likes of this post has ended too soon"))
        })
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

/// What grants the wishes about one post, one group after the other. However it ends, its lane ends with it, and with
/// the lane all that wait in it are told.
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
        if !self.is_over {
            self.shared.lanes().remove(&self.post);
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
