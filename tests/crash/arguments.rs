//! What the test is told, by hand or by `cargo test`.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::libtest::Libtest;

/// Kills gateways and stores under load, and holds what is left to what was acknowledged.
#[derive(Debug, Parser)]
#[command(name = "crash", bin_name = "cargo test --test crash --")]
pub(crate) struct Arguments {
    /// How many rounds on each set of stores; something is killed in each.
    #[arg(long, default_value_t = 10)]
    pub(crate) rounds: u32,
    /// Which stores.
    #[arg(long, value_enum, default_value_t = Stores::Both)]
    pub(crate) stores: Stores,
    /// Makes the same schedule again; a random one if left out.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// How many clients write at once.
    #[arg(long, default_value_t = 8)]
    pub(crate) clients: usize,
    /// Another build of `polygraph` than the one that cargo made for this test.
    #[arg(long, value_name = "PATH", default_value = env!("CARGO_BIN_EXE_polygraph"))]
    pub(crate) binary: PathBuf,
    #[command(flatten)]
    libtest: Libtest,
}

/// Which sets of stores there are rounds on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stores {
    /// SQLite and tantivy.
    Embedded,
    /// PostgreSQL, MongoDB, Elasticsearch and Redis.
    Real,
    /// One set after the other.
    Both,
}

/// The test's name to whoever selects tests by theirs.
const NAME: &str = "crash";

impl Arguments {
    /// Whether this test is meant at all.
    pub(crate) fn are_for_us(&self) -> bool {
        self.libtest.selects(NAME)
    }

    /// Whether the names of tests are all that is asked for.
    pub(crate) fn ask_for_names(&self) -> bool {
        self.libtest.list
    }

    /// The sets of stores, one after the other.
    pub(crate) fn sets(&self) -> &'static [crate::world::Which] {
        use crate::world::Which::{Embedded, Real};
        match self.stores {
            Stores::Embedded => &[Embedded],
            Stores::Real => &[Real],
            Stores::Both => &[Embedded, Real],
        }
    }
}

/// The answer to who asks for names.
pub(crate) fn print_names(arguments: &Arguments) {
    if arguments.are_for_us() {
        println!("{NAME}: test");
    }
}
