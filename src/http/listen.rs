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
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tower::ServiceExt as _;

/// Serves HTTP/1.1 and HTTP/2 until `stop` comes, then finishes the requests under way.
///
/// A connection is closed where the headers of a request don't come within `header_timeout`: those of the first after
/// it was opened, those of the next after the last answer (HTTP/1.1) or after its other end has stopped to answer pings
/// (HTTP/2). `axum::serve` waits for ever.
pub async fn serve(
    mut listener: TcpListener,
    router: Router,
    header_timeout: Duration,
    stop: impl Future<Output = ()>,
) {
    let graceful = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            // It waits a moment where the process has no room for another connection, and tries again.
            accepted = Listener::accept(&mut listener) => accepted,
            () = &mut stop => break,
        };
        tokio::spawn(serve_connection(stream, peer, router.clone(), header_timeout, graceful.watcher()));
    }
    drop(listener);
    graceful.shutdown().await;
}

async fn serve_connection(
    stream: TcpStream,
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
