//! A Redis that restarts: with nothing, and with what it held some time ago.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use bb8_redis::redis::{Client, cmd};
use polygraph::ports::{Session, SessionCache};
use std::sync::Arc;
use tempfile::TempDir;

use super::{OnRedis, PATIENCE, find, keep, mark, namespace, session};

/// A Redis of a test's own, on a free port. Dropping it kills it.
struct Server {
    child: Child,
    port: u16,
    directory: TempDir,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
        let server = Self { child: spawn(port, directory.path()), port, directory };
        server.answers().await;
        server
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills it, and starts it again on the same port with what it last saved.
    async fn restart(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
        self.child = spawn(self.port, self.directory.path());
        self.answers().await;
    }

    async fn save(&self) {
        let client = Client::open(self.url()).expect("a URL of Redis");
        let mut connection = client.get_multiplexed_async_connection().await.expect("it answers");
        cmd("SAVE").query_async::<()>(&mut connection).await.expect("it saves");
    }

    async fn answers(&self) {
        let (start, client) = (Instant::now(), Client::open(self.url()).expect("a URL of Redis"));
        loop {
            if let Ok(mut connection) = client.get_multiplexed_async_connection().await
                && cmd("PING").query_async::<String>(&mut connection).await.is_ok()
            {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "Redis does not start");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(port: u16, directory: &Path) -> Child {
    Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no", "--dir"])
        .arg(directory)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("redis-server is on the PATH")
}

/// What is found once the connections to the server that was have been noticed to be dead.
async fn find_after_restart(cache: &Arc<dyn SessionCache>, session: &Session) -> Option<Session> {
    let start = Instant::now();
    loop {
        match cache.look(session.token).await {
            Ok(look) => return look.found.map(|kept| kept.session),
            Err(error) => assert!(start.elapsed() < PATIENCE, "{error}"),
        }
    }
}

#[tokio::test]
async fn a_server_that_lost_everything_costs_misses() {
    let mut server = Server::start().await;
    let world = OnRedis { url: server.url(), namespace: namespace() };
    let (cache, session) = (world.connect(), session(1));
    let before = mark(&cache).await;
    keep(&cache, &session, before).await;
    assert_eq!(find(&cache, &session).await, Some(session));
    server.restart().await;
    assert_eq!(find_after_restart(&cache, &session).await, None);
    keep(&cache, &session, before).await;
    assert_eq!(find(&cache, &session).await, None, "what was read in another life counts for nothing");
    keep(&cache, &session, mark(&cache).await).await;
    assert_eq!(find(&cache, &session).await, Some(session));
}

#[tokio::test]
async fn a_server_that_comes_back_with_what_it_held_before_revives_nothing() {
    let mut server = Server::start().await;
    let world = OnRedis { url: server.url(), namespace: namespace() };
    let (cache, neighbour, session) = (world.connect(), world.connect(), session(1));
    keep(&cache, &session, mark(&cache).await).await;
    assert_eq!(find(&neighbour, &session).await, Some(session));
    server.save().await;
    neighbour.revoke(session.user).await.expect("it answers");
    assert_eq!(find(&cache, &session).await, None);
    server.restart().await;
    let client = Client::open(server.url()).expect("a URL of Redis");
    let mut connection = client.get_multiplexed_async_connection().await.expect("it answers");
    let keys: u64 = cmd("DBSIZE").query_async(&mut connection).await.expect("it answers");
    assert_eq!(keys, 2, "it has the session and the epochs from before the revocation");
    assert_eq!(find_after_restart(&cache, &session).await, None);
    assert_eq!(find_after_restart(&neighbour, &session).await, None);
}
