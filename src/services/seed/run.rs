//! Sowing demo data in the stores.

use std::time::Duration;

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

    let sower = Sower { clock, progress };
    let people = async {
        let insert = async |batch: Vec<_>| users.insert_users(&batch).await;
        let span = info_span!("seed.users");
        let users_sown = sower.sow("users", u64::from(plan.users), data.users(), insert).instrument(span).await?;
        let insert = async |batch: Vec<_>| users.insert_follows(&batch).await;
        let span = info_span!("seed.follows");
        let follows_sown = sower.sow("follows", plan.follows, data.follows(), insert).instrument(span).await?;
        Ok::<_, StoreError>([users_sown, follows_sown])
    };
    let writing = async {
        let insert = async |batch: Vec<_>| posts.insert_posts(&batch).await;
        let span = info_span!("seed.posts");
        let posts_sown = sower.sow("posts", u64::from(plan.posts), data.posts(), insert).instrument(span).await?;
        let insert = async |batch: Vec<_>| posts.insert_likes(&batch).await;
        let span = info_span!("seed.likes");
        let likes_sown = sower.sow("likes", plan.likes, data.likes(), insert).instrument(span).await?;
        Ok::<_, StoreError>([posts_sown, likes_sown])
    };
    // The same kind twice is one SQL store that holds both: its writers would only wait for each other.
    let (people, writing) = if users.kind() == posts.kind() {
        (people.await?, writing.await?)
    } else {
        futures::try_join!(people, writing)?
    };
    let index = sower.index(users, posts, search).instrument(info_span!("seed.index")).await?;
    Ok(SeedReport { stages: people.into_iter().chain(writing).chain([index]).collect() })
}

async fn refuse_other_demo(data: &DemoData, users: &dyn UserStore) -> Result<(), SeedError> {
    let handle: Vec<Handle> = Handle::parse(demo::HANDLE).into_iter().collect();
    let found = users.users_by_handle(&handle).await?;
    if found.values().all(|user| user.id == data.demo_id()) { Ok(()) } else { Err(SeedError::OtherDemo) }
}

/// Sows one part after the other, and measures each.
struct Sower<'a> {
    clock: &'a dyn Clock,
    progress: &'a dyn Progress,
}

impl Sower<'_> {
    /// Sows `items` in batches, one at a time: two at once would touch the same counters.
    async fn sow<T>(
        &self,
        stage: &'static str,
        total: u64,
        mut items: impl Iterator<Item = T>,
        insert: impl AsyncFn(Vec<T>) -> StoreResult<u64>,
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
        Ok(StageReport { stage, added, already_there: total - added, elapsed: self.since(begin) })
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
