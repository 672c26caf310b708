//! The `polygraph` binary.

use std::process::ExitCode;

use clap::Parser as _;
use polygraph::cli::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    polygraph::app::run(Cli::parse(), std::env::vars_os()).await.into()
}
