//! Groups of workers on the event bus in process.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;

use super::events::Shared;
use crate::domain::event::Event;
use crate::ports::{Group, GroupMember, InHand, MOST_DELIVERIES, StoreResult};

/// The most events that a member is handed at once.
const MOST_AT_ONCE: usize = 100;
/// The most dead letters of a group that are kept.
const DEAD_LETTERS: usize = 1_000;

/// An event of a group's, and how often it was handed out.
#[derive(Clone, Copy)]
struct Held {
    event: Event,
    handed_out: u32,
}

/// What waits for a group, the oldest first.
#[derive(Default)]
pub(super) struct Queue {
    waiting: BTreeMap<u64, Held>,
    /// The number of what is added next.
    next: u64,
    dead: VecDeque<Event>,
}

impl Queue {
    /// Adds events, and keeps the newest `capacity` of those that wait.
    pub(super) fn add(&mut self, events: &[Event], capacity: usize) {
        for event in events {
            self.waiting.insert(self.next, Held { event: *event, handed_out: 0 });
            self.next += 1;
        }
        while self.waiting.len() > capacity {
            self.waiting.pop_first();
        }
    }

    /// What was given up on, the oldest first.
    pub(super) fn dead_letters(&self) -> Vec<Event> {
        self.dead.iter().copied().collect()
    }

    fn take(&mut self) -> Vec<(u64, Held)> {
        let mut taken = Vec::new();
        while taken.len() < MOST_AT_ONCE
            && let Some((number, held)) = self.waiting.pop_first()
        {
            if held.handed_out >= MOST_DELIVERIES { self.bury(held.event) } else { taken.push((number, held)) }
        }
        taken
    }

    fn bury(&mut self, event: Event) {
        self.dead.push_back(event);
        if self.dead.len() > DEAD_LETTERS {
            self.dead.pop_front();
        }
    }
}

/// A member, and what it has in hand.
pub(super) struct Member {
    shared: Arc<Shared>,
    news: watch::Receiver<()>,
    group: Group,
    in_hand: BTreeMap<u64, Held>,
}

impl Member {
    pub(super) fn new(shared: Arc<Shared>, group: Group) -> Self {
        Self { news: shared.news(), shared, group, in_hand: BTreeMap::new() }
    }

    fn take(&mut self) -> Vec<InHand> {
        let taken = self.shared.state().queue(&self.group).take();
        taken
            .into_iter()
            .map(|(number, held)| {
                self.in_hand.insert(number, Held { handed_out: held.handed_out + 1, ..held });
                InHand { event: held.event, redeliveries: held.handed_out, receipt: number.to_string().into() }
            })
            .collect()
    }

    /// Those of these that are in hand, which they are no more.
    fn let_go(&mut self, taken: &[InHand]) -> Vec<Held> {
        taken.iter().filter_map(|taken| self.in_hand.remove(&taken.receipt.parse().ok()?)).collect()
    }
}

#[async_trait]
impl GroupMember for Member {
    async fn next(&mut self) -> StoreResult<Vec<InHand>> {
        loop {
            // What is published or given back from here on ends the wait below.
            self.news.borrow_and_update();
            let taken = self.take();
            if !taken.is_empty() {
                return Ok(taken);
            }
            // Its sender is in what this holds.
            let _ = self.news.changed().await;
        }
    }

    async fn finish(&mut self, taken: &[InHand]) -> StoreResult<()> {
        self.let_go(taken);
        Ok(())
    }

    async fn bury(&mut self, taken: &[InHand]) -> StoreResult<()> {
        let buried = self.let_go(taken);
        let mut state = self.shared.state();
        let queue = state.queue(&self.group);
        buried.into_iter().for_each(|held| queue.bury(held.event));
        Ok(())
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.shared.state().queue(&self.group).waiting.append(&mut self.in_hand);
        self.shared.tell();
    }
}
