//! Sowing demo data in the stores.

use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tracing::{Instrument as _, info_span};

use super::data::DemoData;
use super::demo;
use super::plan::SeedPlan;
use super::report::{SeedReport, StageReport};
use crate::domain::text::Handle;
use crate::domain::{InvalidInput, Timestamp};
use crate::ports::{Clock, PostStore, SearchIndex, StoreError, StoreResult, UserStore};
use crate::services::progress::Progress;
use crate::services::reindex::fill_index;

/// How many items go to a store at once.
const BATCH: usize = 1_000;

/// Why sowing stopped. What was sown until then stays, and sowing again goes on from it.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The plan can't be.
    #[error(transparent)]
    Plan(#[from] InvalidInput),
    /// There is a user `demo` already who does not come from this plan.
    #[error(
        "The stores already have a user `demo` that is not of this plan: demo data of other numbers, or somebody's own. \
         Sow with the same numbers as before, or in another namespace."
    )]
    OtherDemo,
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Sows the plan's data in the stores that own it, then fills the index from them. What is there already is left as
/// it is, so that sowing twice changes nothing and sowing after a failure completes it.
///
/// Where users and posts have stores of their own, both are filled at the same time.
///
/// # Errors
/// [`SeedError`].
pub async fn run(
    plan: SeedPlan,
    users: &dyn UserStore,
    posts: &dyn PostStore,
    search: &dyn SearchIndex,
    clock: &dyn Clock,
    progress: &dyn Progress,
) -> Result<SeedReport, SeedError> {
    let data = plan.data()?;
    refuse_other_demo(&data, users).await?;

    let sower = Sower { data: &data, clock, progress };
    // The same kind twice is one SQL store that holds both: its writers would only wait for each other.
    let (people, writings) = if users.kind() == posts.kind() {
        (sower.people(users).await?, sower.writings(posts).await?)
    } else {
        futures::try_join!(sower.people(users), sower.writings(posts))?
    };
    let index = sower.index(users, posts, search).instrument(info_span!("seed.index")).await?;
    Ok(SeedReport { stages: people.into_iter().chain(writings).chain([index]).collect() })
}

async fn refuse_other_demo(data: &DemoData, users: &dyn UserStore) -> Result<(), SeedError> {
    let handle: Vec<Handle> = Handle::parse(demo::HANDLE).into_iter().collect();
    let found = users.users_by_handle(&handle).await?;
    if found.values().all(|user| user.id == data.demo_id()) { Ok(()) } else { Err(SeedError::OtherDemo) }
}

/// Sows one part after the other, and measures each.
struct Sower<'a> {
    data: &'a DemoData,
    clock: &'a dyn Clock,
    progress: &'a dyn Progress,
}

/// What is sown. Boxed, because the compiler can't prove a future that holds the plain iterators to be `Send`.
type Items<'a, T> = Box<dyn Iterator<Item = T> + Send + 'a>;

impl<'a> Sower<'a> {
    async fn people(&self, store: &'a dyn UserStore) -> StoreResult<[StageReport; 2]> {
        let total = u64::from(self.data.plan().users);
        let insert = move |batch: Vec<_>| async move { store.insert_users(&batch).await }.boxed();
        let sowing = self.sow("users", total, Box::new(self.data.users()), insert);
        let users = sowing.instrument(info_span!("seed.users")).await?;

        let total = self.data.plan().follows;
        let insert = move |batch: Vec<_>| async move { store.insert_follows(&batch).await }.boxed();
        let sowing = self.sow("follows", total, Box::new(self.data.follows()), insert);
        let follows = sowing.instrument(info_span!("seed.follows")).await?;
        Ok([users, follows])
    }

    async fn writings(&self, store: &'a dyn PostStore) -> StoreResult<[StageReport; 2]> {
        let total = u64::from(self.data.plan().posts);
        let insert = move |batch: Vec<_>| async move { store.insert_posts(&batch).await }.boxed();
        let sowing = self.sow("posts", total, Box::new(self.data.posts()), insert);
        let posts = sowing.instrument(info_span!("seed.posts")).await?;

        let total = self.data.plan().likes;
        let insert = move |batch: Vec<_>| async move { store.insert_likes(&batch).await }.boxed();
        let sowing = self.sow("likes", total, Box::new(self.data.likes()), insert);
        let likes = sowing.instrument(info_span!("seed.likes")).await?;
        Ok([posts, likes])
    }

    /// Sows `items` in batches, one at a time: two at once would touch the same counters.
    async fn sow<T>(
        &self,
        stage: &'static str,
        total: u64,
        mut items: Items<'_, T>,
        insert: impl Fn(Vec<T>) -> BoxFuture<'a, StoreResult<u64>>,
    ) -> StoreResult<StageReport> {
        let begin = self.clock.now();
        let mut progress = self.progress.start(stage, total);
        let mut added = 0;
        loop {
            let batch: Vec<T> = items.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                break;
            }
            let sent = batch.len() as u64;
            added += insert(batch).await?;
            progress.advance(sent);
        }
        progress.finish();
        Ok(StageReport { stage, added, already_there: total.saturating_sub(added), elapsed: self.since(begin) })
    }

    async fn index(
        &self,
        users: &dyn UserStore,
        posts: &dyn PostStore,
        search: &dyn SearchIndex,
    ) -> StoreResult<StageReport> {
        let begin = self.clock.now();
        let before = search.count_documents().await?;
        let filled = fill_index(users, posts, search, self.progress).await?;
        let added = search.count_documents().await?.saturating_sub(before);
        let already_there = filled.documents().saturating_sub(added);
        Ok(StageReport { stage: "index", added, already_there, elapsed: self.since(begin) })
    }

    fn since(&self, begin: Timestamp) -> Duration {
        let millis = self.clock.now().millis() - begin.millis();
        Duration::from_millis(u64::try_from(millis).unwrap_or(0))
    }
}
