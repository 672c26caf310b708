//! A proxy before a server, which cuts the connection when a message passes that holds certain bytes.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Where a message is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    /// On its way: the server never sees it.
    Request,
    /// On its way back: the server has done what it was told, and its answer does not arrive.
    Answer,
}

type Trap = Option<(&'static [u8], Lost)>;

/// A proxy that runs until the test's runtime ends.
pub(super) struct Proxy {
    pub(super) address: SocketAddr,
    trap: Arc<Mutex<Trap>>,
}

impl Proxy {
    /// A proxy before the server at `server`, `HOST:PORT`, that cuts nothing yet.
    pub(super) async fn before(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let trap: Arc<Mutex<Trap>> = Arc::default();
        let trapped = Arc::clone(&trap);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.expect("the server behind the proxy");
                // However it ends, both connections end with it.
                tokio::spawn(carry(client, server, Arc::clone(&trapped)));
            }
        });
        Self { address, trap }
    }

    /// From now on, a message with these bytes in it, or its answer, is the last of its connection.
    pub(super) fn lose(&self, lost: Lost, message_with: &'static [u8]) {
        *self.trap.lock().unwrap() = Some((message_with, lost));
    }

    /// From now on nothing is lost.
    pub(super) fn mend(&self) {
        *self.trap.lock().unwrap() = None;
    }
}

/// Carries bytes both ways until one side ends, or what is carried falls into the trap.
async fn carry(mut client: TcpStream, mut server: TcpStream, trap: Arc<Mutex<Trap>>) -> std::io::Result<()> {
    let (mut asked, mut answered) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => match read? {
                0 => return Ok(()),
                length => {
                    let message = &asked[..length];
                    let trap = *trap.lock().unwrap();
                    let holds = |bytes: &[u8]| message.windows(bytes.len()).any(|window| window == bytes);
                    match trap.filter(|(bytes, _)| holds(bytes)) {
                        Some((_, Lost::Request)) => return Ok(()),
                        Some((_, Lost::Answer)) => {
                            server.write_all(message).await?;
                            server.readable().await?;
                            return Ok(());
                        }
                        None => server.write_all(message).await?,
                    }
                }
            },
            read = server.read(&mut answered) => match read? {
                0 => return Ok(()),
                length => client.write_all(&answered[..length]).await?,
            },
        }
    }
}
