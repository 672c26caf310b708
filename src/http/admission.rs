//! How many requests are executed at once, and which of those that wait come next: more than can be done in good time is
//! refused at once, so that what is begun is done in good time.
//!
//! So many run at once as keep stores and cores busy; more would take longer each, and not be more. The others wait in a
//! line whose length is bounded, and where nobody waits for longer than a burst takes. A line in which somebody waited
//! that long in vain is no burst's: all that it does is to make every request late. Then who comes waits for a moment
//! only, and whoever came last is next, since those before are likely to have given up (adaptive LIFO and controlled
//! delay: Maurer, *Fail at Scale*, ACM Queue 2015, after Nichols and Jacobson, *Controlling Queue Delay*, ACM Queue 2012).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

/// How long who comes waits for their turn while others are refused: long enough that somebody waits whenever a turn is
/// over, and that clients who try again at once don't do so all the time.
const MOMENT: Duration = Duration::from_millis(100);
/// For how long nobody must have been refused, for the overload to be over.
const CALM: Duration = Duration::from_secs(1);
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
        let line =
            Line { running: 0, waiting: VecDeque::new(), next_number: 0, refused: 0, refused_last: None, told: None };
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
            let patience =
                if line.is_overloaded(now) { MOMENT.min(self.limits.patience) } else { self.limits.patience };
            (self.join(&mut line), patience)
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

    fn join(&self, line: &mut Line) -> Place<'_> {
        let (call, turn) = oneshot::channel();
        let number = line.next_number;
        line.next_number += 1;
        line.waiting.push_back((number, call));
        Place { admission: self, number, turn, is_over: false }
    }
}

impl Line {
    /// Whether somebody was refused lately.
    fn is_overloaded(&self, now: Instant) -> bool {
        self.refused_last.is_some_and(|last| now.saturating_duration_since(last) < CALM)
    }

    /// Gives a turn that is over to the next who waits.
    fn pass_on(&mut self, now: Instant) {
        let next = if self.is_overloaded(now) { self.waiting.pop_back() } else { self.waiting.pop_front() };
        // Who waits holds the other end until they have left the line.
        if next.is_none_or(|(_, call)| call.send(()).is_err()) {
            self.running -= 1;
        }
    }

    /// Takes somebody out who waits no longer; returns whether they still waited.
    fn leave(&mut self, number: u64) -> bool {
        let found = self.waiting.binary_search_by_key(&number, |(number, _)| *number);
        found.is_ok_and(|at| self.waiting.remove(at).is_some())
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
