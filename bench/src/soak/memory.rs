//! Whether memory is flat: whether each part of the run, once warm, had as much as all of it.

use std::time::Duration;

use serde_json::{Value, json};

use super::ledger::{STRETCH, Stretch, median};

/// By how much of the whole run's a part's memory may differ.
const FLAT_WITHIN: f64 = 0.05;

/// The memory of the gateway's process after the warm-up, in bytes. A part is as long as it is from one kill to the next,
/// so each has one outage in it.
pub(super) struct Memory {
    /// The median of each part.
    pub(super) parts: Vec<u64>,
    /// The median of all.
    pub(super) median: u64,
}

impl Memory {
    /// Of all samples after the warm-up; `None` where not a single part is over. A part that the end cuts short is left
    /// out.
    pub(super) fn of(stretches: &[Stretch], warm_up: Duration, part: Duration) -> Option<Self> {
        let in_stretches = |time: Duration| (time.as_secs_f64() / STRETCH.as_secs_f64()).round() as usize;
        let warm = stretches.get(in_stretches(warm_up)..)?;
        let samples = |stretches: &[Stretch]| {
            stretches.iter().flat_map(|stretch| stretch.resident.iter().copied()).collect::<Vec<_>>()
        };
        let parts = warm.chunks_exact(in_stretches(part).max(1)).filter_map(|part| median(&samples(part)));
        let parts: Vec<_> = parts.collect();
        if parts.is_empty() { None } else { Some(Self { median: median(&samples(warm))?, parts }) }
    }

    /// By which share of the median the farthest part differs from it.
    pub(super) fn farthest(&self) -> f64 {
        let off = |part: &u64| (*part as f64 / self.median as f64 - 1.0).abs();
        self.parts.iter().map(off).fold(0.0, f64::max)
    }

    /// By which share the last part has more than the first.
    pub(super) fn growth(&self) -> f64 {
        match (self.parts.first(), self.parts.last()) {
            (Some(first), Some(last)) => *last as f64 / *first as f64 - 1.0,
            _ => 0.0,
        }
    }

    pub(super) fn is_flat(&self) -> bool {
        self.farthest() <= FLAT_WITHIN
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "median_bytes": self.median,
            "median_bytes_of_parts": self.parts,
            "farthest_part": self.farthest(),
            "last_part_above_first": self.growth(),
            "is_flat": self.is_flat(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(medians: &[u64]) -> Option<Memory> {
        let stretch = |resident: &u64| Stretch { resident: vec![*resident], ..Stretch::default() };
        let stretches: Vec<_> = medians.iter().map(stretch).collect();
        Memory::of(&stretches, 2 * STRETCH, 2 * STRETCH)
    }

    #[test]
    fn what_grows_after_the_warm_up_is_not_flat() {
        let grown = of(&[10, 20, 100, 100, 100, 100, 111, 111]).expect("three parts");
        assert_eq!(grown.parts, [100, 100, 111]);
        assert!(!grown.is_flat(), "{}", grown.farthest());
        assert!((grown.growth() - 0.11).abs() < 1e-9);
    }

    #[test]
    fn warming_up_and_a_last_part_cut_short_do_not_count() {
        let flat = of(&[10, 20, 100, 100, 104, 104, 200]).expect("two parts");
        assert_eq!(flat.parts, [100, 104]);
        assert!(flat.is_flat());
        assert!(of(&[10, 20, 100]).is_none());
    }
}
