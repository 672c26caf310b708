//! What the figures were taken on.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::Failure;

/// The machine and the code, as far as they can be told: the commit is that of the working tree, so build first.
pub(crate) fn describe() -> Result<Value, Failure> {
    let cores = std::thread::available_parallelism()?.get();
    let processor = value_of("/proc/cpuinfo", "model name")?;
    let memory = value_of("/proc/meminfo", "MemTotal")?;
    let commit = Command::new("git").args(["describe", "--always", "--dirty"]).output().ok();
    let commit = commit.filter(|output| output.status.success());
    let commit = commit.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    Ok(json!({ "cores": cores, "processor": processor, "memory": memory, "commit": commit }))
}

/// What stands behind the first `KEY :` of a file in /proc.
pub(crate) fn value_of(file: &str, key: &str) -> Result<String, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file} can't be read: {error}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix(':'));
    Ok(line.ok_or_else(|| format!("{file} does not tell {key}"))?.trim().to_owned())
}

/// Such a value of a process in bytes: `VmRSS`, or `VmHWM` for the most it ever was.
pub(crate) fn memory_of(process: u32, key: &str) -> Result<u64, Failure> {
    let text = value_of(&format!("/proc/{process}/status"), key)?;
    let kilobytes = text.split_whitespace().next().unwrap_or_default().parse::<u64>()?;
    Ok(kilobytes * 1024)
}

/// The ticks of a second in /proc, which Linux holds at 100 for whoever reads it (proc(5), `USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// The CPU time, user's and system's, of a process, its threads and all its children, those that ended included.
pub(crate) fn cpu_of(process: u32) -> Result<Duration, Failure> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))
        .map_err(|error| format!("process {process} is not there any more: {error}"))?;
    // The name, in parentheses, may hold anything. `utime`, `stime`, `cutime` and `cstime` are fields 14 to 17; the
    // state, right after the name, is field 3.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let ticks = fields.skip(14 - 3).take(4).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    let mut all = Duration::from_secs_f64(ticks as f64 / TICKS_PER_SECOND);
    for child in children_of(process)? {
        // A child may end while it is looked at: then its parent tells its time.
        all += cpu_of(child).unwrap_or_default();
    }
    Ok(all)
}

/// The children of a process that run.
fn children_of(process: u32) -> Result<Vec<u32>, Failure> {
    let mut children = Vec::new();
    for task in std::fs::read_dir(format!("/proc/{process}/task"))? {
        // A thread that has just ended has no children.
        let list = std::fs::read_to_string(task?.path().join("children")).unwrap_or_default();
        children.extend(list.split_whitespace().map(str::parse::<u32>).collect::<Result<Vec<_>, _>>()?);
    }
    Ok(children)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn the_time_of_a_process_has_that_of_its_children() {
        let own = std::process::id();
        let before = cpu_of(own).expect("this process is there");
        let mut child = Command::new("sh").args(["-c", "while :; do :; done"]).spawn().expect("a shell");
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut of_child = Duration::ZERO;
        while of_child.is_zero() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
            of_child = cpu_of(child.id()).expect("the child is there");
        }
        let after = cpu_of(own).expect("this process is there");
        child.kill().expect("the child is there");
        child.wait().expect("the child is ours");
        assert!(!of_child.is_zero(), "a loop takes CPU time");
        assert!(after - before >= of_child, "{after:?} - {before:?} has {of_child:?} in it");
    }
}
