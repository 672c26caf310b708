//! How long `polygraph seed` takes, and the most memory it has meanwhile.

use std::process::Stdio;
use std::time::{Duration, Instant};

use polygraph::services::seed::SeedPlan;
use serde_json::{Value, json};

use crate::Failure;
use crate::gateway::Binary;
use crate::machine::memory_of;

/// Seeds empty stores, migrations included.
pub(crate) fn measure(binary: &Binary, plan: SeedPlan) -> Result<Value, Failure> {
    let options = [
        ("--users", u64::from(plan.users)),
        ("--posts", u64::from(plan.posts)),
        ("--likes", plan.likes),
        ("--follows", plan.follows),
        ("--seed", plan.seed),
    ];
    let given = options.iter().flat_map(|(name, number)| [(*name).to_owned(), number.to_string()]);
    let arguments: Vec<String> = std::iter::once("seed".to_owned()).chain(given).collect();
    let began = Instant::now();
    let mut process = binary.command(&arguments).stdout(Stdio::piped()).spawn()?;
    let mut peak = 0;
    while process.try_wait()?.is_none() {
        // A process that has just ended has no memory to tell.
        peak = memory_of(process.id(), "VmHWM").unwrap_or(peak);
        std::thread::sleep(Duration::from_millis(20));
    }
    let seconds = began.elapsed().as_secs_f64();
    let ended = process.wait_with_output()?;
    if !ended.status.success() {
        return Err(format!("seeding failed: {}", ended.status).into());
    }
    let report: Vec<_> = String::from_utf8_lossy(&ended.stdout).lines().map(ToOwned::to_owned).collect();
    Ok(json!({ "seconds": seconds, "resident_peak_bytes": peak, "report": report }))
}
