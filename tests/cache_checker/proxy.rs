//! What stands between one gateway and Redis: it can be cut, or falsify what the cache is told.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Passes bytes on to a server.
pub(crate) struct Proxy {
    port: u16,
    is_cut: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// A proxy to a port of this machine.
    pub(crate) async fn to(server: u16, falsifies: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let is_cut = watch::Sender::new(false);
        let task = tokio::spawn(accept(listener, server, Arc::new(is_cut.subscribe()), falsifies));
        Self { port, is_cut, task }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Hangs up on everybody, and on whoever comes, until it is mended.
    pub(crate) fn cut(&self, is_cut: bool) {
        self.is_cut.send_replace(is_cut);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, server: u16, is_cut: Arc<watch::Receiver<bool>>, falsifies: bool) {
    while let Ok((client, _)) = listener.accept().await {
        if !*is_cut.borrow() {
            tokio::spawn(pass_on(client, server, watch::Receiver::clone(&is_cut), falsifies));
        }
    }
}

async fn pass_on(mut client: TcpStream, server: u16, mut is_cut: watch::Receiver<bool>, falsifies: bool) {
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", server)).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let questions = async {
        let mut bytes = vec![0; 64 << 10];
        while let Ok(len @ 1..) = from_client.read(&mut bytes).await {
            if falsifies {
                falsify(&mut bytes[..len]);
            }
            if to_server.write_all(&bytes[..len]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = questions => {}
        _ = copy(&mut from_server, &mut to_client) => {}
        _ = is_cut.wait_for(|is_cut| *is_cut) => {}
    }
}

/// Makes other tags of those that an invalidation names: what stands as two bytes in a script of one key.
fn falsify(bytes: &mut [u8]) {
    const SCRIPT: &[u8] = b"EVALSHA\r\n";
    const TAG: &[u8] = b"\r\n$2\r\n";
    if !bytes.windows(SCRIPT.len()).any(|window| window == SCRIPT) {
        return;
    }
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(TAG.len()).position(|window| window == TAG) {
        let tag = at + found + TAG.len();
        if tag + 4 > bytes.len() {
            return;
        }
        if &bytes[tag + 2..tag + 4] == b"\r\n" {
            bytes[tag] ^= 0x55;
        }
        at = tag + 2;
    }
}
