//! What stands in front of a server and breaks as it is told, so that the server itself need not.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::WriteHalf;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What no store says.
const GARBAGE: &[u8] = b"\0\0\0\x10 no answer at all\r\n\r\n";

/// How the server behind the proxy looks from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// As it is.
    None,
    /// Nothing listens.
    Down,
    /// It takes connections, and what is sent on them, and says nothing.
    Hung,
    /// Each of its answers takes so much longer.
    Slow(Duration),
    /// Every connection is reset in the midst of the first answer on it.
    Reset,
    /// Whatever is sent is answered with what is no answer.
    Garbage,
}

/// A proxy on a port of its own, for as long as it is kept.
pub(super) struct Proxy {
    pub(super) address: SocketAddr,
    fault: watch::Sender<Fault>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// A proxy to `server`, `HOST:PORT`, without a fault.
    pub(super) async fn before(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let fault = watch::Sender::new(Fault::None);
        let task = tokio::spawn(listen(listener, address, Arc::from(server), fault.subscribe()));
        Self { address, fault, task }
    }

    /// From now on it is like this, for connections that are open as well.
    pub(super) fn set(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(mut listener: TcpListener, address: SocketAddr, server: Arc<str>, fault: watch::Receiver<Fault>) {
    let mut now = fault.clone();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((client, _)) = accepted else { return };
                tokio::spawn(carry(client, Arc::clone(&server), fault.clone()));
                continue;
            }
            gone = now.wait_for(|fault| *fault == Fault::Down) => if gone.is_err() { return },
        }
        drop(listener);
        // The port stays ours, and nobody is let in.
        let silent = TcpSocket::new_v4().expect("a socket");
        silent.set_reuseaddr(true).expect("a socket's option");
        silent.bind(address).expect("the port is still ours");
        if now.wait_for(|fault| *fault != Fault::Down).await.is_err() {
            return;
        }
        listener = silent.listen(1_024).expect("it listens again");
    }
}

/// Serves one connection until either side, or the fault, ends it.
async fn carry(mut client: TcpStream, server: Arc<str>, fault: watch::Receiver<Fault>) {
    let Ok(mut server) = TcpStream::connect(&*server).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let mut down = fault.clone();
    let is_whole = {
        let (mut from_server, mut to_server) = server.split();
        let (mut from_client, mut to_client) = client.split();
        let (mut asked, mut answered) = (vec![0; 64 << 10], vec![0; 64 << 10]);
        let carried = async {
            loop {
                let go_on = tokio::select! {
                    read = from_client.read(&mut asked) => ask(&asked[..read?], &mut to_server, &mut to_client, &fault).await?,
                    read = from_server.read(&mut answered) => answer(&answered[..read?], &mut to_client, &fault).await?,
                };
                if !go_on {
                    return io::Result::Ok(false);
                }
            }
        };
        tokio::select! {
            carried = carried => carried.unwrap_or(true),
            _ = down.wait_for(|fault| *fault == Fault::Down) => false,
        }
    };
    if !is_whole {
        // Dropped like this it is reset, not closed.
        let _ = client.set_zero_linger();
    }
}

/// Passes on what was asked. Returns whether the connection goes on.
async fn ask(
    bytes: &[u8],
    to_server: &mut WriteHalf<'_>,
    to_client: &mut WriteHalf<'_>,
    fault: &watch::Receiver<Fault>,
) -> io::Result<bool> {
    if bytes.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let now = *fault.borrow();
    match now {
        Fault::Garbage => to_client.write_all(GARBAGE).await?,
        _ => to_server.write_all(bytes).await?,
    }
    Ok(true)
}

/// Passes on what was answered. Returns whether the connection goes on.
async fn answer(bytes: &[u8], to_client: &mut WriteHalf<'_>, fault: &watch::Receiver<Fault>) -> io::Result<bool> {
    if bytes.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let _ = fault.clone().wait_for(|fault| *fault != Fault::Hung).await;
    let now = *fault.borrow();
    match now {
        Fault::Reset => {
            to_client.write_all(&bytes[..bytes.len() / 2]).await?;
            return Ok(false);
        }
        // Of an answer to what was asked before.
        Fault::Garbage => {}
        Fault::Slow(by) => {
            tokio::time::sleep(by).await;
            to_client.write_all(bytes).await?;
        }
        Fault::None | Fault::Down | Fault::Hung => to_client.write_all(bytes).await?,
    }
    Ok(true)
}
