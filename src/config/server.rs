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

pub(super) static SECTION: Section =
    Section { title: "Server", settings: &[&LISTEN.about, &SHUTDOWN_GRACE.about, &PRODUCTION.about] };

impl ServerConfig {
    pub(super) fn finish(values: &mut Values) -> Option<Self> {
        let (listen, shutdown_grace, production) =
            (values.get(&LISTEN), values.get(&SHUTDOWN_GRACE), values.get(&PRODUCTION));
        Some(Self { listen: listen?, shutdown_grace: shutdown_grace?, production: production? })
    }
}
