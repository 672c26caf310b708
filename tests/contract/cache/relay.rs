//! A relay in front of a server, which stalls, goes down and comes back on the same port: what a hang, a crash and a
//! restart look like from outside, without owning the server.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Up,
    /// The server hears, but its answers wait.
    Stalled,
    /// Every connection is hung up on, each new one at once.
    Down,
}

/// Passes bytes between a port of its own and the server.
pub(super) struct Relay {
    port: u16,
    mode: watch::Sender<Mode>,
    task: JoinHandle<()>,
}

impl Relay {
    /// A relay to `server`, a host and a port, that is up.
    pub(super) async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let mode = watch::Sender::new(Mode::Up);
        let task = tokio::spawn(accept(listener, Arc::from(server), mode.subscribe()));
        Self { port, mode, task }
    }

    /// The port to connect to.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Holds every answer back.
    pub(super) fn stall(&self) {
        self.mode.send_replace(Mode::Stalled);
    }

    /// Hangs up on everyone.
    pub(super) fn go_down(&self) {
        self.mode.send_replace(Mode::Down);
    }

    /// Serves again.
    pub(super) fn come_back(&self) {
        self.mode.send_replace(Mode::Up);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, server: Arc<str>, mode: watch::Receiver<Mode>) {
    while let Ok((client, _)) = listener.accept().await {
        if *mode.borrow() != Mode::Down {
            tokio::spawn(pass_on(client, Arc::clone(&server), mode.clone()));
        }
    }
}

/// Serves one connection until either side or the relay closes it.
async fn pass_on(mut client: TcpStream, server: Arc<str>, mode: watch::Receiver<Mode>) {
    let Ok(mut server) = TcpStream::connect(&*server).await else { return };
    let (mut from_client, to_client) = client.split();
    let (from_server, mut to_server) = server.split();
    let mut down = mode.clone();
    tokio::select! {
        _ = copy(&mut from_client, &mut to_server) => {}
        _ = answer(from_server, to_client, mode) => {}
        _ = down.wait_for(|mode| *mode == Mode::Down) => {}
    }
}

async fn answer(
    mut server: tokio::net::tcp::ReadHalf<'_>,
    mut client: tokio::net::tcp::WriteHalf<'_>,
    mut mode: watch::Receiver<Mode>,
) -> io::Result<()> {
    let mut bytes = vec![0; 64 << 10];
    loop {
        match server.read(&mut bytes).await? {
            0 => return Ok(()),
            len => {
                let _ = mode.wait_for(|mode| *mode != Mode::Stalled).await;
                client.write_all(&bytes[..len]).await?;
            }
        }
    }
}
