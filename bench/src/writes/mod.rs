//! What writes cost: a storm of likes on one post, and how long until what was written is found.

mod lag;
mod storm;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::gateway::Binary;
use crate::{Failure, Which, machine};

/// How writes are measured.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which stores to measure on.
    #[arg(long, value_enum)]
    stores: Which,

    /// How many seconds each stretch of the storm and half of the writes before the search take.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    seconds: u64,

    /// How many writes per second there are while what was written is looked for.
    #[arg(long, value_name = "NUMBER", default_value_t = 200)]
    rate: u32,

    /// The directory for the figures.
    #[arg(long, value_name = "PATH", default_value = "bench/results")]
    out: PathBuf,
}

/// Measures, prints a table, and keeps the figures.
pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let directory = tempfile::Builder::new().prefix("bench-").tempdir_in(Path::new("target").canonicalize()?)?;
    let binary = Binary::new(args.stores, directory.path(), "writes")?;
    let seeded = binary.command(&["seed".to_owned()]).stdout(Stdio::null()).status()?;
    if !seeded.success() {
        return Err(format!("seeding failed: {seeded}").into());
    }
    let stretch = Duration::from_secs(args.seconds);
    // The storm comes last: nobody carries its events to the index.
    let lag = lag::measure(&binary, args.rate, stretch * 6).await?;
    println!("{}", lag.row());
    let storm = storm::measure(&binary, stretch).await?;
    println!("{}", storm.row());
    let figures = json!({
        "stores": args.stores.name(),
        "machine": machine::describe()?,
        "storm": storm.figures(),
        "lag": lag.figures(),
    });
    keep(&args.out, args.stores, &figures)
}

fn keep(out: &Path, which: Which, figures: &Value) -> Result<(), Failure> {
    std::fs::create_dir_all(out)?;
    std::fs::write(out.join(format!("writes-{}.json", which.name())), format!("{figures:#}\n"))?;
    Ok(())
}

/// The value below which this share (in percent) of ascending values lie.
fn percentile(ascending: &[f64], percent: usize) -> f64 {
    let last = ascending.len().saturating_sub(1);
    ascending.get(last * percent / 100).copied().unwrap_or(f64::NAN)
}
