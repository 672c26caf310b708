//! A Redis of the test's own.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use bb8_redis::redis::{Client, cmd};
use tempfile::TempDir;

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server on a port of its own, which it keeps.
pub(crate) struct Redis {
    port: u16,
    directory: TempDir,
    child: Mutex<Child>,
}

impl Redis {
    /// Starts one, with nothing in it.
    pub(crate) async fn start() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = port.expect("a free port").port();
        let directory = tempfile::tempdir().expect("a directory");
        let child = Mutex::new(run(port, &directory));
        let redis = Self { port, directory, child };
        redis.answers().await;
        redis
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Writes what it holds to its disk.
    pub(crate) async fn save(&self) {
        let mut connection = self.client().get_multiplexed_async_connection().await.expect("it answers");
        // A save that is under way already does as well.
        let _: Result<(), _> = cmd("SAVE").query_async(&mut connection).await;
    }

    /// Kills it, and starts it again after a moment: with what it saved last, or with nothing.
    pub(crate) async fn restart(&self, keeps: bool, after: Duration) {
        {
            let mut child = self.child.lock().expect("nobody panicked with it");
            child.kill().expect("it was running");
            child.wait().expect("it ends");
        }
        tokio::time::sleep(after).await;
        if !keeps {
            let _ = std::fs::remove_file(self.dump());
        }
        *self.child.lock().expect("nobody panicked with it") = run(self.port, &self.directory);
        self.answers().await;
    }

    /// Leaves it no memory, and a policy for that (`maxmemory-policy`), or as much as there is.
    pub(crate) async fn squeeze(&self, policy: Option<&str>) {
        let mut connection = self.client().get_multiplexed_async_connection().await.expect("it answers");
        let memory = if policy.is_some() { "1kb" } else { "0" };
        let mut set = cmd("CONFIG");
        set.arg("SET").arg("maxmemory-policy").arg(policy.unwrap_or("noeviction")).arg("maxmemory").arg(memory);
        set.query_async::<()>(&mut connection).await.expect("it can be configured");
    }

    /// Stops it as it is, or lets it go on.
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.lock().expect("nobody panicked with it").id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().expect("kill runs");
        assert!(sent.success(), "it was running");
    }

    fn dump(&self) -> PathBuf {
        self.directory.path().join("dump.rdb")
    }

    fn client(&self) -> Client {
        Client::open(format!("redis://127.0.0.1:{}", self.port)).expect("a URL")
    }

    async fn answers(&self) {
        let began = Instant::now();
        loop {
            if let Ok(mut connection) = self.client().get_multiplexed_async_connection().await
                && cmd("PING").query_async::<String>(&mut connection).await.is_ok()
            {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "redis-server does not start");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn run(port: u16, directory: &TempDir) -> Child {
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
    command.arg("--dir").arg(directory.path()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("redis-server is installed: see docs/testing.md")
}

impl Drop for Redis {
    fn drop(&mut self) {
        let child = self.child.get_mut().expect("nobody panicked with it");
        // It may be stopped, or have ended.
        let _ = child.kill();
        let _ = child.wait();
    }
}
