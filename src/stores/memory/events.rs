//! The event bus in process: a ring of what was published last. Only this gateway's own subscribers hear of it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::watch;

use super::events_group::{Member, Queue};
use crate::domain::event::Event;
use crate::ports::{
    Backend, Delivered, Entropy, ErrorKind, EventBus, Follow, Following, Group, GroupMember, Position, Role, Start,
    StoreError, StoreResult,
};

/// The most events that a follower is handed at once.
const MOST_AT_ONCE: usize = 1_000;

/// A bus within this process. Each instance is one of its own, and knows nothing of what others published.
pub struct MemoryEvents {
    shared: Arc<Shared>,
}

/// What the bus shares with those who read it.
pub(super) struct Shared {
    /// In every position: those of another instance are not ours.
    instance: u64,
    capacity: usize,
    state: Mutex<State>,
    /// Changes with everything that readers may wait for.
    told: watch::Sender<()>,
}

#[derive(Default)]
pub(super) struct State {
    history: VecDeque<Event>,
    /// How many events there were before the first of `history`.
    before: u64,
    groups: HashMap<Group, Queue>,
}

impl State {
    /// The queue of a group, which is there from its first member on.
    pub(super) fn queue(&mut self, group: &Group) -> &mut Queue {
        self.groups.entry(group.clone()).or_default()
    }

    /// How many events there were.
    fn published(&self) -> u64 {
        self.before + self.history.len() as u64
    }
}

impl MemoryEvents {
    /// A bus that remembers the last `capacity` events, and as many for each group that does not keep up.
    pub fn new(entropy: &dyn Entropy, capacity: usize) -> Self {
        let mut instance = [0; 8];
        entropy.fill(&mut instance);
        let (instance, capacity) = (u64::from_le_bytes(instance), capacity.max(1));
        Self { shared: Arc::new(Shared { instance, capacity, state: Mutex::default(), told: watch::Sender::new(()) }) }
    }

    /// The dead letters of a group, the oldest first.
    pub fn dead_letters(&self, group: &Group) -> Vec<Event> {
        self.shared.state().queue(group).dead_letters()
    }
}

impl Shared {
    /// Nothing that holds the lock can panic half-way through a change.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets those who wait look again.
    pub(super) fn tell(&self) {
        self.told.send_replace(());
    }

    /// What changes when there may be news.
    pub(super) fn news(&self) -> watch::Receiver<()> {
        self.told.subscribe()
    }

    /// The place behind so many events.
    fn position(&self, seen: u64) -> StoreResult<Position> {
        let text = format!("m{:016x}-{seen}", self.instance);
        Position::read(&text).ok_or_else(|| StoreError::internal(Role::Events, "a position that is none"))
    }

    /// Behind how many events a position is; `None` for one of another bus.
    fn seen(&self, position: &Position) -> Option<u64> {
        let (instance, seen) = position.as_str().strip_prefix('m')?.split_once('-')?;
        (u64::from_str_radix(instance, 16) == Ok(self.instance)).then_some(())?;
        seen.parse().ok()
    }
}

#[async_trait]
impl Backend for MemoryEvents {
    fn kind(&self) -> &'static str {
        "memory"
    }

    async fn check(&self) -> StoreResult<String> {
        Ok("in process".to_owned())
    }
}

#[async_trait]
impl EventBus for MemoryEvents {
    async fn publish(&self, events: &[Event]) -> StoreResult<()> {
        let (shared, capacity) = (&*self.shared, self.shared.capacity);
        let mut state = shared.state();
        for queue in state.groups.values_mut() {
            queue.add(events, capacity);
        }
        state.history.extend(events);
        let too_many = state.history.len().saturating_sub(capacity);
        state.history.drain(..too_many);
        state.before += too_many as u64;
        drop(state);
        shared.tell();
        Ok(())
    }

    async fn follow(&self, start: Start) -> StoreResult<Following> {
        let (published, before) = {
            let state = self.shared.state();
            (state.published(), state.before)
        };
        let (seen, has_gap) = match start {
            Start::Now => (published, false),
            Start::After(position) => match self.shared.seen(&position) {
                Some(seen) if (before..=published).contains(&seen) => (seen, false),
                _ => (before, true),
            },
        };
        let events = Box::new(Follower { shared: Arc::clone(&self.shared), news: self.shared.news(), seen });
        Ok(Following { events, from: Some(self.shared.position(seen)?), has_gap })
    }

    async fn join(&self, group: &Group) -> StoreResult<Box<dyn GroupMember>> {
        self.shared.state().queue(group);
        Ok(Box::new(Member::new(Arc::clone(&self.shared), group.clone())))
    }
}

struct Follower {
    shared: Arc<Shared>,
    news: watch::Receiver<()>,
    seen: u64,
}

impl Follower {
    /// What is there already, at most so many.
    fn take(&mut self) -> StoreResult<Vec<Delivered>> {
        let state = self.shared.state();
        let Some(known) = self.seen.checked_sub(state.before) else {
            let behind = "what comes next is no longer remembered";
            return Err(StoreError::new(Role::Events, ErrorKind::Unavailable, behind));
        };
        let news = state.history.iter().skip(usize::try_from(known).unwrap_or(usize::MAX)).take(MOST_AT_ONCE);
        let mut seen = self.seen;
        let taken = news.map(|event| {
            seen += 1;
            Ok(Delivered { position: self.shared.position(seen)?, event: *event })
        });
        let taken = taken.collect::<StoreResult<Vec<_>>>()?;
        self.seen = seen;
        Ok(taken)
    }
}

#[async_trait]
impl Follow for Follower {
    async fn next(&mut self) -> StoreResult<Vec<Delivered>> {
        loop {
            // What is published from here on ends the wait below.
            self.news.borrow_and_update();
            let taken = self.take()?;
            if !taken.is_empty() {
                return Ok(taken);
            }
            // Its sender is in what this holds.
            let _ = self.news.changed().await;
        }
    }
}
