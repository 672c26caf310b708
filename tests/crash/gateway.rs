//! The `polygraph` binary: a gateway that can be killed, and commands that end by themselves.

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::api::Api;

/// How long a gateway may take until it answers, and how long a store may take to be seen again.
const PATIENCE: Duration = Duration::from_secs(60);

/// The binary, as it is started again and again.
pub(crate) struct Binary {
    pub(crate) path: PathBuf,
    /// All of its environment.
    pub(crate) env: Vec<(&'static str, String)>,
    /// Where it is started, and where its log is.
    pub(crate) directory: PathBuf,
}

impl Binary {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.path);
        command.args(arguments).env_clear().envs(self.env.iter().cloned()).current_dir(&self.directory);
        command
    }

    /// Runs a command to its end. Returns whether it went well, and all that it said.
    pub(crate) fn run(&self, arguments: &[&str]) -> (bool, String) {
        let output = self.command(arguments).output().expect("the binary runs");
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        (output.status.success(), said.concat())
    }
}

/// A gateway in a process of its own. Dropping it kills it.
pub(crate) struct Gateway {
    child: Child,
    pub(crate) api: Api,
    /// How long it took from its start to its first answer.
    pub(crate) took: Duration,
}

impl Gateway {
    /// Starts a gateway, which logs to `serve.log` behind those before it, and waits for its first answer.
    pub(crate) async fn start(binary: &Binary) -> Self {
        let began = Instant::now();
        let log = binary.directory.join("serve.log");
        let err = OpenOptions::new().create(true).append(true).open(&log).expect("a file for its log");
        let mut command = binary.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(err).spawn().expect("the binary runs");
        let out = child.stdout.take().expect("its standard output");
        let mut lines = BufReader::new(out).lines().map_while(Result::ok);
        let address = lines.find_map(|line| line.strip_prefix("Listening on http://").map(str::to_owned));
        let Some(address) = address else { panic!("a gateway ended before it listened: see {}", log.display()) };
        let address: SocketAddr = address.trim().parse().expect("an address");
        let mut gateway = Self { child, api: Api::new(address), took: Duration::ZERO };
        let nobody = serde_json::json!({});
        while gateway.api.query("{ users(first: 1) { nodes { id } } }", &nobody).await.is_err() {
            assert!(began.elapsed() < PATIENCE, "a gateway does not answer: see {}", log.display());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        gateway.took = began.elapsed();
        gateway
    }

    /// Waits until it says that all of its stores are up.
    pub(crate) async fn sees_all_stores(&self) {
        let began = Instant::now();
        while self.api.readiness().await.ok().as_deref() != Some("ready") {
            assert!(began.elapsed() < PATIENCE, "a gateway does not see that its stores are back");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Ends it at once (SIGKILL): it has no say in it.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it was running");
        self.child.wait().expect("it ends");
    }

    /// Ends it in order (SIGTERM). Returns whether it ended well.
    pub(crate) fn terminate(mut self) -> bool {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill runs");
        assert!(sent.success(), "it was running");
        self.child.wait().expect("it ends").success()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
