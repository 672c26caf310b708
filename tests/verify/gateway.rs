//! A gateway's write side in this process: a relay that carries events to the index, and those who write.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use polygraph::app::{OpenStores, SystemClock, SystemEntropy};
use polygraph::domain::{PostId, UserId};
use polygraph::ports::{ErrorKind, LikeWish, NewPost, PostChanges, ProfileChanges, Projection, StoreResult};
use polygraph::services::progress::NoProgress;
use polygraph::services::stamps::Stamps;
use polygraph::services::verify::{Comparison, Difference, Mode};
use polygraph::sync::{IndexProjection, Relay};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

pub(crate) fn stamps() -> Stamps {
    Stamps::new(Arc::new(SystemClock), Arc::new(SystemEntropy))
}

/// What differs, when what is on its way is waited for as long as `patience`.
pub(crate) async fn differences(stores: &OpenStores, patience: Duration) -> Vec<Difference> {
    let compared = stores.unlayered();
    let comparison = Comparison { stores: &compared, outboxes: &stores.outboxes, mode: Mode::Report, patience };
    let mut found = Vec::new();
    let count = comparison.run(&NoProgress, &mut |difference| found.push(difference.clone())).await;
    assert_eq!(count.expect("compared"), found.len() as u64);
    found
}

/// Nothing differs, however busy the machine is.
pub(crate) async fn assert_clean(stores: &OpenStores) {
    assert_eq!(differences(stores, Duration::from_secs(60)).await, []);
}

/// Tasks that go on until they are told to stop.
pub(crate) struct Tasks {
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Tasks {
    /// A relay that carries events to the index.
    pub(crate) fn relay(stores: &OpenStores) -> Self {
        let (users, posts, index) = (&stores.users, &stores.posts, &stores.search);
        let index = IndexProjection::new(Arc::clone(users), Arc::clone(posts), Arc::clone(index));
        let relay = Relay::new(stores.outboxes.clone(), Arc::new(SystemClock), Arc::new(SystemEntropy))
            .with(Projection::Index, Arc::new(index));
        let stop = CancellationToken::new();
        let tasks = vec![tokio::spawn(relay.run(stop.clone()))];
        Self { stop, tasks }
    }

    /// Four who write, each in the name of a user and on posts of their own, and like posts of all. Every write is
    /// counted.
    pub(crate) async fn writers(stores: &Arc<OpenStores>, written: &Arc<AtomicU64>) -> Self {
        let stop = CancellationToken::new();
        let users: Vec<UserId> =
            stores.users.scan_users(None, 100).await.expect("users").iter().map(|u| u.id).collect();
        let posts: Vec<PostId> = stores.posts.scan_posts(None, 50).await.expect("posts").iter().map(|p| p.id).collect();
        let spawn = |n: usize| {
            let stores = Arc::clone(stores);
            let writer =
                Writer { stores, stamps: stamps(), users: users.clone(), liked: posts.clone(), own: Vec::new(), n };
            let (stop, written) = (stop.clone(), Arc::clone(written));
            tokio::spawn(async move { writer.write_until(&stop, &written).await })
        };
        Self { tasks: (0..4).map(spawn).collect(), stop: stop.clone() }
    }

    /// Does something again and again.
    pub(crate) fn repeat<F: Future<Output = ()> + Send>(work: impl Fn() -> F + Send + Sync + 'static) -> Self {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            while !stopped.is_cancelled() {
                work().await;
                tokio::task::yield_now().await;
            }
        });
        Self { stop, tasks: vec![task] }
    }

    /// Waits until all have ended, and fails if one of them has.
    pub(crate) async fn end(self) {
        self.stop.cancel();
        for task in self.tasks {
            task.await.expect("it ended well");
        }
    }
}

/// How often each of those who write does: a load that a relay can carry on a busy machine.
const PACE: Duration = Duration::from_millis(50);

/// One who writes: creations, edits, deletions, likes and profiles by turns.
struct Writer {
    stores: Arc<OpenStores>,
    stamps: Stamps,
    users: Vec<UserId>,
    liked: Vec<PostId>,
    own: Vec<PostId>,
    /// Which one.
    n: usize,
}

impl Writer {
    async fn write_until(mut self, stop: &CancellationToken, written: &AtomicU64) {
        let mut pace = tokio::time::interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for turn in 0.. {
            pace.tick().await;
            if stop.is_cancelled() {
                return;
            }
            match self.write(turn).await {
                Ok(()) => drop(written.fetch_add(1, Ordering::Relaxed)),
                Err(error) => assert_eq!(error.kind, ErrorKind::Conflict, "{error:?}"),
            }
        }
    }

    async fn write(&mut self, turn: usize) -> StoreResult<()> {
        let (publishing, author, stamp) = (&self.stores.publishing, self.users[self.n], self.stamps.stamp());
        match turn % 8 {
            0 | 1 => {
                let (at, title) = (self.stamps.now(), format!("Post {turn} of writer {}", self.n));
                let id = PostId(self.stamps.id(at));
                let post = NewPost { id, author, title, content: "Written meanwhile".to_owned(), created_at: at };
                publishing.publish(&post, None, stamp).await?;
                self.own.push(id);
            }
            2 => {
                let Some(&post) = self.own.last() else { return Ok(()) };
                let changes = PostChanges { title: Some(format!("Edited in turn {turn}")), content: None };
                publishing.edit(post, author, &changes, None, stamp).await?;
            }
            3 => {
                let changes =
                    ProfileChanges { name: Some(format!("Writer in turn {turn}")), ..ProfileChanges::default() };
                // Nothing of it can be taken.
                let _ = self.stores.accounts.update_profile(author, &changes, stamp).await?;
            }
            4 if self.own.len() > 3 => {
                publishing.delete(self.own[0], author, stamp).await?;
                self.own.remove(0);
            }
            _ => {
                // Of one's own posts, too: those go with their likes.
                let post = self.own.last().filter(|_| turn.is_multiple_of(3)).copied();
                let post = post.unwrap_or(self.liked[(turn * 7 + self.n) % self.liked.len()]);
                let user = self.users[(turn * 3 + self.n) % self.users.len()];
                let wish = LikeWish { user, like: !turn.is_multiple_of(5), stamp };
                publishing.set_likes(post, &[wish]).await?;
            }
        }
        Ok(())
    }
}
