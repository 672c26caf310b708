//! What the figures were taken on.

use std::process::Command;

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
