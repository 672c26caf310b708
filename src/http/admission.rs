//! How many requests are executed at once, and which of those that wait come next: more than can be done in good time is
//! refused at once, so that what is begun is done in good time.
//!
//! So many run at once as keep stores and cores busy; more would take longer each, and not be more. The others wait in a
//! line whose length is bounded. Whether it only evens out a burst or is there to stay is told by whether it was ever
//! empty lately (Nichols and Jacobson, *Controlling Queue Delay*, ACM Queue 2012; RFC 8289). A line that stands is no use
//! to anybody: all that it does is to make every request late. From then on who comes waits for a moment only, and
//! whoever came last is next, since those before are likely to have given up (Maurer, *Fail at Scale*, ACM Queue 2015).
//! As that empties the line now and then, it counts as one that stands for as long as somebody is refused.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

/// After how long without being empty a line counts as one that stands: longer than a burst takes (RFC 8289 §4.2).
const INTERVAL: Duration = Duration::from_millis(100);
/// How long who joins a line that stands waits for their turn (RFC 8289 §4.3).
const TARGET: Duration = Duration::from_millis(5);
/// How often it is logged that requests are refused.
const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// How much is taken on.
#[derive(Debug, Clone, Copy)]
pub struct AdmissionLimits {
    /// How many requests are executed at once, at least 1.
    pub at_once: usize,
    /// How many wait for that.
    pub waiting: usize,
    /// How long each of them waits.
    pub patience: Duration,
}

/// Lets requests in. Clones let in together.
#[derive(Clone)]
pub struct Admission {
    limits: AdmissionLimits,
    monotonic: fn() -> Instant,
    line: Arc<Mutex<Line>>,
}

/// More is asked for than can be done in good time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Overloaded;

/// Leave to be executed, until it is dropped.
pub(super) struct Admitted(Admission);

/// How many are where at the moment, and how many were refused so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Load {
    pub running: usize,
    pub waiting: usize,
    pub refused: u64,
}

struct Line {
    running: usize,
    /// Those who wait, with their numbers, in the order in which they came. Nobody waits while fewer run than may.
    waiting: VecDeque<(u64, oneshot::Sender<()>)>,
    next_number: u64,
    /// Since when somebody waits.
    waits_since: Option<Instant>,
    refused: u64,
    refused_last: Option<Instant>,
    /// When it was last logged that requests are refused, and how many were by then.
    told: Option<(Instant, u64)>,
}

/// A place in the line, given up when it is dropped.
struct Place<'a> {
    admission: &'a Admission,
    number: u64,
    turn: oneshot::Receiver<()>,
    is_over: bool,
}

impl Admission {
    /// Lets in within `limits`, by a clock that never goes back.
    pub fn new(limits: AdmissionLimits, monotonic: fn() -> Instant) -> Self {
        let line = Line {
            running: 0,
            waiting: VecDeque::new(),
            next_number: 0,
            waits_since: None,
            refused: 0,
            refused_last: None,
            told: None,
        };
        Self { limits, monotonic, line: Arc::new(Mutex::new(line)) }
    }

    /// Waits for a turn. Who stops waiting has left the line.
    pub(super) async fn enter(&self) -> Result<Admitted, Overloaded> {
        let (mut place, patience) = {
            let mut line = self.line();
            if line.running < self.limits.at_once.max(1) {
                line.running += 1;
                return Ok(Admitted(self.clone()));
            }
            let now = (self.monotonic)();
            if line.waiting.len() >= self.limits.waiting {
                line.refuse(now);
                return Err(Overloaded);
            }
            let patience = if line.stands(now) { TARGET.min(self.limits.patience) } else { self.limits.patience };
            (self.join(&mut line, now), patience)
        };
        match tokio::time::timeout(patience, &mut place.turn).await {
            Ok(Ok(())) => {
                place.is_over = true;
                Ok(Admitted(self.clone()))
            }
            _ => {
                self.line().refuse((self.monotonic)());
                Err(Overloaded)
            }
        }
    }

    /// How many are where.
    pub(super) fn load(&self) -> Load {
        let line = self.line();
        Load { running: line.running, waiting: line.waiting.len(), refused: line.refused }
    }

    /// Nothing that holds the lock can panic half-way through a change.
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn join(&self, line: &mut Line, now: Instant) -> Place<'_> {
        let (call, turn) = oneshot::channel();
        let number = line.next_number;
        line.next_number += 1;
        line.waits_since.get_or_insert(now);
        line.waiting.push_back((number, call));
        Place { admission: self, number, turn, is_over: false }
    }
}

impl Line {
    /// Whether somebody has been waiting all the time for longer than a burst takes, or was refused within that time.
    fn stands(&self, now: Instant) -> bool {
        let ago = |moment: Instant| now.saturating_duration_since(moment);
        self.waits_since.is_some_and(|since| ago(since) >= INTERVAL)
            || self.refused_last.is_some_and(|last| ago(last) < INTERVAL)
    }

    /// Gives a turn that is over to the next who waits.
    fn pass_on(&mut self, now: Instant) {
        let next = if self.stands(now) { self.waiting.pop_back() } else { self.waiting.pop_front() };
        self.note_empty();
        // Who waits holds the other end until they have left the line.
        if next.is_none_or(|(_, call)| call.send(()).is_err()) {
            self.running -= 1;
        }
    }

    /// Takes somebody out who waits no longer; returns whether they still waited.
    fn leave(&mut self, number: u64) -> bool {
        let found = self.waiting.binary_search_by_key(&number, |(number, _)| *number);
        let left = found.is_ok_and(|at| self.waiting.remove(at).is_some());
        self.note_empty();
        left
    }

    fn note_empty(&mut self) {
        if self.waiting.is_empty() {
            self.waits_since = None;
        }
    }

    fn refuse(&mut self, now: Instant) {
        self.refused += 1;
        self.refused_last = Some(now);
        let (told, before) = self.told.map_or((None, 0), |(told, refused)| (Some(told), refused));
        if told.is_none_or(|told| now.saturating_duration_since(told) >= BETWEEN_LINES) {
            let (refused, running, waiting) = (self.refused - before, self.running, self.waiting.len());
            tracing::warn!(refused, running, waiting, "requests are refused: more comes than can be done in good time");
            self.told = Some((now, self.refused));
        }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.0.line().pass_on((self.0.monotonic)());
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let mut line = self.admission.line();
        // A turn that came too late is the next one's.
        if !line.leave(self.number) {
            line.pass_on((self.admission.monotonic)());
        }
    }
}

#[cfg(test)]
mod tests;
