//! How long `polygraph seed` takes, and the most memory it has meanwhile.

use std::io::{BufRead as _, BufReader, Read};
use std::process::Stdio;
use std::time::{Duration, Instant};

use polygraph::services::seed::SeedPlan;
use serde_json::{Value, json};

use crate::Failure;
use crate::gateway::Binary;
use crate::machine::memory_of;

/// Seeds empty stores, migrations included, for `patience` at most: what was reached by then is told, too.
pub(crate) fn measure(binary: &Binary, plan: SeedPlan, patience: Duration) -> Result<Value, Failure> {
    let options = [
        ("--users", u64::from(plan.users)),
        ("--posts", u64::from(plan.posts)),
        ("--likes", plan.likes),
        ("--follows", plan.follows),
        ("--seed", plan.seed),
    ];
    let given = options.iter().flat_map(|(name, number)| [(*name).to_owned(), number.to_string()]);
    let arguments: Vec<String> = std::iter::once("seed".to_owned()).chain(given).collect();
    let mut command = binary.command(&arguments);
    command.env("POLYGRAPH_LOG", "info").env("POLYGRAPH_LOG_FORMAT", "json");
    let began = Instant::now();
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let log = process.stderr.take().ok_or("the process has no standard error")?;
    let parts = std::thread::spawn(move || follow(log, began));
    let mut peak = 0;
    let mut is_stopped = false;
    while process.try_wait()?.is_none() {
        // A process that has just ended has no memory to tell.
        peak = memory_of(process.id(), "VmHWM").unwrap_or(peak);
        if !is_stopped && began.elapsed() > patience {
            process.kill()?;
            is_stopped = true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let seconds = began.elapsed().as_secs_f64();
    let ended = process.wait_with_output()?;
    let parts = parts.join().map_err(|_| "the log could not be followed")?;
    if !is_stopped && !ended.status.success() {
        return Err(format!("seeding failed: {}", ended.status).into());
    }
    let report: Vec<_> = String::from_utf8_lossy(&ended.stdout).lines().map(ToOwned::to_owned).collect();
    Ok(json!({
        "complete": !is_stopped,
        "seconds": seconds,
        "resident_peak_bytes": peak,
        "parts": parts,
        "report": report,
    }))
}

/// How far each part was when it was last heard of.
fn follow(log: impl Read, began: Instant) -> Vec<Value> {
    let mut parts: Vec<(String, Value)> = Vec::new();
    for line in BufReader::new(log).lines().map_while(Result::ok) {
        let line: Value = serde_json::from_str(&line).unwrap_or_default();
        let (Some(part), Some(done)) = (line["fields"]["part"].as_str(), line["fields"]["done"].as_u64()) else {
            continue;
        };
        let reached = json!({ "part": part, "done": done, "at_seconds": began.elapsed().as_secs_f64() });
        match parts.iter_mut().find(|(known, _)| known == part) {
            Some((_, last)) => *last = reached,
            None => parts.push((part.to_owned(), reached)),
        }
    }
    parts.into_iter().map(|(_, reached)| reached).collect()
}
