//! Kept results, told of what the relay carries.
//!
//! A write is told to the cache before it is acknowledged. This tells it again, for those whose gateway died in between;
//! and tells it what the index shows by now. It stands before the projection to the index, and not beside it: each
//! projection of its own costs every write rows of its own.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::projector::{ProjectError, Projector};
use crate::domain::event::Event;
use crate::domain::tag::Tag;
use crate::ports::{CacheTag, Claim, Invalidated, StoreResult};

/// After this, what was applied to the index can be searched.
const SEARCHABLE: Duration = Duration::from_secs(1);

/// What forgets results.
#[async_trait]
pub trait Forgets: Send + Sync {
    /// From now on, or a moment from now where the cache can't be told, no result is answered that was made of this
    /// before.
    async fn forget(&self, what: &Invalidated) -> StoreResult<()>;
}

/// A projection to the index that also lets results be forgotten.
pub struct Invalidating {
    index: Arc<dyn Projector>,
    results: Arc<dyn Forgets>,
}

impl Invalidating {
    /// The projection to `index`, with `results` that are made of what it carries.
    pub fn new(index: Arc<dyn Projector>, results: Arc<dyn Forgets>) -> Self {
        Self { index, results }
    }

    /// Lets results of searches be forgotten when searching again finds something else. Where this process ends before,
    /// they live as long as they may.
    fn forget_when_searchable(&self, tags: Invalidated) {
        let results = Arc::clone(&self.results);
        tokio::spawn(async move {
            tokio::time::sleep(SEARCHABLE).await;
            if let Err(error) = results.forget(&tags).await {
                tracing::debug!(%error, "results of searches were not forgotten");
            }
        });
    }
}

/// What these claims are about, by what `tags` says of each event.
pub(super) fn named<T: IntoIterator<Item = Tag>>(claims: &[Claim], tags: impl Fn(&Event) -> T) -> Invalidated {
    let events = claims.iter().flat_map(|claim| &claim.events).map(|waiting| &waiting.event);
    Invalidated::Tags(events.flat_map(tags).map(CacheTag::from).collect())
}

#[async_trait]
impl Projector for Invalidating {
    /// Results first: an index that is down must not delay them.
    async fn project(&self, claims: &[Claim]) -> Vec<Result<(), ProjectError>> {
        if let Err(error) = self.results.forget(&named(claims, Tag::of)).await {
            return claims.iter().map(|_| Err(error.clone().into())).collect();
        }
        let outcomes = self.index.project(claims).await;
        self.forget_when_searchable(named(claims, |event| Tag::of_indexed(event).iter().copied()));
        outcomes
    }

    fn most_claims(&self) -> u32 {
        self.index.most_claims()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::domain::event::Happened;
    use crate::ports::{ErrorKind, Role, StoreError};
    use crate::sync::testing::{claim, user};

    /// What happened, in order.
    #[derive(Default)]
    struct Log(Mutex<Vec<String>>, bool);

    impl Log {
        fn note(&self, what: impl Into<String>) {
            self.0.lock().unwrap().push(what.into());
        }
    }

    #[async_trait]
    impl Forgets for Log {
        async fn forget(&self, what: &Invalidated) -> StoreResult<()> {
            let Invalidated::Tags(tags) = what else { panic!("no event changes everything") };
            let indexed = CacheTag(Tag::IndexedUsers.slot());
            self.note(if tags.iter().eq([indexed]) { "searches" } else { "truth" });
            if self.1 { Err(StoreError::new(Role::Users, ErrorKind::Unavailable, "away")) } else { Ok(()) }
        }
    }

    #[async_trait]
    impl Projector for Log {
        async fn project(&self, claims: &[Claim]) -> Vec<Result<(), ProjectError>> {
            self.note("index");
            claims.iter().map(|_| Ok(())).collect()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn results_are_forgotten_before_the_index_is_asked_and_when_it_can_be_searched() {
        let log = Arc::new(Log::default());
        let projector = Invalidating::new(log.clone(), log.clone());
        let claims = [claim(user(1), &[(1, Happened::UserCreated)])];
        assert!(projector.project(&claims).await.iter().all(Result::is_ok));
        assert_eq!(*log.0.lock().unwrap(), ["truth", "index"]);
        tokio::time::sleep(SEARCHABLE * 2).await;
        assert_eq!(*log.0.lock().unwrap(), ["truth", "index", "searches"]);
    }

    #[tokio::test]
    async fn what_could_not_be_forgotten_waits() {
        let log = Arc::new(Log(Mutex::default(), true));
        let projector = Invalidating::new(log.clone(), log.clone());
        let outcomes = projector.project(&[claim(user(1), &[(1, Happened::UserCreated)])]).await;
        assert!(matches!(outcomes.as_slice(), [Err(ProjectError::StoreDown(_))]));
        assert_eq!(*log.0.lock().unwrap(), ["truth"]);
    }
}
