//! The composition root: puts adapters, layers, schema and routes together, and runs the commands.

mod bus;
mod cache;
mod doctor;
mod documents;
mod error;
mod events;
mod explain;
mod guards;
mod https;
mod jobs;
mod keys;
mod monitor;
mod outbox;
pub mod progress;
mod reindex;
mod serve;
mod stores;
mod system;
mod telemetry;
mod verify;
mod writing;

use std::ffi::OsString;
use std::io::Write as _;
use std::sync::Arc;

pub use documents::documents;
pub use error::AppError;
pub use outbox::outbox;
pub use reindex::reindex;
pub use serve::{gateway, keeper, schema_options, serve};
pub use stores::OpenStores;
pub use system::{SystemClock, SystemEntropy};
pub use verify::verify_stores;

use crate::cli::{Cli, Command, Exit, ReportFormat, SchemaArgs, write_completions};
use crate::config::{render_json, render_table};

/// Runs a command to its end. What went wrong is said on standard error, as a sentence.
pub async fn run(cli: Cli, env: impl IntoIterator<Item = (OsString, OsString)>) -> Exit {
    let command = cli.requested();
    match command {
        Command::Schema(SchemaArgs { federation: false }) => return print(&crate::graphql::sdl()),
        Command::Schema(SchemaArgs { federation: true }) => return print(crate::graphql::federated_sdl()),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            write_completions(shell, &mut text);
            return print(&String::from_utf8_lossy(&text));
        }
        _ => {}
    }
    let config = match cli.load_config(env) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("{error}");
            return Exit::Usage;
        }
    };
    if let Command::Config(args) = &command {
        return print(&match args.format {
            ReportFormat::Table => render_table(&config),
            ReportFormat::Json => render_json(&config),
        });
    }
    if let Err(error) = telemetry::start(&config.log) {
        eprintln!("{error}");
        return Exit::Usage;
    }
    for note in &config.notes {
        tracing::warn!("{note}");
    }
    let clock = Arc::new(SystemClock);
    let done = match command {
        Command::Migrate => jobs::migrate(&config, clock).await,
        Command::Seed(args) => jobs::seed(&config, args, clock).await,
        Command::Verify(args) => jobs::verify(&config, args, clock).await,
        Command::Reindex => jobs::reindex(&config, clock).await,
        Command::Explain(args) => explain::explain(&config, args, clock).await,
        Command::Link(args) => jobs::link(&config, args, clock).await,
        Command::Outbox(command) => jobs::outbox(&config, command, clock).await,
        Command::Events(command) => events::events(&config, command).await,
        Command::Cache(command) => jobs::cache(&config, command, clock).await,
        Command::Doctor => doctor::examine(&config, clock).await,
        _ => serve(config, clock).await,
    };
    match done {
        Ok(()) => Exit::Ok,
        Err(error) => {
            eprintln!("{error}");
            Exit::Failed
        }
    }
}

/// A reader that went away (as `polygraph schema | head` does) is no failure.
fn print(text: &str) -> Exit {
    let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
    Exit::Ok
}
