//! WebSockets, event streams and subscriptions.

use std::time::Duration;

use super::layer::Values;
use super::read;
use super::setting::{Section, Setting};

/// How much is told as it happens, and to how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveConfig {
    /// How many WebSockets there are at once.
    pub max_websockets: usize,
    /// How long a WebSocket's first message may take.
    pub connection_init_timeout: Duration,
    /// How many operations are under way on a WebSocket at once.
    pub max_socket_operations: usize,
    /// How many subscriptions a client has at once.
    pub max_client_subscriptions: usize,
    /// How many bytes a message of a WebSocket has.
    pub max_message_size: usize,
}

static MAX_WEBSOCKETS: Setting<u64> = Setting::new(
    "max_websockets",
    "NUMBER",
    read::count::<0, 1_000_000>,
    "How many WebSockets there are at once; further ones are refused with 503. Each is a connection, too.",
)
.default("20000");

static CONNECTION_INIT_TIMEOUT: Setting<Duration> = Setting::new(
    "connection_init_timeout",
    "DURATION",
    read::timeout,
    "How long the first message of a WebSocket (`connection_init`) may take before it is closed with 4408.",
)
.default("10s");

static MAX_SOCKET_OPERATIONS: Setting<u64> = Setting::new(
    "max_socket_operations",
    "NUMBER",
    read::count::<1, 1_000_000>,
    "How many operations, subscriptions among them, are under way on one WebSocket at once.",
)
.default("100");

static MAX_CLIENT_SUBSCRIPTIONS: Setting<u64> = Setting::new(
    "max_client_subscriptions",
    "NUMBER",
    read::count::<1, 1_000_000>,
    "How many subscriptions a viewer has at once at this gateway, or all strangers at one address have.",
)
.default("1000");

static MAX_MESSAGE_SIZE: Setting<u64> = Setting::new(
    "max_message_size",
    "BYTES",
    read::bytes::<1_024, { 64 << 20 }>,
    "The most bytes that a message of a WebSocket may have: 1KiB to 64MiB. One that has more closes it.",
)
.default("256KiB");

pub(super) static SECTION: Section = Section {
    title: "Subscriptions",
    settings: &[
        &MAX_WEBSOCKETS.about,
        &CONNECTION_INIT_TIMEOUT.about,
        &MAX_SOCKET_OPERATIONS.about,
        &MAX_CLIENT_SUBSCRIPTIONS.about,
        &MAX_MESSAGE_SIZE.about,
    ],
};

impl LiveConfig {
    pub(super) fn finish(values: &mut Values) -> Option<Self> {
        let (sockets, init_timeout) = (values.get(&MAX_WEBSOCKETS), values.get(&CONNECTION_INIT_TIMEOUT));
        let (operations, subscriptions) = (values.get(&MAX_SOCKET_OPERATIONS), values.get(&MAX_CLIENT_SUBSCRIPTIONS));
        let message_size = values.get(&MAX_MESSAGE_SIZE);
        Some(Self {
            max_websockets: sockets? as usize,
            connection_init_timeout: init_timeout?,
            max_socket_operations: operations? as usize,
            max_client_subscriptions: subscriptions? as usize,
            max_message_size: message_size? as usize,
        })
    }
}
