//! Progress for those who wait at a terminal, or read the log afterwards.

use std::io::IsTerminal as _;
use std::sync::Arc;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tracing::info;

use crate::domain::Timestamp;
use crate::ports::Clock;
use crate::services::progress::{PartProgress, Progress};

/// Bars where standard output is a terminal, log lines where it is not.
pub struct TerminalProgress {
    /// `None`: log lines.
    bars: Option<MultiProgress>,
    clock: Arc<dyn Clock>,
}

impl TerminalProgress {
    /// Chooses between bars and lines by what standard output is.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { bars: std::io::stdout().is_terminal().then(MultiProgress::new), clock }
    }
}

impl Progress for TerminalProgress {
    fn start(&self, part: &'static str, total: u64) -> Box<dyn PartProgress> {
        match &self.bars {
            Some(bars) => {
                let bar = bars.add(ProgressBar::new(total).with_style(style()).with_message(part));
                Box::new(Bar(bar))
            }
            None => {
                let pace = Pace::new(total, self.clock.now());
                Box::new(Lines { part, done: 0, pace, clock: Arc::clone(&self.clock) })
            }
        }
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{msg:<15} {bar:32} {human_pos:>10} of {human_len}, {elapsed} so far, {eta} to go")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

struct Bar(ProgressBar);

impl PartProgress for Bar {
    fn advance(&mut self, done: u64) {
        self.0.inc(done);
    }

    fn finish(self: Box<Self>) {
        self.0.finish();
    }
}

struct Lines {
    part: &'static str,
    done: u64,
    pace: Pace,
    clock: Arc<dyn Clock>,
}

impl PartProgress for Lines {
    fn advance(&mut self, done: u64) {
        self.done += done;
        if self.pace.is_due(self.done, self.clock.now()) {
            info!(part = self.part, done = self.done, total = self.pace.total, "working");
        }
    }

    fn finish(self: Box<Self>) {
        info!(part = self.part, done = self.done, "done");
    }
}

/// Decides when a line is due: after 2 seconds and another tenth, or after 30 seconds however little was done.
struct Pace {
    total: u64,
    said_at: Timestamp,
    said_tenths: u64,
}

impl Pace {
    fn new(total: u64, now: Timestamp) -> Self {
        Self { total, said_at: now, said_tenths: 0 }
    }

    fn is_due(&mut self, done: u64, now: Timestamp) -> bool {
        let tenths = done.saturating_mul(10) / self.total.max(1);
        let silent = now.millis() - self.said_at.millis();
        let due = silent >= 30_000 || (silent >= 2_000 && tenths > self.said_tenths);
        if due {
            self.said_at = now;
            self.said_tenths = tenths;
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_rare() {
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1_000);
        let mut pace = Pace::new(100, at(0));
        assert!(!pace.is_due(50, at(1)), "too soon");
        assert!(pace.is_due(51, at(2)));
        assert!(!pace.is_due(59, at(20)), "not another tenth");
        assert!(pace.is_due(60, at(21)));
        assert!(!pace.is_due(60, at(50)));
        assert!(pace.is_due(60, at(51)), "a sign of life");
        assert!(!Pace::new(0, at(0)).is_due(0, at(1)), "nothing to do is no division by zero");
    }
}
