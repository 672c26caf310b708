//! What came of it: the figures, a summary for people, and the graph.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Args;
use super::ledger::{Ledger, outage};
use super::memory::Memory;
use super::plot::Picture;
use super::stores::Outage;
use crate::Failure;

/// How many lines of the gateway's log about defects are kept.
const LINES: usize = 10;

/// All that is known in the end.
pub(super) struct Report<'a> {
    pub(super) ledger: &'a Ledger,
    pub(super) outages: &'a [Outage],
    /// What the gateway wrote to its log.
    pub(super) log: String,
    pub(super) args: &'a Args,
    /// What it ran on.
    pub(super) machine: Value,
    /// What closed loops got, ascending, in answers per second.
    pub(super) saturations: [f64; super::ROUNDS],
    /// What was asked for, per second.
    pub(super) rate: f64,
    pub(super) began: Instant,
    pub(super) peak: u64,
    /// Whether `polygraph verify` found no difference, and what it said.
    pub(super) verified: (bool, String),
}

impl Report<'_> {
    /// Prints a summary, and keeps it with the figures and the graph.
    pub(super) fn keep(&self) -> Result<(), Failure> {
        let part = Duration::from_secs(self.args.kill_every);
        let memory = Memory::of(self.ledger.stretches(), Duration::from_secs(self.args.warm_up), part);
        let defects = self.defects();
        let outages: Vec<_> = self.outages.iter().map(|each| outage(each, self.began)).collect();
        let figures = json!({
            "machine": self.machine,
            "minutes": self.args.minutes,
            "saturation_per_second": self.saturations,
            "asked_per_second": self.rate,
            "kill_every_seconds": self.args.kill_every,
            "warm_up_seconds": self.args.warm_up,
            "memory": memory.as_ref().map(Memory::json),
            "peak_resident_bytes": self.peak,
            "outages": outages,
            "answers": self.ledger.json(),
            "lines_of_the_log": self.lines(),
            "defects_in_the_log": defects,
            "verify_found_no_difference": self.verified.0,
            "verify_said": self.verified.1.lines().collect::<Vec<_>>(),
        });
        let summary = self.summary(memory.as_ref(), &defects)?;
        println!("{summary}");
        std::fs::create_dir_all(&self.args.out)?;
        std::fs::write(self.args.out.join("soak.json"), format!("{figures}\n"))?;
        std::fs::write(self.args.out.join("soak.md"), summary)?;
        let title = format!(
            "{} minutes at {:.0} requests a second, one store after the other killed",
            self.args.minutes, self.rate
        );
        let picture =
            Picture { title: &title, stretches: self.ledger.stretches(), outages: self.outages, began: self.began };
        std::fs::write(&self.args.graph, picture.svg())?;
        Ok(())
    }

    /// Lines of the log by which the gateway says that something is wrong with itself.
    fn defects(&self) -> Vec<&str> {
        let is_defect = |line: &&str| line.contains(" ERROR ") || line.contains("panicked");
        self.log.lines().filter(is_defect).take(LINES).collect()
    }

    /// How many lines the log has of each level.
    fn lines(&self) -> BTreeMap<&str, usize> {
        let count = |level: &str| self.log.lines().filter(|line| line.contains(&format!(" {level} "))).count();
        ["WARN", "ERROR"].map(|level| (level, count(level))).into()
    }

    fn summary(&self, memory: Option<&Memory>, defects: &[&str]) -> Result<String, std::fmt::Error> {
        let (ledger, args, machine) = (self.ledger, self.args, &self.machine);
        let mut text = format!(
            "# Soak\n\n`polygraph-bench soak`: {} cores, {}, commit {}; {} minutes of 14 kinds of reads and writes, four reads \
             to a\nwrite. A closed loop of 32 clients got {:.0?} answers a second in three rounds; {:.0} a second were asked \
             for, at random\nmoments. Every {} s a store was killed for {} s.\n\n",
            machine["cores"],
            machine["processor"].as_str().unwrap_or_default(),
            machine["commit"].as_str().unwrap_or_default(),
            args.minutes,
            self.saturations,
            self.rate,
            args.kill_every,
            args.down_for,
        );
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let mark = |is_met: bool| if is_met { "met" } else { "**missed**" };
        text += "| promise | measured | |\n|---|---|---|\n";
        if let Some(memory) = memory {
            writeln!(
                text,
                "| memory is flat within 5 % after the warm-up | {:.1} MiB; the farthest part {:.1} % off, the last part {:+.1} % \
                 on the first | {} |",
                mib(memory.median),
                100.0 * memory.farthest(),
                100.0 * memory.growth(),
                mark(memory.is_flat())
            )?;
        }
        let outside = ledger.sum(|stretch| stretch.outside);
        writeln!(text, "| no error outside the matrix | {outside} answers | {} |", mark(outside == 0))?;
        writeln!(text, "| no defect in the log | {} lines | {} |", defects.len(), mark(defects.is_empty()))?;
        let differences = if self.verified.0 { "no difference" } else { "differences" };
        writeln!(text, "| truth, counts and index agree in the end | {differences} | {} |", mark(self.verified.0))?;
        writeln!(text, "\n| answers | |\n|---|---:|")?;
        writeln!(text, "| whole | {} |", ledger.sum(|stretch| stretch.whole))?;
        writeln!(text, "| something is missing, as the matrix allows | {} |", ledger.sum(|stretch| stretch.allowed))?;
        writeln!(text, "| refused with `OVERLOADED` | {} |", ledger.sum(|stretch| stretch.overloaded))?;
        writeln!(text, "| outside the matrix | {outside} |")?;
        for (while_down, name) in [(false, "all stores are up"), (true, "one is down")] {
            let (p50, p99) = (ledger.percentile(while_down, 50), ledger.percentile(while_down, 99));
            writeln!(text, "| whole ones while {name}: p50, p99 | {p50:.1} ms, {p99:.0} ms |")?;
        }
        writeln!(text, "| memory at most | {:.0} MiB |", mib(self.peak))?;
        writeln!(text, "\n| killed | times | seen to be back after, at most |\n|---|---:|---:|")?;
        let mut kills: BTreeMap<_, (u32, Duration)> = BTreeMap::new();
        for outage in self.outages {
            let (times, longest) = kills.entry(outage.store).or_default();
            (*times, *longest) = (*times + 1, (*longest).max(outage.ready.unwrap_or_default()));
        }
        for (store, (times, longest)) in kills {
            writeln!(text, "| {} | {times} | {:.1} s |", store.name(), longest.as_secs_f64())?;
        }
        writeln!(text, "\n| while | is missing | with | answers |\n|---|---|---|---:|")?;
        for (down, symptom, count) in ledger.allowances() {
            writeln!(text, "| {down} | `{}` | {} | {count} |", symptom.place, symptom.what)?;
        }
        for finding in ledger.findings().iter().map(String::as_str).chain(defects.iter().copied()) {
            write!(text, "\n- {finding}")?;
        }
        text += "\n";
        Ok(text)
    }
}
