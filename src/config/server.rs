//! How the gateway is reached, and how it goes.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::layer::Values;
use super::read;
use super::setting::{Section, Setting};

/// How the gateway is reached, and how it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerConfig {
    /// The address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What connections are encrypted with, if they are.
    pub tls: Option<TlsFiles>,
    /// How long the stores are asked for a request, all in all.
    pub request_timeout: Duration,
    /// How long requests in flight may take to finish once the gateway is told to stop.
    pub shutdown_grace: Duration,
    /// How long events stay with a gateway that claimed them and was killed, before others go on with them.
    pub relay_lease: Duration,
    /// Whether this gateway serves the public: every limit is in force then.
    pub production: bool,
    /// To whom requests are explained.
    pub explain: ExplainFor,
}

/// Where the certificate is that clients are shown, and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate in PEM, with those that lead to its root behind it.
    pub certificate: PathBuf,
    /// The certificate's private key in PEM.
    pub key: PathBuf,
}

/// To whom it is told what their requests ask of the stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExplainFor {
    /// To all who ask.
    Everybody,
    /// To the users with these ids, as the API writes them.
    Users(Vec<String>),
}

static LISTEN: Setting<SocketAddr> =
    Setting::new("listen", "ADDRESS", read::address, "Address and port to listen on; port 0 takes a free one.")
        .default("127.0.0.1:4000")
        .flag("listen");

static TLS_CERTIFICATE: Setting<Option<PathBuf>> = Setting::new(
    "tls_certificate",
    "PATH",
    read_pem,
    "The certificate for HTTPS, in PEM, with those that lead to its root behind it. With it, `tls_key` is needed as well. \
     SIGHUP reads both again.",
)
.unset("plain HTTP", "/etc/polygraph/certificate.pem");

static TLS_KEY: Setting<Option<PathBuf>> =
    Setting::new("tls_key", "PATH", read_pem, "The private key of `tls_certificate`, in PEM, without a passphrase.")
        .unset("plain HTTP", "/etc/polygraph/key.pem");

static REQUEST_TIMEOUT: Setting<Duration> = Setting::new(
    "request_timeout",
    "DURATION",
    read::timeout,
    "How long the stores are asked for a request, all in all. What is missing then is null, with `TIMEOUT`.",
)
.default("10s");

static SHUTDOWN_GRACE: Setting<Duration> = Setting::new(
    "shutdown_grace",
    "DURATION",
    read::duration,
    "How long requests in flight may take to finish once the gateway is told to stop.",
)
.default("10s");

static RELAY_LEASE: Setting<Duration> = Setting::new(
    "relay_lease",
    "DURATION",
    read_lease,
    "How long the index and deletions wait for a gateway that was killed, before others (or itself, restarted) go on \
     with the events that it had claimed. On embedded stores it goes on at once.",
)
.default("30s");

static PRODUCTION: Setting<bool> = Setting::new(
    "production",
    "BOOL",
    read::switch,
    "Whether the gateway serves the public: limits that would be in the way of development are in force then, such as \
     those of sign-ups and of cost, and what helps developers (GraphiQL, introspection, suggestions) is off unless it is \
     set.",
)
.default("false")
.flag("production")
.switch();

static EXPLAIN: Setting<Option<ExplainFor>> = Setting::new(
    "explain",
    "WHOM",
    read_explain,
    "To whom the header `x-explain: 1` tells what their query asks of the stores: `on` for everybody, `off`, or the ids \
     of users, with commas between.",
)
.unset("everybody, in production nobody", "VXNlcjox");

pub(super) static SECTION: Section = Section {
    title: "Server",
    settings: &[
        &LISTEN.about,
        &TLS_CERTIFICATE.about,
        &TLS_KEY.about,
        &REQUEST_TIMEOUT.about,
        &SHUTDOWN_GRACE.about,
        &RELAY_LEASE.about,
        &PRODUCTION.about,
        &EXPLAIN.about,
    ],
};

impl ServerConfig {
    pub(super) fn finish(values: &mut Values) -> Option<Self> {
        let (listen, request_timeout) = (values.get(&LISTEN), values.get(&REQUEST_TIMEOUT));
        let shutdown_grace = values.get(&SHUTDOWN_GRACE);
        let (relay_lease, production) = (values.get(&RELAY_LEASE), values.get(&PRODUCTION));
        let explain = values.get(&EXPLAIN);
        let tls = finish_tls(values);
        let by_default = match production {
            Some(true) => ExplainFor::Users(Vec::new()),
            _ => ExplainFor::Everybody,
        };
        Some(Self {
            listen: listen?,
            tls: tls?,
            request_timeout: request_timeout?,
            shutdown_grace: shutdown_grace?,
            relay_lease: relay_lease?,
            production: production?,
            explain: explain?.unwrap_or(by_default),
        })
    }
}

/// `None` where it is refused.
fn finish_tls(values: &mut Values) -> Option<Option<TlsFiles>> {
    let (certificate, key) = (values.get(&TLS_CERTIFICATE), values.get(&TLS_KEY));
    match (certificate?, key?) {
        (Some(certificate), Some(key)) => Some(Some(TlsFiles { certificate, key })),
        (None, None) => Some(None),
        (None, Some(_)) => {
            values.refuse(&TLS_KEY.about, "needs tls_certificate beside it: the two go together.");
            None
        }
        (Some(_), None) => {
            values.refuse(&TLS_CERTIFICATE.about, "needs tls_key beside it: the two go together.");
            None
        }
    }
}

/// A file's path, if any. What should be in the file is refused, lest it be shown as a path is.
fn read_pem(text: &str) -> Result<Option<PathBuf>, String> {
    if text.contains("-----BEGIN") {
        return Err("is what should be in a file. Write the file's path.".to_owned());
    }
    Ok((!text.is_empty()).then(|| PathBuf::from(text)))
}

/// A lease that work in good order does not outlive.
fn read_lease(text: &str) -> Result<Duration, String> {
    match read::duration(text)? {
        lease if lease < Duration::from_secs(1) => Err("is too short. Write 1s or more.".to_owned()),
        lease => Ok(lease),
    }
}

fn read_explain(text: &str) -> Result<Option<ExplainFor>, String> {
    let ids = || text.split(',').map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect();
    Ok(match text.trim() {
        "" => None,
        "on" => Some(ExplainFor::Everybody),
        "off" => Some(ExplainFor::Users(Vec::new())),
        _ => Some(ExplainFor::Users(ids())),
    })
}
