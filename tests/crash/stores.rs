//! Real stores of the test's own: it kills them.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The servers, on free ports, whose commits reach the disk before they are answered. They are stopped and forgotten
/// when this is dropped.
pub(crate) struct Servers {
    directory: PathBuf,
    /// One run at a time has them: another in the same working copy waits.
    _turn: File,
}

impl Servers {
    /// Starts all of them.
    pub(crate) fn start() -> Self {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("crash-stores");
        std::fs::create_dir_all(&directory).expect("a directory for the stores");
        let turn = File::create(directory.join("turn")).expect("a file to be locked");
        turn.lock().expect("the turn of this run");
        let servers = Self { directory, _turn: turn };
        servers.run(&["up", "postgres", "mongodb", "elasticsearch", "redis"]);
        servers
    }

    /// The variables that tell a gateway where they are.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let said = self.run(&["env", "--app"]);
        let value = |name: &str| {
            let line = said.lines().find_map(|line| line.strip_prefix(&format!("export {name}=")));
            line.unwrap_or_else(|| panic!("no {name} in {said}")).trim_matches('\'').to_owned()
        };
        ["DATABASE_URL", "MONGODB_URL", "ELASTICSEARCH_URL", "REDIS_URL"].map(|name| (name, value(name))).to_vec()
    }

    /// Kills one with all of its processes (SIGKILL).
    pub(crate) fn kill(&self, name: &str) {
        self.run(&["kill", name]);
    }

    /// Starts one again, on the same port and the same data, and waits until it answers.
    pub(crate) fn start_again(&self, name: &str) {
        self.run(&["start", name]);
    }

    fn run(&self, arguments: &[&str]) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/stores");
        let output = Command::new(script)
            .args(arguments)
            .env("POLYGRAPH_STORES_DIR", &self.directory)
            .env("POLYGRAPH_STORES_DURABLE", "1")
            .output()
            .expect("scripts/stores runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        self.run(&["down"]);
    }
}
