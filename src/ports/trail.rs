//! What a request asked of the stores, step by step: for those who want to know what their query costs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{ErrorKind, Role};

/// A call of a store: a batch, or a lookup by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Which store.
    pub role: Role,
    /// Which method of its port.
    pub method: &'static str,
    /// How many steps one after another it took to come here, this one included.
    pub level: usize,
    /// How many keys were asked for together; `None` for what has no keys.
    pub keys: Option<u64>,
    /// What was left unread, since nothing selects it.
    pub omitted: Option<&'static str>,
    /// How it ended; `None` while it is under way, or when the request went before.
    pub ended: Option<Ended>,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// How long it took.
    pub took: Duration,
    /// How many rows came, or why none did.
    pub rows: Result<u64, ErrorKind>,
}

/// The steps of one request. Clones share them.
#[derive(Debug, Clone)]
pub struct Trail {
    steps: Arc<Mutex<Vec<Step>>>,
    now: fn() -> Instant,
}

impl Trail {
    /// A trail without steps. `now` is the present on a clock that never goes back.
    pub fn new(now: fn() -> Instant) -> Self {
        Self { steps: Arc::default(), now }
    }

    /// The present, to tell how long calls take.
    pub fn now(&self) -> Instant {
        (self.now)()
    }

    /// Notes that a call begins. It is one level above the highest of the calls that have ended by now.
    /// Returns its number.
    pub fn begin(&self, role: Role, method: &'static str, keys: Option<u64>, omitted: Option<&'static str>) -> usize {
        let mut steps = self.lock();
        let ended = steps.iter().filter(|step| step.ended.is_some());
        let level = 1 + ended.map(|step| step.level).max().unwrap_or(0);
        steps.push(Step { role, method, level, keys, omitted, ended: None });
        steps.len() - 1
    }

    /// Notes how the call with this number ended.
    pub fn end(&self, number: usize, ended: Ended) {
        if let Some(step) = self.lock().get_mut(number) {
            step.ended = Some(ended);
        }
    }

    /// The steps so far, in the order in which they began.
    pub fn steps(&self) -> Vec<Step> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Step>> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_what_had_to_be_waited_for() {
        let trail = Trail::new(|| unreachable!("nothing is timed here"));
        let ended = Ended { took: Duration::ZERO, rows: Ok(1) };
        let first = trail.begin(Role::Posts, "posts_newest", None, None);
        let beside = trail.begin(Role::Search, "search", None, None);
        trail.end(first, ended);
        let second = trail.begin(Role::Users, "users_by_id", Some(20), None);
        trail.end(beside, ended);
        trail.end(second, ended);
        trail.begin(Role::Posts, "author_stats", Some(20), None);
        let levels: Vec<_> = trail.steps().iter().map(|step| step.level).collect();
        assert_eq!(levels, [1, 1, 2, 3]);
    }
}
