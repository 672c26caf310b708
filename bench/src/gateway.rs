//! The release binary as a process, and whatever else serves as it does.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::machine::{cpu_of, memory_of};
use crate::{Failure, Which};

/// The variables that choose stores.
const URLS: [&str; 4] = ["DATABASE_URL", "MONGODB_URL", "ELASTICSEARCH_URL", "REDIS_URL"];

/// How long answers are kept, or `off`.
pub(crate) const RESULT_CACHE_TTL: &str = "POLYGRAPH_RESULT_CACHE_TTL";

/// The binary, and the stores that it is to use.
pub(crate) struct Binary {
    path: PathBuf,
    env: Vec<(OsString, OsString)>,
}

impl Binary {
    /// The `polygraph` beside this program, on stores that nobody else uses.
    pub(crate) fn new(which: Which, data: &Path, world: &str) -> Result<Self, Failure> {
        let path = std::env::current_exe()?.with_file_name("polygraph");
        if !path.is_file() {
            let path = path.display();
            return Err(format!("{path} is not there: cargo build --release --workspace").into());
        }
        let mut env: Vec<(OsString, OsString)> = vec![
            ("POLYGRAPH_DATA_DIR".into(), data.into()),
            ("POLYGRAPH_LISTEN".into(), "127.0.0.1:0".into()),
            ("POLYGRAPH_NAMESPACE".into(), format!("bench_{}_{world}", std::process::id()).into()),
            // What it costs to make answers is measured everywhere but in `cached`.
            (RESULT_CACHE_TTL.into(), "off".into()),
        ];
        if which != Which::Embedded {
            for name in URLS {
                if which == Which::Postgres && name == "MONGODB_URL" {
                    continue;
                }
                let url = std::env::var_os(name).ok_or_else(|| {
                    format!("{name} is not set: scripts/stores up, then eval \"$(scripts/stores env --app)\"")
                })?;
                env.push((name.into(), url));
            }
        }
        Ok(Self { path, env })
    }

    /// The environment that this binary runs in, for a gateway of another process on the same stores.
    pub(crate) fn env(&self) -> &[(OsString, OsString)] {
        &self.env
    }

    /// The value of one of its variables.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.env.iter().find(|(key, _)| key == name).and_then(|(_, value)| value.to_str())
    }

    /// The same binary with other values of some variables.
    pub(crate) fn with(&self, values: impl IntoIterator<Item = (&'static str, OsString)>) -> Self {
        let mut env = self.env.clone();
        for (name, value) in values {
            env.retain(|(key, _)| key != name);
            env.push((name.into(), value));
        }
        Self { path: self.path.clone(), env }
    }

    /// One of its commands, with nothing of our own environment that it reads.
    pub(crate) fn command(&self, arguments: &[String]) -> Command {
        let mut command = Command::new(&self.path);
        command.env_clear().envs(self.env.iter().cloned()).env("POLYGRAPH_LOG", "warn").args(arguments);
        command.stdin(Stdio::null());
        command
    }

    /// A subcommand of this program in the same environment.
    pub(crate) fn own_command(&self, arguments: &[&str]) -> Result<Command, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.env_clear().envs(self.env.iter().cloned()).args(arguments).stdin(Stdio::null());
        Ok(command)
    }

    /// The same binary without some of its variables: without a URL, the embedded store takes part.
    pub(crate) fn without(&self, names: &[&str]) -> Self {
        let env = self.env.iter().filter(|(key, _)| names.iter().all(|name| key != name)).cloned().collect();
        Self { path: self.path.clone(), env }
    }

    /// Starts it, and waits until it says that it listens.
    pub(crate) fn serve(&self) -> Result<Gateway, Failure> {
        Gateway::start(self.command(&[]))
    }
}

/// A gateway that serves, until it is stopped or dropped.
pub(crate) struct Gateway {
    process: Child,
    started: Instant,
    url: String,
}

impl Gateway {
    /// Starts a server, and waits until it says that it listens.
    pub(crate) fn start(mut command: Command) -> Result<Self, Failure> {
        let program = command.get_program().to_string_lossy().into_owned();
        let started = Instant::now();
        let process = command.stdout(Stdio::piped()).spawn().map_err(|error| format!("{program}: {error}"))?;
        let mut gateway = Self { process, started, url: String::new() };
        let output = gateway.process.stdout.take().ok_or("the server has no standard output")?;
        for line in BufReader::new(output).lines() {
            if let Some(url) = line?.strip_prefix("Listening on ") {
                gateway.url = url.to_owned();
                return Ok(gateway);
            }
        }
        Err(format!("{program} ended before it listened").into())
    }

    /// Where it answers.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// How long ago it was started.
    pub(crate) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// The CPU time that it has used so far.
    pub(crate) fn cpu(&self) -> Result<Duration, Failure> {
        cpu_of(self.process.id())
    }

    /// The memory that it has at the moment.
    pub(crate) fn resident_bytes(&self) -> Result<u64, Failure> {
        memory_of(self.process.id(), "VmRSS")
    }

    /// The most memory that it ever had.
    pub(crate) fn peak_bytes(&self) -> Result<u64, Failure> {
        memory_of(self.process.id(), "VmHWM")
    }

    /// Stops it as a service manager would.
    pub(crate) fn stop(mut self) -> Result<(), Failure> {
        Command::new("kill").arg(self.process.id().to_string()).status()?;
        let ended = self.process.wait()?;
        if ended.success() { Ok(()) } else { Err(format!("the gateway did not stop in order: {ended}").into()) }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
