//! One loop of the relay: claims events of one outbox for one projection, has them projected, and settles them.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::projector::{ProjectError, Projector, explain};
use crate::domain::Timestamp;
use crate::ports::{Claim, Clock, Entropy, ErrorKind, Lease, Outbox, Projection, StoreResult};

/// How often the outbox is looked into, and how seldom when nothing comes.
const LOOK: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(1)];
/// How long what is written gathers once a write has woken the relay: a bulk costs little more than a single change.
const GATHER: Duration = Duration::from_millis(20);
/// The bounds of the pause after a failure: it doubles from the first to the second with each.
const PAUSE: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(60)];
/// The longest pause while a store is down: what waits should not wait long once it is back.
const OUTAGE_PAUSE: Duration = Duration::from_secs(5);
/// How many tries of an event may fail before it is parked.
const MOST_ATTEMPTS: u32 = 10;

pub(super) struct Worker<'a> {
    pub(super) id: Uuid,
    pub(super) projection: Projection,
    pub(super) projector: &'a dyn Projector,
    pub(super) outbox: &'a dyn Outbox,
    pub(super) clock: &'a dyn Clock,
    pub(super) entropy: &'a dyn Entropy,
    /// How long others stay away from what is claimed.
    pub(super) lease: Duration,
    /// Whether no other worker can have claims.
    pub(super) is_alone: bool,
}

impl Worker<'_> {
    /// Works until `stop`; what is in hand then is finished first.
    pub(super) async fn run(self, mut woken: watch::Receiver<()>, stop: &CancellationToken) {
        let mut look = LOOK[0];
        let mut failures = 0;
        let mut takes_over = self.is_alone;
        while !stop.is_cancelled() {
            // What is written from here on wakes the next wait.
            woken.borrow_and_update();
            let settled = match self.claim(&mut takes_over).await {
                Ok(claims) if claims.is_empty() => {
                    failures = 0;
                    tokio::select! {
                        () = stop.cancelled() => {}
                        // A relay that nothing can wake any more still looks from time to time.
                        Ok(()) = woken.changed() => {
                            look = LOOK[0];
                            self.rest(GATHER, stop).await;
                        }
                        () = tokio::time::sleep(look) => look = (look * 2).min(LOOK[1]),
                    }
                    continue;
                }
                Ok(claims) => self.work(claims, stop).await,
                Err(error) => Err(error),
            };
            look = LOOK[0];
            match settled {
                Ok(()) => failures = 0,
                Err(error) => {
                    // A store without tables is being migrated, as at the very first start: that is no failure.
                    if failures == 0 && error.kind != ErrorKind::NotReady {
                        let (projection, outbox) = (self.projection.name(), self.outbox.kind());
                        tracing::warn!(projection, outbox, error = explain(&error), "the outbox fails; trying again");
                    }
                    failures += 1;
                    self.rest(self.jittered(failures).min(OUTAGE_PAUSE), stop).await;
                }
            }
        }
    }

    /// Claims what is due; before the first time, if nobody else can be at work, also what others had claimed.
    async fn claim(&self, takes_over: &mut bool) -> StoreResult<Vec<Claim>> {
        let now = self.clock.now();
        if *takes_over {
            self.outbox.end_leases(self.projection, now).await?;
            *takes_over = false;
        }
        let lease = Lease { worker: self.id, now, length: self.lease };
        self.outbox.claim(self.projection, self.projector.most_claims(), lease).await
    }

    /// Has the claims projected, and settles what became of them. While a store is down they are held and tried again:
    /// that is no failure of theirs. When the lease is over, they are anybody's again.
    async fn work(&self, mut claims: Vec<Claim>, stop: &CancellationToken) -> StoreResult<()> {
        let give_up_at = later(self.clock.now(), self.lease * 2 / 3);
        let mut outages = 0;
        loop {
            let outcomes = self.project(&claims).await;
            let Some(error) = self.settle(&mut claims, outcomes).await? else { return Ok(()) };
            if outages == 0 {
                let (projection, error) = (self.projection.name(), explain_outage(&error));
                tracing::warn!(projection, error, "a store is down; what it should be told waits");
            }
            outages += 1;
            if stop.is_cancelled() || self.clock.now() >= give_up_at {
                return Ok(());
            }
            self.rest(self.jittered(outages).min(OUTAGE_PAUSE), stop).await;
        }
    }

    /// What became of each claim. Where all of them together fail in a way that does not tell which of them it was,
    /// each is tried on its own.
    async fn project(&self, claims: &[Claim]) -> Vec<Result<(), ProjectError>> {
        match self.project_at_once(claims).await {
            Ok(outcomes) => outcomes,
            Err(reason) if claims.len() == 1 => vec![Err(ProjectError::Retry(reason))],
            Err(_) => {
                let mut outcomes = Vec::with_capacity(claims.len());
                for claim in claims {
                    let alone = self.project_at_once(std::slice::from_ref(claim)).await;
                    let alone = alone.map(|mut outcomes| outcomes.swap_remove(0));
                    outcomes.push(alone.unwrap_or_else(|reason| Err(ProjectError::Retry(reason))));
                }
                outcomes
            }
        }
    }

    async fn project_at_once(&self, claims: &[Claim]) -> Result<Vec<Result<(), ProjectError>>, String> {
        match AssertUnwindSafe(self.projector.project(claims)).catch_unwind().await {
            Ok(outcomes) if outcomes.len() == claims.len() => Ok(outcomes),
            Ok(outcomes) => Err(format!("the projection answered for {} of {}", outcomes.len(), claims.len())),
            Err(panic) => Err(format!("the projection panicked: {}", said(panic.as_ref()))),
        }
    }

    /// Settles the claims, and leaves those that a store which is down kept from being projected, with its error.
    async fn settle(
        &self,
        claims: &mut Vec<Claim>,
        outcomes: Vec<Result<(), ProjectError>>,
    ) -> StoreResult<Option<ProjectError>> {
        let (mut done, mut held, mut outage) = (Vec::new(), Vec::new(), None);
        for (claim, outcome) in std::mem::take(claims).into_iter().zip(outcomes) {
            match outcome {
                Ok(()) => done.extend(claim.events.iter().map(|waiting| waiting.event.id)),
                Err(ProjectError::Retry(reason)) => self.fail(&claim, &reason, MOST_ATTEMPTS).await?,
                Err(ProjectError::Poison(reason)) => self.fail(&claim, &reason, 1).await?,
                Err(error @ ProjectError::StoreDown(_)) => {
                    held.push(claim);
                    outage = Some(error);
                }
            }
        }
        if !done.is_empty() {
            self.outbox.finish(self.projection, &done).await?;
        }
        *claims = held;
        Ok(outage)
    }

    /// Lets the claim's events wait for another try, or parks those that had `most` of them.
    async fn fail(&self, claim: &Claim, reason: &str, most: u32) -> StoreResult<()> {
        let (projection, aggregate) = (self.projection.name(), claim.aggregate);
        let (spent, waiting): (Vec<_>, Vec<_>) =
            claim.events.iter().partition(|waiting| waiting.attempts.saturating_add(1) >= most);
        let ids = |events: &[&crate::ports::Waiting]| events.iter().map(|w| w.event.id).collect::<Vec<_>>();
        if !spent.is_empty() {
            let events = spent.len();
            tracing::error!(projection, ?aggregate, events, reason, "events are parked: see `polygraph outbox list`");
            self.outbox.park(self.projection, &ids(&spent), reason).await?;
        }
        if let Some(attempts) = waiting.iter().map(|waiting| waiting.attempts + 1).max() {
            tracing::warn!(projection, ?aggregate, attempts, reason, "events were not projected; trying again");
            let due = later(self.clock.now(), self.jittered(attempts));
            self.outbox.postpone(self.projection, &ids(&waiting), due).await?;
        }
        Ok(())
    }

    async fn rest(&self, pause: Duration, stop: &CancellationToken) {
        // Either way the wait is over.
        let _ = tokio::time::timeout(pause, stop.cancelled()).await;
    }

    /// A random pause, up to a bound that doubles with each failure: those that failed together don't come back
    /// together.
    fn jittered(&self, failures: u32) -> Duration {
        let mut random = [0; 8];
        self.entropy.fill(&mut random);
        let [first, last] = PAUSE.map(|pause| u64::try_from(pause.as_millis()).unwrap_or(u64::MAX));
        let most = first.saturating_mul(1 << failures.min(16)).min(last);
        Duration::from_millis(u64::from_le_bytes(random) % (most + 1))
    }
}

fn later(moment: Timestamp, by: Duration) -> Timestamp {
    Timestamp::from_millis(moment.millis().saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
}

fn explain_outage(error: &ProjectError) -> String {
    match error {
        ProjectError::StoreDown(error) => explain(error),
        other => other.to_string(),
    }
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("nothing")
}

#[cfg(test)]
mod tests;
