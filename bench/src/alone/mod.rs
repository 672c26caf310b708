//! Polygraph by itself, on one set of stores.
//!
//! Times and memory are those of the release binary, started as users start it. Queries are timed against a gateway
//! of this process, which puts in a viewer for those that need one.

mod queries;
mod report;
mod seeding;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;
use polygraph::services::seed::SeedPlan;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::gateway::Binary;
use crate::{Failure, Which, machine};

/// How long a gateway has nothing to do before its memory is read.
const IDLE: Duration = Duration::from_secs(3);

/// What a large society is, to Polygraph's figures.
const LARGE: SeedPlan = SeedPlan { users: 10_000, posts: 100_000, likes: 1_000_000, follows: 200_000, seed: 42 };

/// What is measured of Polygraph alone.
#[derive(Debug, Parser)]
pub(crate) struct Args {
    /// Which stores to measure on.
    #[arg(long, value_enum)]
    stores: Which,

    /// Seed 10,000 users, 100,000 posts, 1,000,000 likes and 200,000 follows, too: takes minutes.
    #[arg(long)]
    large: bool,

    /// How many minutes seeding may take before it is stopped, and what it reached is told instead.
    #[arg(long, value_name = "MINUTES", default_value_t = 15)]
    patience: u64,

    /// The directory for the figures, one JSON file for each set of stores.
    #[arg(long, value_name = "PATH", default_value = "bench/results")]
    out: PathBuf,

    /// What a reader of the figures should know; may be given several times.
    #[arg(long, value_name = "TEXT")]
    note: Vec<String>,
}

/// Measures, prints a table and keeps the figures.
pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let (which, patience) = (args.stores, Duration::from_secs(args.patience * 60));
    let mut figures = Map::new();
    figures.insert("stores".to_owned(), json!(which.name()));
    figures.insert("machine".to_owned(), machine::describe()?);
    figures.insert("notes".to_owned(), json!(args.note));
    figures.insert("demo".to_owned(), demo(which, patience).await?);
    if args.large {
        figures.insert("large".to_owned(), large(which, patience).await?);
    }
    let figures = Value::Object(figures);
    std::fs::create_dir_all(&args.out)?;
    std::fs::write(args.out.join(format!("{}.json", which.name())), format!("{figures:#}\n"))?;
    println!("{}", report::markdown(&figures));
    Ok(())
}

/// The demo data: what a first start makes where all truth is embedded, and `polygraph seed` elsewhere.
async fn demo(which: Which, patience: Duration) -> Result<Value, Failure> {
    let mut figures = Map::new();
    if which == Which::Embedded {
        let directory = scratch()?;
        figures.insert("first_start".to_owned(), start(&Binary::new(which, directory.path(), "demo")?).await?);
    }
    let seeded = seeded(which, "demo", SeedPlan::default(), patience).await?;
    figures.extend(seeded);
    Ok(Value::Object(figures))
}

/// A society a hundred times as large.
async fn large(which: Which, patience: Duration) -> Result<Value, Failure> {
    Ok(Value::Object(seeded(which, "large", LARGE, patience).await?))
}

/// Seeds empty stores, starts a gateway on them, asks it. Only the first where seeding took too long.
async fn seeded(which: Which, world: &str, plan: SeedPlan, patience: Duration) -> Result<Map<String, Value>, Failure> {
    let directory = scratch()?;
    let binary = Binary::new(which, directory.path(), world)?;
    let seed = seeding::measure(&binary, plan, patience)?;
    let is_complete = seed["complete"] == true;
    let mut figures = Map::from_iter([("seed".to_owned(), seed)]);
    if is_complete {
        figures.insert("later_start".to_owned(), start(&binary).await?);
        figures.insert("queries".to_owned(), queries::measure(&binary, plan).await?);
    }
    Ok(figures)
}

/// One start: from nothing to the first answer, and the memory of a gateway that has nothing to do.
async fn start(binary: &Binary) -> Result<Value, Failure> {
    let gateway = binary.serve()?;
    let listening = gateway.age();
    queries::first_answer(gateway.url()).await?;
    let answered = gateway.age();
    tokio::time::sleep(IDLE).await;
    let resident = gateway.resident_bytes()?;
    gateway.stop()?;
    Ok(json!({
        "listening_ms": listening.as_millis() as u64,
        "first_answer_ms": answered.as_millis() as u64,
        "resident_idle_bytes": resident,
    }))
}

/// A directory on the disk that the repository is on, gone when the figures are there.
fn scratch() -> Result<TempDir, Failure> {
    let target = Path::new("target");
    std::fs::create_dir_all(target)?;
    Ok(tempfile::Builder::new().prefix("bench-").tempdir_in(target)?)
}
