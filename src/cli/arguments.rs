//! What single commands are told.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use uuid::Uuid;

/// Which schema to print.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct SchemaArgs {
    /// As routers of a federated graph compose it: with its entities marked.
    #[arg(long)]
    pub federation: bool,
}

/// How much data to make up.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct SeedArgs {
    /// How many users.
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub users: u32,

    /// How many posts.
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000)]
    pub posts: u32,

    /// How many likes.
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000)]
    pub likes: u32,

    /// How many follows.
    #[arg(long, value_name = "NUMBER", default_value_t = 2_000)]
    pub follows: u32,

    /// The number that decides everything that is made up.
    #[arg(long, value_name = "NUMBER", default_value_t = 42)]
    pub seed: u64,
}

/// What to do with differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
pub struct VerifyArgs {
    /// Mend every difference, then compare again.
    #[arg(long)]
    pub repair: bool,
}

/// What to do with events.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum EventsCommand {
    /// Print each event on a line, a CloudEvent in JSON, until told to stop.
    Tail {
        /// Take part in this group: each event is printed by one of its members, and done once it is printed.
        #[arg(long, value_name = "NAME", conflicts_with = "after")]
        group: Option<String>,

        /// Begin after this position on the bus, as the event streams of the API tell it in `id`.
        #[arg(long, value_name = "POSITION")]
        after: Option<String>,
    },
}

/// Which query to explain.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ExplainArgs {
    /// The file with the query.
    #[arg(value_name = "FILE.graphql")]
    pub file: PathBuf,

    /// Values of its variables, as a JSON object.
    #[arg(long, value_name = "JSON")]
    pub variables: Option<String>,

    /// Which of its operations, where there are several.
    #[arg(long, value_name = "NAME")]
    pub operation: Option<String>,

    /// The handle of the user who asks; nobody where it is left out.
    #[arg(long = "as", value_name = "HANDLE")]
    pub viewer: Option<String>,
}

/// Who is who.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct LinkArgs {
    /// The user's handle.
    pub user: String,

    /// The subject, as the issuer's tokens name it in their claim `sub`.
    #[arg(value_parser = subject)]
    pub subject: String,
}

/// A token without a subject is nobody's, so an empty one is a mistake in a script.
fn subject(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() { Err("a subject can't be empty") } else { Ok(text.to_owned()) }
}

/// What to do with events that were given up on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum OutboxCommand {
    /// Print each of them, the oldest first, with the reason.
    #[command(after_long_help = "Exit codes: 0 done, 1 a store failed, 2 wrong command line or configuration")]
    List,
    /// Try them again now.
    #[command(
        after_long_help = "Exit codes: 0 done, 1 there is no such event, or a store failed, 2 wrong command line"
    )]
    Retry {
        /// The event, as `polygraph outbox list` prints it; all of them where it is left out.
        id: Option<Uuid>,
    },
    /// Forget one of them. What it told of stays true; `polygraph verify --repair` mends what was not told.
    #[command(
        after_long_help = "Exit codes: 0 done, 1 there is no such event, or a store failed, 2 wrong command line"
    )]
    Drop {
        /// The event, as `polygraph outbox list` prints it.
        id: Uuid,
    },
}

/// What to do with the result cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum CacheCommand {
    /// Print how many results it holds, how much memory it uses, and how many writes it was told of.
    #[command(after_long_help = "Exit codes: 0 done, 1 the cache failed, 2 wrong command line or configuration")]
    Stats,
    /// Let nothing count any more that is kept. Its memory is freed as results expire.
    #[command(after_long_help = "Exit codes: 0 done, 1 the cache failed, 2 wrong command line or configuration")]
    Flush,
}

/// How to print the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ConfigArgs {
    /// A table for people, or JSON for machines.
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    pub format: ReportFormat,
}

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// An aligned table.
    Table,
    /// JSON.
    Json,
}
