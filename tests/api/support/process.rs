//! The `polygraph` binary, as an operator runs it.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use super::{Client, Which, namespace, variables};

/// The binary, with nothing in its environment but `env`.
fn command(arguments: &[&str], env: &[(&'static str, String)], directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_polygraph"));
    command.args(arguments).env_clear().envs(env.iter().cloned()).env("RUST_BACKTRACE", "0").current_dir(directory);
    command
}

/// A command that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs a command of the binary to its end.
pub(crate) fn polygraph(arguments: &[&str], env: &[(&'static str, String)], directory: &Path) -> Ended {
    let output = command(arguments, env, directory).output().expect("the binary runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// A gateway in a process of its own. Dropping it kills it.
pub(crate) struct Serving {
    child: Child,
    out: BufReader<ChildStdout>,
    log: PathBuf,
    pub(crate) address: SocketAddr,
    /// A client of it by plain HTTP.
    pub(crate) client: Client,
}

impl Serving {
    /// Starts `serve` with demo data on these stores, in a namespace of its own.
    pub(crate) fn with_demo_data(which: Which, directory: &Path) -> Self {
        let env = variables(which, directory, &namespace());
        if let Which::Real = which {
            for step in ["migrate", "seed"] {
                let ended = polygraph(&[step], &env, directory);
                assert_eq!(ended.code, Some(0), "{ended:?}");
            }
        }
        Self::start(&env, directory)
    }

    /// Starts `serve` on a free port, and waits until it says that it listens.
    pub(crate) fn start(env: &[(&'static str, String)], directory: &Path) -> Self {
        let mut command = command(&["serve", "--listen", "127.0.0.1:0"], env, directory);
        let log = directory.join("serve.log");
        let err = File::create(&log).expect("a file for its log");
        let mut child = command.stdout(Stdio::piped()).stderr(err).spawn().expect("the binary runs");
        let mut out = BufReader::new(child.stdout.take().expect("its standard output"));
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert_ne!(out.read_line(&mut line).expect("text"), 0, "it ended before it listened");
            let rest = line.strip_prefix("Listening on http");
            if let Some(address) = rest.and_then(|rest| rest.trim_start_matches('s').strip_prefix("://")) {
                break address.trim_end();
            }
        };
        let address = address.parse().expect("an address");
        Self { child, out, log, address, client: Client::new(address) }
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).expect("its log")
    }

    /// Sends a signal, such as `-HUP`.
    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
    }

    /// Sends SIGTERM, and waits for the end. Returns what it said on standard output since it listens.
    pub(crate) fn terminate(mut self) -> (ExitStatus, String) {
        self.signal("-TERM");
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).expect("text");
        (self.child.wait().expect("it ends"), rest)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
