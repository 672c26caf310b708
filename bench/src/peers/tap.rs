//! Taps: a port before each store that passes everything on, and counts what it is asked.
//!
//! What is counted are requests as the store's protocol has them: statements that PostgreSQL executes, commands of
//! MongoDB and Redis, HTTP requests. Only what goes to the store is read, and of it no more than the frames.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::Failure;

/// A store as its clients speak to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Postgres,
    Mongo,
    Http,
    Redis,
}

impl Protocol {
    /// The variables with the URLs of stores, and how each is spoken to.
    pub(crate) const ALL: [(&'static str, Self); 4] = [
        ("DATABASE_URL", Self::Postgres),
        ("MONGODB_URL", Self::Mongo),
        ("ELASTICSEARCH_URL", Self::Http),
        ("REDIS_URL", Self::Redis),
    ];
}

/// A tap, open until this program ends.
pub(crate) struct Tap {
    count: Arc<AtomicU64>,
    /// The URL that leads through it.
    pub(crate) url: OsString,
}

impl Tap {
    /// Opens a tap before the store at `url`.
    pub(crate) async fn open(url: &str, protocol: Protocol) -> Result<Self, Failure> {
        let address = address_in(url).ok_or("a store's URL has no HOST:PORT")?.to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let own: SocketAddr = listener.local_addr()?;
        let count = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&count);
        let url = url.replacen(&address, &own.to_string(), 1).into();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // Whoever uses the store tells what is wrong with it.
                if let Ok(store) = TcpStream::connect(&address).await {
                    tokio::spawn(pass(client, store, Frames::new(protocol), Arc::clone(&counted)));
                }
            }
        });
        Ok(Self { count, url })
    }

    /// How much was asked since the last time.
    pub(crate) fn take(&self) -> u64 {
        self.count.swap(0, Ordering::Relaxed)
    }
}

/// `HOST:PORT` of `scheme://user@HOST:PORT/…`.
fn address_in(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?']).next()?;
    let address = authority.rsplit('@').next()?;
    address.contains(':').then_some(address)
}

async fn pass(client: TcpStream, store: TcpStream, mut frames: Frames, count: Arc<AtomicU64>) {
    if client.set_nodelay(true).and(store.set_nodelay(true)).is_err() {
        return;
    }
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_store, mut to_store) = store.into_split();
    let asked = async {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
            count.fetch_add(frames.read(&buffer[..length]), Ordering::Relaxed);
            if to_store.write_all(&buffer[..length]).await.is_err() {
                break;
            }
        }
    };
    // Whichever side closes first, the other is closed, too.
    tokio::select! {
        () = asked => {}
        _ = tokio::io::copy(&mut from_store, &mut to_client) => {}
    }
}

/// Where a connection is within its frames.
struct Frames {
    protocol: Protocol,
    /// What of a frame's head was read.
    head: Vec<u8>,
    /// How many bytes of a frame's body are to come.
    body: usize,
    /// Whether PostgreSQL's first messages, which have no kind, are over.
    is_open: bool,
}

impl Frames {
    fn new(protocol: Protocol) -> Self {
        Self { protocol, head: Vec::new(), body: 0, is_open: false }
    }

    /// How many requests begin within the next bytes.
    fn read(&mut self, mut bytes: &[u8]) -> u64 {
        let mut count = 0;
        while let Some((first, rest)) = bytes.split_first() {
            if self.body > 0 {
                let skipped = self.body.min(bytes.len());
                self.body -= skipped;
                bytes = &bytes[skipped..];
                continue;
            }
            self.head.push(*first);
            bytes = rest;
            if let Some((body, asks)) = self.head() {
                self.head.clear();
                self.body = body;
                count += u64::from(asks);
            }
        }
        count
    }

    /// The length of the body, and whether the frame asks something, once the head is whole.
    fn head(&mut self) -> Option<(usize, bool)> {
        let head = &self.head[..];
        match (self.protocol, head) {
            // https://www.postgresql.org/docs/15/protocol-message-formats.html: a length that counts itself, a code; a
            // request for encryption is followed by another first message.
            (Protocol::Postgres, &[a, b, c, d, e, f, g, h]) if !self.is_open => {
                self.is_open = !matches!(u32::from_be_bytes([e, f, g, h]), 80_877_103 | 80_877_104);
                Some((u32::from_be_bytes([a, b, c, d]) as usize - 8, false))
            }
            (Protocol::Postgres, &[kind, a, b, c, d]) if self.is_open => {
                Some((u32::from_be_bytes([a, b, c, d]) as usize - 4, matches!(kind, b'Q' | b'E')))
            }
            // https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/: sixteen bytes, the length first.
            (Protocol::Mongo, &[a, b, c, d, ..]) if head.len() == 16 => {
                Some((u32::from_le_bytes([a, b, c, d]) as usize - 16, true))
            }
            (Protocol::Http, head) if head.ends_with(b"\r\n\r\n") => Some((content_length(head), true)),
            // https://redis.io/docs/latest/develop/reference/protocol-spec/: an array of strings with their lengths.
            (Protocol::Redis, head) if head.ends_with(b"\r\n") => {
                let length = || std::str::from_utf8(&head[1..head.len() - 2]).ok()?.parse::<usize>().ok();
                match head[0] {
                    b'$' => Some((length().map_or(0, |length| length + 2), false)),
                    kind => Some((0, kind == b'*')),
                }
            }
            _ => None,
        }
    }
}

fn content_length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let line = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    line.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(protocol: Protocol, bytes: &[u8]) -> u64 {
        let whole = Frames::new(protocol).read(bytes);
        let mut frames = Frames::new(protocol);
        let apart: u64 = bytes.iter().map(|byte| frames.read(&[*byte])).sum();
        assert_eq!(whole, apart, "bytes may come in any pieces");
        whole
    }

    #[test]
    fn statements_are_counted_when_they_are_executed() {
        let mut bytes = b"\x00\x00\x00\x08\x04\xd2\x16\x2f".to_vec();
        bytes.extend(b"\x00\x00\x00\x0d\x00\x03\x00\x00user\x00");
        bytes.extend(b"P\x00\x00\x00\x06EE");
        bytes.extend(b"B\x00\x00\x00\x04E\x00\x00\x00\x09\x00\x00\x00\x00\x00S\x00\x00\x00\x04");
        bytes.extend(b"Q\x00\x00\x00\x0aBEGIN\x00");
        assert_eq!(counted(Protocol::Postgres, &bytes), 2);
    }

    #[test]
    fn commands_are_counted() {
        let message =
            [b"\x14\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xdd\x07\x00\x00".as_slice(), &[0; 4]].concat();
        assert_eq!(counted(Protocol::Mongo, &[message.clone(), message].concat()), 2);
        assert_eq!(counted(Protocol::Redis, b"*2\r\n$3\r\nGET\r\n$4\r\n*1\r\n\r\n*1\r\n$4\r\nPING\r\n"), 2);
    }

    #[test]
    fn requests_are_counted_whatever_their_bodies_hold() {
        let bytes = b"POST /a HTTP/1.1\r\nContent-Length: 8\r\n\r\na\r\n\r\nbcdGET / HTTP/1.1\r\nhost: b\r\n\r\n";
        assert_eq!(counted(Protocol::Http, bytes), 2);
    }

    #[test]
    fn the_address_is_found_in_a_url() {
        assert_eq!(address_in("postgres://user:word@127.0.0.1:5432/name"), Some("127.0.0.1:5432"));
        assert_eq!(address_in("mongodb://127.0.0.1:1/?directConnection=true"), Some("127.0.0.1:1"));
        assert_eq!(address_in("http://localhost"), None);
    }
}
