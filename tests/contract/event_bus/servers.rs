//! Servers of a test's own, which it may kill.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use polygraph::ports::EventBus;
use tempfile::TempDir;
use tokio::net::TcpStream;

use super::{join, until};

/// A server that is killed, and started again at the same port with what it had on its disk.
pub(super) trait Server: Send + Sync {
    fn url(&self) -> String;
    fn kill(&self);
    fn start(&self);

    /// Sees to it that what was made so far is on its disk.
    fn settle(&self) {}
}

/// A bus of which everything is made, the group `mail` included, and on the server's disk.
pub(super) async fn settled(bus: Arc<dyn EventBus>, server: &dyn Server) -> Arc<dyn EventBus> {
    drop(join(&bus, "mail").await);
    server.settle();
    until("it is up again", || async { bus.check().await.ok() }).await;
    bus
}

/// A Redis that writes everything to its disk before it answers, or nothing ever.
pub(super) struct OwnRedis {
    port: u16,
    keeps: bool,
    directory: TempDir,
    child: Mutex<Option<Child>>,
}

impl OwnRedis {
    pub(super) async fn start(keeps: bool) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = port.expect("a free port").port();
        let redis = Self { port, keeps, directory: tempfile::tempdir().expect("a directory"), child: Mutex::default() };
        Server::start(&redis);
        until("redis-server is up", || async { TcpStream::connect(("127.0.0.1", port)).await.ok() }).await;
        redis
    }
}

impl Server for OwnRedis {
    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn kill(&self) {
        if let Some(mut child) = self.child.lock().expect("nobody panicked with it").take() {
            child.kill().and_then(|()| child.wait()).expect("it was running");
        }
    }

    fn start(&self) {
        let mut command = Command::new("redis-server");
        command.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
        command.args(["--appendonly", if self.keeps { "yes" } else { "no" }, "--appendfsync", "always"]);
        command.arg("--dir").arg(self.directory.path()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("redis-server is installed: see docs/testing.md");
        *self.child.lock().expect("nobody panicked with it") = Some(child);
    }
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A RabbitMQ, by `scripts/stores`.
pub(super) struct OwnRabbitMq {
    directory: TempDir,
    url: String,
}

impl OwnRabbitMq {
    pub(super) fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        stores(directory.path(), &["up", "rabbitmq"]);
        let env = stores(directory.path(), &["env"]);
        let url = env.trim().rsplit_once('=').expect("one URL").1.trim_matches('\'').to_owned();
        Self { directory, url }
    }
}

impl Server for OwnRabbitMq {
    fn url(&self) -> String {
        self.url.clone()
    }

    fn kill(&self) {
        stores(self.directory.path(), &["kill", "rabbitmq"]);
    }

    fn start(&self) {
        stores(self.directory.path(), &["start", "rabbitmq"]);
    }

    /// RabbitMQ 3.10 puts down the names of new streams and quorum queues some minutes later, or when it is stopped
    /// politely; a node that is killed before does not find them again.
    fn settle(&self) {
        stores(self.directory.path(), &["stop", "rabbitmq"]);
        self.start();
    }
}

impl Drop for OwnRabbitMq {
    fn drop(&mut self) {
        stores(self.directory.path(), &["down", "rabbitmq"]);
    }
}

/// What `scripts/stores` says, of a set of its own.
fn stores(directory: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/stores"));
    let ran = command.args(arguments).env("POLYGRAPH_STORES_DIR", directory).output().expect("it can be run");
    assert!(ran.status.success(), "scripts/stores {arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8_lossy(&ran.stdout).into_owned()
}
