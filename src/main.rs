//! The `polygraph` binary.

use std::process::ExitCode;

use clap::Parser as _;
use polygraph::cli::Cli;

/// A query makes thousands of small values that live as long as its answer. glibc's allocator took a quarter of the CPU
/// for that (docs/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    polygraph::app::run(Cli::parse(), std::env::vars_os()).await.into()
}
