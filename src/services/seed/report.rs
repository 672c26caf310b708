//! What sowing did, part by part.

use std::fmt;
use std::time::Duration;

/// What sowing did: a line for each part, in the order users, follows, posts, likes, index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedReport {
    /// The parts.
    pub stages: Vec<StageReport>,
}

/// What one part did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageReport {
    /// Which: `users`, `follows`, `posts`, `likes` or `index`.
    pub stage: &'static str,
    /// How many were new.
    pub added: u64,
    /// How many were there already.
    pub already_there: u64,
    /// How long it took.
    pub elapsed: Duration,
}

impl SeedReport {
    /// Whether everything had been there before.
    pub fn changed_nothing(&self) -> bool {
        self.stages.iter().all(|stage| stage.added == 0)
    }
}

impl fmt::Display for SeedReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, stage) in self.stages.iter().enumerate() {
            if at > 0 {
                writeln!(f)?;
            }
            stage.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for StageReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stage, added, already_there, elapsed } = self;
        write!(f, "{stage:<8}{added:>10} new{already_there:>10} already there{:>9.2} s", elapsed.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_has_its_line() {
        let users = StageReport { stage: "users", added: 99, already_there: 1, elapsed: Duration::from_millis(1_234) };
        let report = SeedReport { stages: vec![users, StageReport { stage: "index", added: 0, ..users }] };
        insta::assert_snapshot!(report, @r"
        users           99 new         1 already there     1.23 s
        index            0 new         1 already there     1.23 s
        ");
        assert!(!report.changed_nothing());
    }
}
