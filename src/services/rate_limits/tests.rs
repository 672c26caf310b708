//! Who pays what from which budget, and what happens while the shared budgets are away. Time stands still.

use std::future::pending;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use uuid::Uuid;

use super::*;
use crate::ports::{Backend, ErrorKind, Role, StoreError};

/// How a limiter answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Well,
    Fails,
    Hangs,
}

/// A limiter whose budgets never refill.
struct Budgets {
    mood: Mutex<Mood>,
    spent: Mutex<Vec<(String, u64)>>,
    asked: AtomicU64,
    was_looked_at: AtomicBool,
}

impl Budgets {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            mood: Mutex::new(Mood::Well),
            spent: Mutex::default(),
            asked: AtomicU64::new(0),
            was_looked_at: AtomicBool::new(false),
        })
    }

    fn turn(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    async fn answer(&self) -> StoreResult<()> {
        let mood = *self.mood.lock().unwrap();
        match mood {
            Mood::Well => Ok(()),
            Mood::Fails => Err(StoreError::new(Role::Cache, ErrorKind::Unavailable, "as it was told")),
            Mood::Hangs => pending().await,
        }
    }
}

#[async_trait]
impl Backend for Budgets {
    fn kind(&self) -> &'static str {
        "memory"
    }

    async fn check(&self) -> StoreResult<String> {
        self.was_looked_at.store(true, Ordering::Relaxed);
        self.answer().await.map(|()| "of tests".to_owned())
    }
}

#[async_trait]
impl RateLimiter for Budgets {
    async fn spend(&self, key: &str, units: u64, quota: Quota) -> StoreResult<Spent> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.answer().await?;
        let units = units.min(quota.units);
        let mut all = self.spent.lock().unwrap();
        let before: u64 = all.iter().filter(|(spent, _)| spent == key).map(|(_, units)| units).sum();
        if before + units > quota.units {
            return Ok(quota.spent(quota.price_micros(before), 1));
        }
        all.push((key.to_owned(), units));
        Ok(quota.spent(quota.price_micros(before + units), 0))
    }
}

const PATIENCE: Duration = Duration::from_millis(50);

fn limits(shared: &Arc<Budgets>, local: &Arc<Budgets>) -> RateLimits {
    RateLimits::new(shared.clone(), local.clone(), 100, 10, PATIENCE)
}

fn viewer(n: u128) -> Payer {
    Payer::of(Viewer::User(UserId(Uuid::from_u128(n))), "192.0.2.1".parse().expect("an address"))
}

fn stranger(address: &str) -> Payer {
    Payer::of(Viewer::Anonymous, address.parse().expect("an address"))
}

/// What is left after so much was charged; `None` where it was refused.
async fn left(limits: &RateLimits, payer: Payer, cost: u64) -> Option<u64> {
    let charge = limits.charge(payer, cost).await.expect("somebody can tell");
    charge.spent.refused_for.is_none().then_some(charge.spent.remaining)
}

#[tokio::test(start_paused = true)]
async fn viewers_pay_for_themselves_and_strangers_by_address() {
    let (shared, local) = (Budgets::new(), Budgets::new());
    let limits = limits(&shared, &local);
    assert_eq!(left(&limits, viewer(1), 60).await, Some(40));
    assert_eq!(left(&limits, viewer(2), 60).await, Some(40));
    assert_eq!(left(&limits, viewer(1), 41).await, None);
    assert_eq!(left(&limits, viewer(1), 40).await, Some(0));
    // A signed-in viewer leaves the strangers at their address what is theirs.
    assert_eq!(left(&limits, stranger("192.0.2.1"), 10).await, Some(0));
    assert_eq!(left(&limits, stranger("192.0.2.1"), 1).await, None);
    assert_eq!(left(&limits, stranger("192.0.2.2"), 0).await, Some(9), "nothing is free");
    // One customer is given a /64.
    assert_eq!(left(&limits, stranger("2001:db8:1:2::1"), 10).await, Some(0));
    assert_eq!(left(&limits, stranger("2001:db8:1:2:ffff::1"), 1).await, None);
    assert_eq!(left(&limits, stranger("192.0.2.3"), 1_000).await, Some(0), "it takes all that there is");
    assert_eq!(local.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn while_the_shared_budgets_are_away_our_own_count_at_once() {
    for mood in [Mood::Fails, Mood::Hangs] {
        let (shared, local) = (Budgets::new(), Budgets::new());
        let limits = limits(&shared, &local);
        assert_eq!(left(&limits, viewer(1), 30).await, Some(70));
        shared.turn(mood);
        let began = tokio::time::Instant::now();
        assert_eq!(left(&limits, viewer(1), 30).await, Some(70), "{mood:?}: it is counted here");
        assert!(began.elapsed() <= PATIENCE, "{mood:?}");
        for _ in 0..7 {
            limits.charge(viewer(1), 10).await.expect("somebody can tell");
        }
        assert!(began.elapsed() <= PATIENCE, "{mood:?}: nobody else waits");
        assert_eq!(left(&limits, viewer(1), 1).await, None, "{mood:?}: not everybody is let through");
        assert_eq!(shared.asked(), 2, "{mood:?}: it is not asked again");

        tokio::time::sleep(Duration::from_secs(5)).await;
        assert!(shared.was_looked_at.load(Ordering::Relaxed));
        assert_eq!(left(&limits, viewer(1), 1).await, None, "{mood:?}: it is still away");
        shared.turn(Mood::Well);
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(left(&limits, viewer(1), 30).await, Some(40), "{mood:?}: it is back, and has kept count");
    }
}

#[tokio::test(start_paused = true)]
async fn where_nobody_can_tell_nothing_is_refused() {
    let (shared, local) = (Budgets::new(), Budgets::new());
    let limits = limits(&shared, &local);
    shared.turn(Mood::Fails);
    local.turn(Mood::Fails);
    assert_eq!(limits.charge(viewer(1), 1).await, None);
}
