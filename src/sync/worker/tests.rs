//! How claims are settled, on an outbox in memory and in time that stands still while somebody works.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::GATHER;
use crate::domain::Timestamp;
use crate::domain::event::{Aggregate, Happened};
use crate::ports::{
    Backend, Backlog, Claim, Clock, Entropy, ErrorKind, Lease, Outbox, Parked, Projection, Role, StoreError,
    StoreResult,
};
use crate::sync::testing::{claim, user};
use crate::sync::{ProjectError, Projector, Relay, Wake};

/// tokio's clock, which tests stop and which goes on by itself when all sleep.
struct TestClock(Instant);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(i64::try_from(self.0.elapsed().as_millis()).expect("a short test"))
    }
}

struct NoJitter;

impl Entropy for NoJitter {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

/// Claims with the moment from which they are due.
#[derive(Default)]
struct MemoryOutbox {
    waiting: Mutex<Vec<(Timestamp, Claim)>>,
    parked: Mutex<HashMap<Uuid, String>>,
    claims: AtomicU32,
    claims_to_fail: AtomicU32,
}

impl MemoryOutbox {
    fn of(claims: impl IntoIterator<Item = Claim>) -> Arc<Self> {
        let outbox = Self::default();
        outbox.waiting.lock().unwrap().extend(claims.into_iter().map(|claim| (Timestamp::from_millis(0), claim)));
        Arc::new(outbox)
    }

    fn claim_or_fail(&self) -> StoreResult<()> {
        let fails =
            self.claims_to_fail.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok();
        if fails { Err(StoreError::new(Role::Users, ErrorKind::Unavailable, "away")) } else { Ok(()) }
    }

    fn is_empty(&self) -> bool {
        self.waiting.lock().unwrap().is_empty()
    }

    fn take(&self, events: &[Uuid]) -> Vec<Claim> {
        let mut waiting = self.waiting.lock().unwrap();
        let (taken, left) =
            waiting.drain(..).partition(|(_, claim)| claim.events.iter().any(|w| events.contains(&w.event.id)));
        *waiting = left;
        Vec::into_iter(taken).map(|(_, claim)| claim).collect()
    }
}

#[async_trait]
impl Backend for MemoryOutbox {
    fn kind(&self) -> &'static str {
        "memory"
    }

    async fn check(&self) -> StoreResult<String> {
        Ok("1".to_owned())
    }
}

#[async_trait]
impl Outbox for MemoryOutbox {
    async fn claim(&self, _: Projection, limit: u32, lease: Lease) -> StoreResult<Vec<Claim>> {
        self.claims.fetch_add(1, Ordering::Relaxed);
        self.claim_or_fail()?;
        let until = Timestamp::from_millis(lease.now.millis() + i64::try_from(lease.length.as_millis()).unwrap());
        let mut waiting = self.waiting.lock().unwrap();
        let due = waiting.iter_mut().filter(|(due, _)| *due <= lease.now).take(limit as usize);
        Ok(due
            .map(|(due, claim)| {
                *due = until;
                claim.clone()
            })
            .collect())
    }

    async fn end_leases(&self, _: Projection, now: Timestamp) -> StoreResult<u64> {
        self.claim_or_fail()?;
        let mut waiting = self.waiting.lock().unwrap();
        waiting.iter_mut().for_each(|(due, _)| *due = now.min(*due));
        Ok(waiting.len() as u64)
    }

    async fn finish(&self, _: Projection, events: &[Uuid]) -> StoreResult<()> {
        self.take(events);
        Ok(())
    }

    async fn postpone(&self, _: Projection, events: &[Uuid], due: Timestamp) -> StoreResult<()> {
        for mut claim in self.take(events) {
            claim.events.iter_mut().for_each(|waiting| waiting.attempts += 1);
            self.waiting.lock().unwrap().push((due, claim));
        }
        Ok(())
    }

    async fn park(&self, _: Projection, events: &[Uuid], reason: &str) -> StoreResult<()> {
        self.take(events);
        self.parked.lock().unwrap().extend(events.iter().map(|&id| (id, reason.to_owned())));
        Ok(())
    }

    async fn waiting(&self, _: Projection, aggregates: &[Aggregate]) -> StoreResult<HashSet<Aggregate>> {
        let waiting = self.waiting.lock().unwrap();
        let waits = |aggregate: &&Aggregate| waiting.iter().any(|(_, claim)| claim.aggregate == **aggregate);
        Ok(aggregates.iter().filter(waits).copied().collect())
    }

    async fn backlog(&self, _: Projection) -> StoreResult<Backlog> {
        let waiting = self.waiting.lock().unwrap().len() as u64;
        let oldest = (waiting > 0).then(|| Timestamp::from_millis(i64::try_from(waiting).unwrap()));
        Ok(Backlog { waiting, parked: 0, oldest })
    }

    async fn parked(&self, _: u32) -> StoreResult<Vec<Parked>> {
        Ok(Vec::new())
    }

    async fn retry_parked(&self, _: Option<Uuid>, _: Timestamp) -> StoreResult<u64> {
        Ok(0)
    }

    async fn drop_parked(&self, _: Uuid) -> StoreResult<bool> {
        Ok(false)
    }
}

/// Answers by a function of the claim and of how many calls there were before; remembers whom it was asked for.
struct Scripted<F> {
    answer: F,
    calls: Mutex<Vec<Vec<Uuid>>>,
}

impl<F> Scripted<F> {
    fn new(answer: F) -> Arc<Self> {
        Arc::new(Self { answer, calls: Mutex::default() })
    }

    fn calls(&self) -> usize {
        self.calls.lock().unwrap().len()
    }
}

#[async_trait]
impl<F: Fn(&Claim, usize) -> Result<(), ProjectError> + Send + Sync> Projector for Scripted<F> {
    async fn project(&self, claims: &[Claim]) -> Vec<Result<(), ProjectError>> {
        let before = self.calls();
        self.calls.lock().unwrap().push(claims.iter().map(|claim| claim.aggregate.uuid()).collect());
        claims.iter().map(|claim| (self.answer)(claim, before)).collect()
    }
}

fn created(n: u128) -> Claim {
    claim(user(n), &[(1, Happened::UserCreated)])
}

fn relay(outboxes: &[&Arc<MemoryOutbox>], projector: Arc<dyn Projector>) -> Relay {
    let outboxes = outboxes.iter().map(|&outbox| Arc::clone(outbox) as Arc<dyn Outbox>).collect();
    Relay::new(outboxes, Arc::new(TestClock(Instant::now())), Arc::new(NoJitter)).with(Projection::Index, projector)
}

/// Runs the relay until something holds; gives how long that took.
async fn until(relay: Relay, holds: impl Fn() -> bool) -> Duration {
    let (began, stop) = (Instant::now(), CancellationToken::new());
    let watch = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stop.cancel();
    };
    tokio::time::timeout(Duration::from_secs(3_600), async { tokio::join!(relay.run(stop.clone()), watch) })
        .await
        .expect("it comes to hold");
    began.elapsed()
}

#[tokio::test(start_paused = true)]
async fn all_is_projected_in_bulk_and_forgotten() {
    let outbox = MemoryOutbox::of((1..=50).map(created));
    let projector = Scripted::new(|_: &Claim, _| Ok(()));
    until(relay(&[&outbox], projector.clone()), || outbox.is_empty()).await;
    assert_eq!(projector.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_fails_is_tried_ten_times_and_parked_with_its_reason() {
    let outbox = MemoryOutbox::of([created(1), created(2)]);
    let projector = Scripted::new(|claim: &Claim, _| match claim.aggregate.uuid().as_u128() {
        1 => Err(ProjectError::Retry("no".to_owned())),
        _ => Ok(()),
    });
    let took = until(relay(&[&outbox], projector.clone()), || outbox.is_empty()).await;
    assert_eq!(projector.calls(), 10);
    let parked = outbox.parked.lock().unwrap();
    assert_eq!(parked.values().collect::<Vec<_>>(), ["no"]);
    assert!(took < Duration::from_secs(9 * 61), "no pause is above a minute: {took:?}");
}

#[tokio::test(start_paused = true)]
async fn poison_is_parked_at_once() {
    let outbox = MemoryOutbox::of([created(1)]);
    let projector = Scripted::new(|_: &Claim, _| Err(ProjectError::Poison("never".to_owned())));
    until(relay(&[&outbox], projector.clone()), || outbox.is_empty()).await;
    assert_eq!((projector.calls(), outbox.parked.lock().unwrap().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_outage_however_long_is_nobodys_failure() {
    let outbox = MemoryOutbox::of([created(1)]);
    let away = StoreError::new(Role::Search, ErrorKind::Unavailable, "away");
    let began = Instant::now();
    let projector = Scripted::new(move |claim: &Claim, _| {
        assert_eq!(claim.events[0].attempts, 0);
        if began.elapsed() < Duration::from_secs(300) {
            return Err(ProjectError::StoreDown(away.clone()));
        }
        Ok(())
    });
    let took = until(relay(&[&outbox], projector.clone()), || outbox.is_empty()).await;
    assert!(outbox.parked.lock().unwrap().is_empty());
    assert!(took < Duration::from_secs(300 + 15), "soon after its end: {took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_the_failure_of_the_claim_that_causes_it() {
    let outbox = MemoryOutbox::of((1..=3).map(created));
    let projector = Scripted::new(|claim: &Claim, _| {
        assert_ne!(claim.aggregate.uuid().as_u128(), 2, "two is too much");
        Ok(())
    });
    until(relay(&[&outbox], projector), || outbox.is_empty()).await;
    let parked = outbox.parked.lock().unwrap();
    let [reason] = parked.values().collect::<Vec<_>>()[..] else { panic!("one is parked: {parked:?}") };
    assert!(reason.contains("panicked") && reason.contains("two is too much"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn an_outbox_that_is_down_delays_no_other_and_heals() {
    let (down, well) = (MemoryOutbox::of([created(1)]), MemoryOutbox::of([created(2)]));
    down.claims_to_fail.store(5, Ordering::Relaxed);
    let projector = Scripted::new(|_: &Claim, _| Ok(()));
    until(relay(&[&down, &well], projector.clone()), || down.is_empty() && well.is_empty()).await;
    let order: Vec<_> = projector.calls.lock().unwrap().concat();
    assert_eq!(order, [user(2).0, user(1).0]);
}

#[tokio::test(start_paused = true)]
async fn an_idle_relay_looks_seldom_and_is_woken() {
    let outbox = MemoryOutbox::of([]);
    let projector = Scripted::new(|_: &Claim, _| Ok(()));
    let wake = Wake::default();
    let relay = relay(&[&outbox], projector).woken_by(wake.clone());
    let stop = CancellationToken::new();
    let test = async {
        tokio::time::sleep(Duration::from_secs(60)).await;
        let looks = outbox.claims.load(Ordering::Relaxed);
        assert!((55..=65).contains(&looks), "once a second: {looks}");
        outbox.waiting.lock().unwrap().push((Timestamp::from_millis(0), created(1)));
        wake.written();
        let woken_at = Instant::now();
        while !outbox.is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(woken_at.elapsed() <= GATHER + Duration::from_millis(1), "{:?}", woken_at.elapsed());
        stop.cancel();
    };
    tokio::join!(relay.run(stop.clone()), test);
}

#[tokio::test(start_paused = true)]
async fn only_one_that_is_alone_takes_over_what_was_claimed() {
    let hour = Duration::from_secs(3_600);
    for (is_alone, failures, at_least, at_most) in [
        (true, 0, Duration::ZERO, Duration::from_secs(1)),
        (true, 3, Duration::ZERO, Duration::from_secs(15)),
        (false, 0, hour - Duration::from_secs(60), hour),
    ] {
        let outbox = MemoryOutbox::of([]);
        let leased_until = Timestamp::from_millis(3_590_000);
        outbox.waiting.lock().unwrap().push((leased_until, created(1)));
        outbox.claims_to_fail.store(failures, Ordering::Relaxed);
        let projector = Scripted::new(|_: &Claim, _| Ok(()));
        let took = until(relay(&[&outbox], projector).alone(is_alone), || outbox.is_empty()).await;
        assert!((at_least..at_most).contains(&took), "alone: {is_alone}, {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_relays_share_the_work() {
    let outbox = MemoryOutbox::of((1..=1_000).map(created));
    let projector = Scripted::new(|_: &Claim, _| Ok(()));
    let both = [relay(&[&outbox], projector.clone()), relay(&[&outbox], projector.clone())];
    let stop = CancellationToken::new();
    let [a, b] = both.map(|relay| relay.run(stop.clone()));
    let watch = async {
        while !outbox.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stop.cancel();
    };
    tokio::join!(a, b, watch);
    assert_eq!(projector.calls.lock().unwrap().concat().len(), 1_000, "each once");
}

#[tokio::test]
async fn the_backlog_is_that_of_all_outboxes() {
    let outboxes: [Arc<dyn Outbox>; 2] = [MemoryOutbox::of((1..=3).map(created)), MemoryOutbox::of([created(4)])];
    let status = crate::sync::status(&outboxes).await.expect("a status");
    let expected = Backlog { waiting: 4, parked: 0, oldest: Some(Timestamp::from_millis(1)) };
    assert_eq!(status, Projection::ALL.map(|projection| (projection, expected)));
}
