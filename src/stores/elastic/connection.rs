//! Requests and answers: the one place that talks to the server.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use elasticsearch::Elasticsearch;
use elasticsearch::auth::Credentials;
use elasticsearch::http::Method;
use elasticsearch::http::headers::HeaderMap;
use elasticsearch::http::transport::{SingleNodeConnectionPool, TransportBuilder};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Url;

use super::error::{refused, unanswered, unreadable};
use crate::ports::{ErrorKind, Role, StoreError, StoreResult};

/// A batch of documents takes the server longer than a search may.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// A server, whether it is there or not.
pub(super) struct Connection {
    client: Elasticsearch,
    host: String,
    port: u16,
    connect_timeout: Duration,
    request_timeout: Duration,
    /// Whether the last request was answered.
    reached: AtomicBool,
}

impl Connection {
    pub(super) fn lazy(mut url: Url, connect_timeout: Duration, request_timeout: Duration) -> StoreResult<Self> {
        let credentials = take_credentials(&mut url)?;
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let port = url.port_or_known_default().unwrap_or_default();
        // Stores are reached directly: a proxy meant for the outside must not come between.
        let mut transport =
            TransportBuilder::new(SingleNodeConnectionPool::new(url)).disable_proxy().timeout(request_timeout);
        if let Some(credentials) = credentials {
            transport = transport.auth(credentials);
        }
        let transport =
            transport.build().map_err(|error| StoreError::internal(Role::Search, format!("no client: {error}")))?;
        Ok(Self {
            client: Elasticsearch::new(transport),
            host,
            port,
            connect_timeout,
            request_timeout,
            reached: AtomicBool::new(false),
        })
    }

    /// The driver's client, for the migrations.
    pub(super) fn client(&self) -> &Elasticsearch {
        &self.client
    }

    /// Sends a request that reads; `path` is relative to the server's address.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> StoreResult<T> {
        self.send(method, path, body.map(Value::to_string), self.request_timeout).await
    }

    /// Sends a request that changes indexes rather than documents.
    pub(super) async fn command<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> StoreResult<T> {
        self.send(method, path, body.map(Value::to_string), WRITE_TIMEOUT.max(self.request_timeout)).await
    }

    /// Posts a body that changes something.
    pub(super) async fn write<T: DeserializeOwned>(&self, path: &str, body: String) -> StoreResult<T> {
        self.send(Method::Post, path, Some(body), WRITE_TIMEOUT.max(self.request_timeout)).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
        patience: Duration,
    ) -> StoreResult<T> {
        self.reach().await?;
        let answered = async {
            let response = self.client.send(method, path, HeaderMap::new(), None::<&()>, body, Some(patience)).await?;
            Ok((response.status_code(), response.bytes().await?))
        };
        let answered = answered.await;
        self.reached.store(answered.is_ok(), Ordering::Relaxed);
        let (status, body) = answered.map_err(unanswered)?;
        if !status.is_success() {
            return Err(refused(status, &body));
        }
        serde_json::from_slice(&body).map_err(unreadable)
    }

    /// Opens a bare connection first where the last request was not answered. The driver has no time limit for
    /// connecting, and a host that swallows packets would cost the whole of a request's.
    async fn reach(&self) -> StoreResult<()> {
        if self.reached.load(Ordering::Relaxed) {
            return Ok(());
        }
        let connected = timeout(self.connect_timeout, TcpStream::connect((self.host.as_str(), self.port))).await;
        // A timeout is an I/O error like any other here.
        let connected = connected.unwrap_or_else(|elapsed| Err(elapsed.into()));
        connected.map(drop).map_err(|error| StoreError::new(Role::Search, ErrorKind::Unavailable, error))
    }
}

/// Takes user and password out of the address: they are sent as a header, and no message names them.
fn take_credentials(url: &mut Url) -> StoreResult<Option<Credentials>> {
    if url.username().is_empty() {
        return Ok(None);
    }
    let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
    let credentials = Credentials::Basic(decoded(url.username()), decoded(url.password().unwrap_or_default()));
    match (url.set_username(""), url.set_password(None)) {
        (Ok(()), Ok(())) => Ok(Some(credentials)),
        _ => Err(StoreError::internal(Role::Search, "the address of the search server has no host")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_decoded_and_leave_the_address() {
        let mut url = Url::parse("https://elastic:p%40ss%2Bw%C3%B6rd@search.example:9243/es").expect("an address");
        let Ok(Some(Credentials::Basic(user, password))) = take_credentials(&mut url) else {
            panic!("the address has credentials");
        };
        assert_eq!((user.as_str(), password.as_str()), ("elastic", "p@ss+wörd"));
        assert_eq!(url.as_str(), "https://search.example:9243/es");
    }
}
