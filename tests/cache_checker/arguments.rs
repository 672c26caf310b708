//! What the checker is told, by hand or by `cargo test`.

use std::path::PathBuf;

use clap::Parser;

use crate::libtest::Libtest;

/// Holds answers through several gateways to what was acknowledged before, while things fail.
#[derive(Debug, Parser)]
#[command(name = "cache_checker", bin_name = "cargo test --test cache_checker --")]
pub(crate) struct Arguments {
    /// How many gateways.
    #[arg(long, default_value_t = 2)]
    pub(crate) gateways: usize,
    /// How many answers are read.
    #[arg(long, default_value_t = 50_000)]
    pub(crate) reads: u64,
    /// How many clients write, each a post and a profile of its own; as many again read.
    #[arg(long, default_value_t = 8)]
    pub(crate) clients: usize,
    /// Decides what fails when, and what is asked.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Another build of `polygraph` than the one that cargo made for this test.
    #[arg(long, value_name = "PATH", default_value = env!("CARGO_BIN_EXE_polygraph"))]
    pub(crate) binary: PathBuf,
    #[command(flatten)]
    libtest: Libtest,
}

/// The test's name to whoever selects tests by theirs.
const NAME: &str = "cache_checker";

impl Arguments {
    /// Whether this test is meant at all.
    pub(crate) fn are_for_us(&self) -> bool {
        self.libtest.selects(NAME)
    }

    /// Whether the names of tests are all that is asked for.
    pub(crate) fn ask_for_names(&self) -> bool {
        self.libtest.list
    }
}
