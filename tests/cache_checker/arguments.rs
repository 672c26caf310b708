//! What the checker is told, by hand or by `cargo test`.

use std::path::PathBuf;

use clap::Parser;

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
    /// Runs only if a part of its name, `cache_checker`, is among these.
    filters: Vec<String>,
    #[arg(long, hide = true)]
    exact: bool,
    #[arg(long, hide = true)]
    skip: Vec<String>,
    #[arg(long, hide = true)]
    list: bool,
    #[arg(long, hide = true)]
    ignored: bool,
    #[arg(long, alias = "no-capture", hide = true)]
    nocapture: bool,
    #[arg(long, short, hide = true)]
    quiet: bool,
    #[arg(long, hide = true)]
    test_threads: Option<String>,
    #[arg(long, hide = true)]
    format: Option<String>,
    #[arg(long, hide = true)]
    color: Option<String>,
}

/// The test's name to whoever selects tests by theirs.
const NAME: &str = "cache_checker";

impl Arguments {
    /// Whether this test is meant at all.
    pub(crate) fn are_for_us(&self) -> bool {
        let is_named = |name: &String| if self.exact { name == NAME } else { NAME.contains(name.as_str()) };
        let is_wanted = self.filters.is_empty() || self.filters.iter().any(is_named);
        !self.ignored && is_wanted && !self.skip.iter().any(is_named)
    }

    /// Whether the names of tests are all that is asked for.
    pub(crate) fn ask_for_names(&self) -> bool {
        self.list
    }
}
