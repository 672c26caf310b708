//! The projection to the event bus: everything that happened is told, in order, once the cache has forgotten what was
//! made of it before. Who hears of a change and asks for it reads it as it is.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::projector::{ProjectError, Projector};
use super::results::{Forgets, named};
use crate::domain::event::Event;
use crate::domain::tag::Tag;
use crate::ports::{Claim, ErrorKind, EventBus, Role, StoreError, StoreResult};

/// The most events that are published in one go: after a long outage there are many, and each go has its time.
const MOST_AT_ONCE: usize = 1_000;

/// The projection to a bus.
pub struct BusProjection {
    bus: Arc<dyn EventBus>,
    results: Arc<dyn Forgets>,
    patience: Duration,
}

impl BusProjection {
    /// The projection to `bus`, which may take as long as `patience` to take a thousand events, with `results` that are
    /// made of what they tell of.
    pub fn new(bus: Arc<dyn EventBus>, results: Arc<dyn Forgets>, patience: Duration) -> Self {
        Self { bus, results, patience }
    }

    async fn publish(&self, claims: &[Claim]) -> StoreResult<()> {
        self.results.forget(&named(claims, Tag::of)).await?;
        let events: Vec<Event> = claims.iter().flat_map(|claim| &claim.events).map(|waiting| waiting.event).collect();
        for events in events.chunks(MOST_AT_ONCE) {
            let late = |_| Err(StoreError::new(Role::Events, ErrorKind::Timeout, "not taken in time"));
            tokio::time::timeout(self.patience, self.bus.publish(events)).await.unwrap_or_else(late)?;
        }
        Ok(())
    }
}

#[async_trait]
impl Projector for BusProjection {
    /// All of them in one go, or in few. Whatever fails is the bus's failure and no event's: they wait, in order, and
    /// none is given up on, since those after it would be told before it.
    async fn project(&self, claims: &[Claim]) -> Vec<Result<(), ProjectError>> {
        let outcome = self.publish(claims).await.map_err(ProjectError::StoreDown);
        claims.iter().map(|_| outcome.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::domain::event::Happened;
    use crate::ports::{Backend, Following, Group, GroupMember, Invalidated, Start};
    use crate::sync::testing::{claim, post, user};

    /// What happened, in order; how many of the next calls of each kind fail.
    #[derive(Default)]
    struct Log {
        said: Mutex<Vec<String>>,
        failures: Mutex<Vec<ErrorKind>>,
        hangs: bool,
    }

    #[async_trait]
    impl Forgets for Log {
        async fn forget(&self, _: &Invalidated) -> StoreResult<()> {
            self.said.lock().unwrap().push("forgotten".to_owned());
            Ok(())
        }
    }

    #[async_trait]
    impl Backend for Log {
        fn kind(&self) -> &'static str {
            "memory"
        }

        async fn check(&self) -> StoreResult<String> {
            Ok("1".to_owned())
        }
    }

    #[async_trait]
    impl EventBus for Log {
        async fn publish(&self, events: &[Event]) -> StoreResult<()> {
            if self.hangs {
                std::future::pending::<()>().await;
            }
            if let Some(kind) = self.failures.lock().unwrap().pop() {
                return Err(StoreError::new(Role::Events, kind, "as it was told"));
            }
            let names = events.iter().map(|event| format!("{}@{}", event.happened.name(), event.version));
            self.said.lock().unwrap().push(names.collect::<Vec<_>>().join(" "));
            Ok(())
        }

        async fn follow(&self, _: Start) -> StoreResult<Following> {
            unreachable!("nobody follows it")
        }

        async fn join(&self, _: &Group) -> StoreResult<Box<dyn GroupMember>> {
            unreachable!("nobody joins it")
        }
    }

    const PATIENCE: Duration = Duration::from_secs(5);

    fn claims() -> [Claim; 2] {
        let author = user(1).0;
        [
            claim(user(1), &[(1, Happened::UserCreated), (2, Happened::UserUpdated)]),
            claim(post(2), &[(7, Happened::PostUpdated { author })]),
        ]
    }

    fn projection(log: &Arc<Log>) -> BusProjection {
        BusProjection::new(Arc::clone(log) as _, Arc::clone(log) as _, PATIENCE)
    }

    #[tokio::test]
    async fn results_are_forgotten_and_then_all_is_told_at_once_and_in_order() {
        let log = Arc::new(Log::default());
        assert!(projection(&log).project(&claims()).await.iter().all(Result::is_ok));
        assert_eq!(*log.said.lock().unwrap(), ["forgotten", "user.created@1 user.updated@2 post.updated@7"]);
    }

    #[tokio::test]
    async fn whatever_the_bus_fails_with_the_events_wait() {
        for kind in [ErrorKind::Unavailable, ErrorKind::Internal, ErrorKind::Conflict] {
            let log = Arc::new(Log { failures: Mutex::new(vec![kind]), ..Log::default() });
            let outcomes = projection(&log).project(&claims()).await;
            assert!(matches!(outcomes.as_slice(), [Err(ProjectError::StoreDown(_)), Err(ProjectError::StoreDown(_))]));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_bus_that_hangs_is_waited_for_as_long_as_it_was_said() {
        let log = Arc::new(Log { hangs: true, ..Log::default() });
        let began = tokio::time::Instant::now();
        let outcomes = projection(&log).project(&claims()).await;
        assert!(matches!(&outcomes[0], Err(ProjectError::StoreDown(error)) if error.kind == ErrorKind::Timeout));
        assert_eq!(began.elapsed(), PATIENCE);
    }
}
