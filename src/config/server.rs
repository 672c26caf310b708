//! How the gateway is reached, and how it goes.

use std::net::SocketAddr;
use std::time::Duration;

use super::layer::Values;
use super::read;
use super::setting::{Section, Setting};

/// How the gateway is reached, and how it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerConfig {
    /// The address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How long requests in flight may take to finish once the gateway is told to stop.
    pub shutdown_grace: Duration,
    /// How long events stay with a gateway that claimed them and was killed, before others go on with them.
    pub relay_lease: Duration,
    /// Whether this gateway serves the public: every limit is in force then.
    pub production: bool,
}

static LISTEN: Setting<SocketAddr> =
    Setting::new("listen", "ADDRESS", read::address, "Address and port to listen on; port 0 takes a free one.")
        .default("127.0.0.1:4000")
        .flag("listen");

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
     with the events that it had claimed.",
)
.default("30s");

static PRODUCTION: Setting<bool> = Setting::new(
    "production",
    "BOOL",
    read::switch,
    "Whether the gateway serves the public: limits that would be in the way of development are in force then, such as \
     that of sign-ups.",
)
.default("false")
.flag("production")
.switch();

pub(super) static SECTION: Section = Section {
    title: "Server",
    settings: &[&LISTEN.about, &SHUTDOWN_GRACE.about, &RELAY_LEASE.about, &PRODUCTION.about],
};

impl ServerConfig {
    pub(super) fn finish(values: &mut Values) -> Option<Self> {
        let (listen, shutdown_grace) = (values.get(&LISTEN), values.get(&SHUTDOWN_GRACE));
        let (relay_lease, production) = (values.get(&RELAY_LEASE), values.get(&PRODUCTION));
        Some(Self {
            listen: listen?,
            shutdown_grace: shutdown_grace?,
            relay_lease: relay_lease?,
            production: production?,
        })
    }
}

/// A lease that work in good order does not outlive.
fn read_lease(text: &str) -> Result<Duration, String> {
    match read::duration(text)? {
        lease if lease < Duration::from_secs(1) => Err("is too short. Write 1s or more.".to_owned()),
        lease => Ok(lease),
    }
}
