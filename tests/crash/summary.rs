//! What a run says of itself.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::Tally;
use crate::round::{Kill, Report};
use crate::world::Which;

/// All rounds on one set of stores.
pub(crate) struct Summary {
    which: Which,
    rounds: u32,
    kills: BTreeMap<&'static str, u32>,
    starts: Vec<Duration>,
    catching_up: Vec<Duration>,
}

impl Summary {
    pub(crate) fn new(which: Which) -> Self {
        Self { which, rounds: 0, kills: BTreeMap::new(), starts: Vec::new(), catching_up: Vec::new() }
    }

    /// Adds a round, and prints a line about it.
    pub(crate) fn add(&mut self, kill: Kill, report: &Report, before: Tally, after: Tally) {
        self.rounds += 1;
        for name in &report.killed {
            *self.kills.entry(name).or_default() += 1;
        }
        self.starts.extend(&report.starts);
        self.catching_up.push(report.catching_up);
        println!(
            "{:?} {:>3}: {:<66} {:>4} acknowledged, {:>3} refused, {:>2} unknown ({} done, {} sent again); caught up in {:.1} s",
            self.which,
            self.rounds,
            described(kill),
            after.done - before.done,
            after.refused - before.refused,
            after.unknown - before.unknown,
            after.found_done - before.found_done,
            after.sent_again - before.sent_again,
            report.catching_up.as_secs_f64(),
        );
    }

    /// Prints what it all comes to.
    pub(crate) fn print(&mut self, tally: Tally, took: Duration) {
        let kills: Vec<String> = self.kills.iter().map(|(name, count)| format!("{name} {count}")).collect();
        println!("{:?} stores: {} rounds in {:.0} s", self.which, self.rounds, took.as_secs_f64());
        println!("  killed                   {}", kills.join(", "));
        println!("  writes acknowledged      {}", tally.done);
        println!("  writes refused           {}", tally.refused);
        println!(
            "  writes of unknown outcome {} ({} were found done, {} were sent again with their key)",
            tally.unknown, tally.found_done, tally.sent_again
        );
        println!("  start to first answer    {}", spread(&mut self.starts));
        println!("  until caught up          {}", spread(&mut self.catching_up));
    }
}

fn described(kill: Kill) -> String {
    match kill {
        Kill::Gateway { at, twice: false } => format!("gateway killed when it has {at}"),
        Kill::Gateway { at, twice: true } => format!("gateway killed when it has {at}, and the next one"),
        Kill::Store { name, at, more } => format!("{name} killed after {at}, and back {more} later"),
    }
}

/// The middle and the longest of some durations, which it sorts.
fn spread(durations: &mut [Duration]) -> String {
    durations.sort_unstable();
    match (durations.get(durations.len() / 2), durations.last()) {
        (Some(middle), Some(last)) => format!("{} ms (median), {} ms (longest)", middle.as_millis(), last.as_millis()),
        _ => "-".to_owned(),
    }
}
