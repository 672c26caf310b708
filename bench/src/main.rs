//! Measures Polygraph: by itself, and beside others that answer the same queries.
//!
//! Nothing is asserted about a clock: the figures are printed, and kept under `bench/results/`.

mod alone;
mod cached;
mod chance;
mod floor;
mod gateway;
mod growth;
mod loaders;
mod machine;
mod overload;
mod peers;
mod soak;
mod writes;

use std::error::Error;

use clap::{Parser, Subcommand, ValueEnum};
use tokio::runtime::{Builder, Runtime};

/// That of the `polygraph` binary: the floor and the gateways within this process are measured beside it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A failure, with a sentence for whoever waits for figures.
type Failure = Box<dyn Error + Send + Sync>;

/// Measures Polygraph, prints tables and keeps the figures as JSON.
///
/// Build everything first: cargo build --release --workspace
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// What is measured.
#[derive(Debug, Subcommand)]
enum Command {
    /// Polygraph on one set of stores: how soon it answers, its memory, how fast it seeds, how long queries take.
    Alone(alone::Args),
    /// Polygraph beside other servers, on the same real stores: what a request costs each of them.
    Peers(peers::Args),
    /// Answers that are kept: Polygraph beside bare handlers of the same bytes, and beside others' response caches.
    Cached(peers::Args),
    /// Serves answers that are known beforehand, for `cached` to measure beside the others.
    #[command(hide = true)]
    Bare(cached::BareArgs),
    /// Serves the five queries by hand, for `peers` to measure beside the others.
    #[command(hide = true)]
    Floor,
    /// Serves Polygraph with another loader's scheduler, for `peers` to measure beside the others.
    #[command(hide = true)]
    Loader(loaders::Args),
    /// Whether a page costs the same however much else there is: the queries at 1,000, 100,000 and 1,000,000 posts.
    Growth(growth::Args),
    /// Serves Polygraph to whoever says who they are, for `growth` to measure.
    #[command(hide = true)]
    Grown,
    /// What writes cost: likes of one post by many clients, and the time from an answer until it is found.
    Writes(writes::Args),
    /// Ten times as much is asked for as can be done: how much is done all the same, and how soon.
    Overload(overload::Args),
    /// An hour of reads and writes while one store after the other is killed: what fails, and whether memory grows.
    Soak(soak::Args),
}

/// A set of stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    /// SQLite, tantivy and memory, in a directory of their own.
    Embedded,
    /// Those named by DATABASE_URL, MONGODB_URL, ELASTICSEARCH_URL and REDIS_URL, in a namespace of their own.
    Real,
    /// The same without MONGODB_URL: posts and likes are in PostgreSQL, too.
    Postgres,
}

impl Which {
    fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Real => "real",
            Self::Postgres => "postgres",
        }
    }
}

fn main() -> Result<(), Failure> {
    match Cli::parse().command {
        Command::Alone(args) => Runtime::new()?.block_on(alone::run(args)),
        Command::Bare(args) => Runtime::new()?.block_on(cached::serve_bare(args)),
        Command::Floor => Runtime::new()?.block_on(floor::serve()),
        Command::Loader(args) => Runtime::new()?.block_on(loaders::serve(args)),
        Command::Growth(args) => Runtime::new()?.block_on(growth::run(args)),
        Command::Grown => Runtime::new()?.block_on(growth::serve()),
        Command::Overload(args) => Runtime::new()?.block_on(overload::run(args)),
        Command::Soak(args) => Runtime::new()?.block_on(soak::run(args)),
        Command::Writes(args) => Runtime::new()?.block_on(writes::run(args)),
        // Those who are measured need the cores: whoever asks them makes do with one thread.
        Command::Peers(args) => Builder::new_current_thread().enable_all().build()?.block_on(peers::run(args)),
        Command::Cached(args) => Builder::new_current_thread().enable_all().build()?.block_on(cached::run(args)),
    }
}
