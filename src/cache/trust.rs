//! Which life of the cache may be used, and for how long that is known.
//!
//! Why the two times below are enough is told in `docs/decisions/0018-result-cache.md`, and shown by
//! `tests/cache_model`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use futures::future::try_join_all;

use crate::domain::tag::VOCABULARY;
use crate::ports::{CacheRegister, Life, Registered, Role, StoreError, StoreResult};

/// For how long it counts what the registers said, from before they were asked.
pub const COUNTS: Duration = Duration::from_secs(2);
/// How long a suspension takes until no gateway counts on what the register said before, even if clocks run at rates of
/// their own.
pub const SETTLED: Duration = Duration::from_millis(2_500);

/// What a gateway knows of the cache's life.
pub struct Trust {
    /// The register of each store of the truth, by the part that it plays.
    registers: Vec<(Role, Arc<dyn CacheRegister>)>,
    /// The present, on a clock that never goes back.
    now: fn() -> Instant,
    confirmed: RwLock<Option<Confirmed>>,
    suspended: Mutex<HashMap<Role, Suspended>>,
}

/// What every register named, asked after this moment.
#[derive(Debug, Clone, Copy)]
struct Confirmed {
    life: Life,
    asked_at: Instant,
}

/// A suspension, and since when this gateway knows of it.
#[derive(Debug, Clone, Copy)]
struct Suspended {
    generation: u64,
    since: Instant,
    is_ours: bool,
}

impl Trust {
    /// Trust in what these registers say. Without any, the cache is this process's own and is always trusted.
    pub fn new(registers: Vec<(Role, Arc<dyn CacheRegister>)>, now: fn() -> Instant) -> Self {
        Self { registers, now, confirmed: RwLock::default(), suspended: Mutex::default() }
    }

    /// Whether what this life of the cache holds may be answered, and an invalidation in it is enough.
    pub fn confirms(&self, life: Life) -> bool {
        if self.registers.is_empty() {
            return true;
        }
        let confirmed = *self.confirmed.read().unwrap_or_else(PoisonError::into_inner);
        confirmed.is_some_and(|confirmed| confirmed.life == life && self.counts(confirmed.asked_at))
    }

    /// Whether what was asked at this moment counts still.
    pub(super) fn counts(&self, asked_at: Instant) -> bool {
        (self.now)().saturating_duration_since(asked_at) < COUNTS
    }

    pub(super) fn now(&self) -> Instant {
        (self.now)()
    }

    /// Asks every register.
    pub(super) async fn look(&self) -> StoreResult<Vec<(Role, Registered)>> {
        let asked_at = self.now();
        let asked = self
            .registers
            .iter()
            .map(|(role, register)| async move { Ok::<_, StoreError>((*role, register.registered().await?)) });
        let said = try_join_all(asked).await?;
        // What others tag by another vocabulary means nothing here.
        let life = named_by_all(&said).filter(|life| life.vocabulary() == VOCABULARY);
        let confirmed = life.map(|life| Confirmed { life, asked_at });
        *self.confirmed.write().unwrap_or_else(PoisonError::into_inner) = confirmed;
        for (role, registered) in said.iter().filter(|(_, registered)| registered.active.is_none()) {
            // It is known from now on, and a write need not wait for it from the beginning.
            self.settles(*role, registered.generation);
        }
        Ok(said)
    }

    /// The life that every register names at the moment, asked now.
    ///
    /// # Errors
    /// The first of a store.
    pub async fn named(&self) -> StoreResult<Option<Life>> {
        Ok(named_by_all(&self.look().await?))
    }

    /// The register of the store that plays a part: posts may be kept where users are.
    pub(super) fn register_of(&self, role: Role) -> Option<&(Role, Arc<dyn CacheRegister>)> {
        self.registers.iter().find(|(own, _)| *own == role).or_else(|| self.registers.first())
    }

    /// Every register.
    pub(super) fn registers(&self) -> &[(Role, Arc<dyn CacheRegister>)] {
        &self.registers
    }

    /// When this suspension, of which it is known now at the latest, is over: from then on nobody counts on what this
    /// register said before it.
    pub(super) fn settles(&self, role: Role, generation: u64) -> Instant {
        let now = self.now();
        let mut suspended = self.suspended();
        let new = Suspended { generation, since: now, is_ours: false };
        let known = suspended.entry(role).or_insert(new);
        if known.generation != generation {
            *known = new;
        }
        // Before anything was registered, nobody had anything to count on.
        if generation == 0 { known.since } else { known.since + SETTLED }
    }

    /// Suspends the cache in one store, where its register says still what it said.
    pub(super) async fn suspend(&self, role: Role, said: Registered) -> StoreResult<()> {
        let Some((role, register)) = self.register_of(role) else { return Ok(()) };
        if register.register(said.generation, None).await? {
            let known = Suspended { generation: said.generation + 1, since: self.now(), is_ours: true };
            self.suspended().insert(*role, known);
        }
        Ok(())
    }

    /// Whether it was this gateway that suspended the cache, in any store.
    pub(super) fn suspended_it(&self, said: &[(Role, Registered)]) -> bool {
        let suspended = self.suspended();
        let is_ours = |(role, said): &(Role, Registered)| {
            suspended.get(role).is_some_and(|known| known.is_ours && known.generation == said.generation)
        };
        said.iter().any(is_ours)
    }

    /// Nothing that holds the lock can panic half-way through a change.
    fn suspended(&self) -> MutexGuard<'_, HashMap<Role, Suspended>> {
        self.suspended.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The life that all of them name.
pub(super) fn named_by_all(said: &[(Role, Registered)]) -> Option<Life> {
    let life = said.first()?.1.active?;
    said.iter().all(|(_, registered)| registered.active == Some(life)).then_some(life)
}
