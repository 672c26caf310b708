//! Takes connections, and gives up those that ask nothing.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::serve::Listener;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::tls::Tls;

/// What connections are allowed.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// How long the headers of a request may take, and the handshake of TLS before them.
    pub header_timeout: Duration,
    /// How many connections there are at once, at least 1.
    pub at_once: usize,
}

/// Serves HTTP/1.1 and HTTP/2, over TLS where there is any, until `stop` comes, then finishes the requests under way.
///
/// A connection is closed where the headers of a request don't come within `header_timeout`: those of the first after it
/// was opened, or after the handshake of TLS, which may take as long; those of the next after the last answer (HTTP/1.1)
/// or after its other end has stopped to answer pings (HTTP/2). `axum::serve` waits for ever. Where there are as many
/// connections as may be, further ones wait in the system's queue until one is closed, or that is full.
pub async fn serve(
    mut listener: TcpListener,
    router: Router,
    ConnectionLimits { header_timeout, at_once }: ConnectionLimits,
    tls: Option<Arc<Tls>>,
    stop: impl Future<Output = ()>,
) {
    let graceful = GracefulShutdown::new();
    let free = Arc::new(Semaphore::new(at_once.clamp(1, Semaphore::MAX_PERMITS)));
    let draining = CancellationToken::new();
    let mut stop = pin!(stop);
    loop {
        let next = async {
            // It is never closed, so there always is a place in the end.
            let place = Arc::clone(&free).acquire_owned().await.ok();
            // It waits a moment where the process has no room for another connection, and tries again.
            (place, Listener::accept(&mut listener).await)
        };
        let (place, (stream, peer)) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        let (router, watcher) = (router.clone(), graceful.watcher());
        match &tls {
            None => {
                tokio::spawn(async move {
                    serve_connection(stream, peer, router, header_timeout, watcher).await;
                    drop(place);
                });
            }
            Some(tls) => {
                let (acceptor, draining) = (tls.acceptor(), draining.clone());
                tokio::spawn(async move {
                    let shaken = tokio::select! {
                        shaken = shake_hands(acceptor, stream, header_timeout) => shaken,
                        // It has asked nothing yet, so that nothing of it is waited for.
                        () = draining.cancelled() => None,
                    };
                    if let Some(stream) = shaken {
                        serve_connection(stream, peer, router, header_timeout, watcher).await;
                    }
                    drop(place);
                });
            }
        }
    }
    drop(listener);
    draining.cancel();
    graceful.shutdown().await;
}

/// The connection as it is encrypted, unless its other end does not come to that in time.
async fn shake_hands(acceptor: TlsAcceptor, stream: TcpStream, limit: Duration) -> Option<TlsStream<TcpStream>> {
    match tokio::time::timeout(limit, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a connection was not encrypted");
            None
        }
        Err(_) => None,
    }
}

async fn serve_connection(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    peer: SocketAddr,
    router: Router,
    header_timeout: Duration,
    watcher: Watcher,
) {
    let asked = Arc::new(Notify::new());
    let service = service_fn({
        let asked = Arc::clone(&asked);
        move |mut request: Request<Incoming>| {
            asked.notify_one();
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().oneshot(request)
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(header_timeout);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(header_timeout).keep_alive_timeout(header_timeout);
    // WebSockets over HTTP/2 need it.
    builder.http2().enable_connect_protocol();
    let connection = watcher.watch(builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned());
    let mut connection = pin!(connection);
    // Which version it speaks is told by its first bytes, which nothing else waits for with a limit.
    let first = tokio::time::timeout(header_timeout, asked.notified());
    let failed = tokio::select! {
        ended = connection.as_mut() => ended.err(),
        asked = first => match asked {
            Ok(()) => connection.await.err(),
            Err(_) => return,
        },
    };
    if let Some(error) = failed {
        tracing::debug!(%error, "a connection failed");
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn one_more_is_served_when_one_is_closed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let limits = ConnectionLimits { header_timeout: Duration::from_secs(60), at_once: 2 };
        tokio::spawn(serve(listener, Router::new(), limits, None, std::future::pending()));
        let mut clients = Vec::new();
        for _ in 0..3 {
            let mut client = TcpStream::connect(address).await.expect("the system takes connections");
            client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("it is sent");
            clients.push(client);
        }
        let [mut first, mut second, mut third] = <[TcpStream; 3]>::try_from(clients).expect("three");
        let mut answer = [0; 12];
        for client in [&mut first, &mut second] {
            client.read_exact(&mut answer).await.expect("an answer");
            assert_eq!(&answer, b"HTTP/1.1 404");
        }
        assert!(third.read_exact(&mut answer).now_or_never().is_none(), "two are open");
        drop(first);
        third.read_exact(&mut answer).await.expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 404");
    }
}
