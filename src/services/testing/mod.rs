//! What the tests of services share: stores in memory, a clock that stands until it is turned, and randomness that
//! repeats itself.

mod accounts;
mod counts;
mod posts;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) use accounts::MemoryAccounts;
pub(super) use counts::Counts;
pub(super) use posts::MemoryPosts;

use super::stamps::Stamps;
use crate::domain::text::Handle;
use crate::domain::{Timestamp, UserId};
use crate::ports::{Clock, Entropy, ErrorKind, NewUser, Role, StoreError, StoreResult};

pub(super) const START: i64 = 1_763_700_000_000;

/// A clock that tests turn.
pub(crate) struct TurnedClock(AtomicI64);

impl Default for TurnedClock {
    fn default() -> Self {
        Self(AtomicI64::new(START))
    }
}

impl TurnedClock {
    pub(crate) fn turn(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).expect("a short time"), Ordering::Relaxed);
    }
}

impl Clock for TurnedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// Bytes that never repeat within a test, the same in each run.
#[derive(Default)]
pub(super) struct Counted(AtomicU64);

impl Entropy for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        let count = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        for (byte, value) in bytes.iter_mut().rev().zip(count.into_iter().rev().chain(std::iter::repeat(0))) {
            *byte = value;
        }
    }
}

pub(crate) fn stamps() -> Stamps {
    stamps_of(Arc::new(TurnedClock::default()))
}

pub(super) fn stamps_of(clock: Arc<TurnedClock>) -> Stamps {
    Stamps::new(clock, Arc::new(Counted::default()))
}

/// The user that sessions and tokens are of.
pub(super) fn demo(id: UserId, password_hash: Option<&str>, stamps: &Stamps) -> NewUser {
    NewUser {
        id,
        handle: Handle::parse("demo").expect("a handle"),
        name: "Demo".to_owned(),
        bio: None,
        email: "demo@example.org".to_owned(),
        password_hash: password_hash.map(ToOwned::to_owned),
        created_at: stamps.now(),
    }
}

/// Lets a store's calls fail: the one after so many, or none.
#[derive(Default)]
pub(crate) struct Faults(Mutex<Option<u32>>);

impl Faults {
    /// The call after `calls` more fails, once.
    pub(super) fn fail_after(&self, calls: u32) {
        *self.0.lock().unwrap() = Some(calls);
    }

    /// Whether no failure is due any more.
    pub(super) fn are_over(&self) -> bool {
        self.0.lock().unwrap().is_none()
    }

    fn call(&self, role: Role) -> StoreResult<()> {
        let mut left = self.0.lock().unwrap();
        match &mut *left {
            None => Ok(()),
            Some(0) => {
                *left = None;
                Err(StoreError::new(role, ErrorKind::Unavailable, "it fails as it was told"))
            }
            Some(calls) => {
                *calls -= 1;
                Ok(())
            }
        }
    }
}
