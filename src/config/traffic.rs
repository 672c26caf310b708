//! How much is taken in: from each who asks, and from all together.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use super::layer::Values;
use super::read;
use super::setting::{Section, Setting};

/// How much is taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrafficConfig {
    /// What the operations of a viewer may cost in a minute.
    pub rate_limit_viewer: u64,
    /// What the operations of all strangers at one address may cost in a minute.
    pub rate_limit_address: u64,
    /// How long the store of budgets may take.
    pub rate_limit_timeout: Duration,
    /// How many requests are executed at once; `None` for as many as suit the cores.
    pub max_concurrent_requests: Option<usize>,
    /// How many wait for that.
    pub max_queued_requests: usize,
    /// How long each of them waits.
    pub queue_timeout: Duration,
    /// How many connections of clients there are at once.
    pub max_connections: usize,
    /// The proxies that are believed about where a request comes from.
    pub trusted_proxies: Vec<IpNet>,
}

static RATE_LIMIT_VIEWER: Setting<u64> = Setting::new(
    "rate_limit_viewer",
    "NUMBER",
    read_units,
    "What the operations of one viewer may cost in a minute, in production. An operation costs as much as objects may be \
     in its answer, an answer from the result cache 1.",
)
.default("60000");

static RATE_LIMIT_ADDRESS: Setting<u64> = Setting::new(
    "rate_limit_address",
    "NUMBER",
    read_units,
    "The same for all who ask from one address (of IPv6: one /64) without being signed in.",
)
.default("20000");

static RATE_LIMIT_TIMEOUT: Setting<Duration> = Setting::new(
    "rate_limit_timeout",
    "DURATION",
    read::timeout,
    "How long Redis may take to tell what is left of that before this gateway counts by itself.",
)
.default("50ms");

static MAX_CONCURRENT_REQUESTS: Setting<Option<usize>> = Setting::new(
    "max_concurrent_requests",
    "NUMBER",
    |text| if text.is_empty() { Ok(None) } else { read_count(text, 1).map(Some) },
    "How many operations are executed at once; the others wait. Answers from the result cache are not among them.",
)
.unset("16 for each core", "64");

static MAX_QUEUED_REQUESTS: Setting<usize> = Setting::new(
    "max_queued_requests",
    "NUMBER",
    |text| read_count(text, 0),
    "How many operations wait to be executed; more are refused at once, with 503 and `OVERLOADED`.",
)
.default("1024");

static QUEUE_TIMEOUT: Setting<Duration> = Setting::new(
    "queue_timeout",
    "DURATION",
    read::timeout,
    "How long an operation waits to be executed before it is refused. While any are refused, those that come wait for \
     100 ms at most.",
)
.default("500ms");

static MAX_CONNECTIONS: Setting<usize> = Setting::new(
    "max_connections",
    "NUMBER",
    |text| read_count(text, 1),
    "How many connections of clients there are at once; further ones wait until one is closed. Each is an open file of \
     the process.",
)
.default("4096");

static TRUSTED_PROXIES: Setting<Vec<IpNet>> = Setting::new(
    "trusted_proxies",
    "NETWORKS",
    read_networks,
    "The addresses or networks of the proxies in front, with commas between. What they say in `X-Forwarded-For` or \
     `Forwarded` is believed about where a request comes from; what anybody else says is not.",
)
.unset("nobody is believed", "10.0.0.0/8, 192.0.2.7, fd00::/8");

pub(super) static SECTION: Section = Section {
    title: "Traffic",
    settings: &[
        &RATE_LIMIT_VIEWER.about,
        &RATE_LIMIT_ADDRESS.about,
        &RATE_LIMIT_TIMEOUT.about,
        &MAX_CONCURRENT_REQUESTS.about,
        &MAX_QUEUED_REQUESTS.about,
        &QUEUE_TIMEOUT.about,
        &MAX_CONNECTIONS.about,
        &TRUSTED_PROXIES.about,
    ],
};

impl TrafficConfig {
    pub(super) fn finish(values: &mut Values) -> Option<Self> {
        let (rate_limit_viewer, rate_limit_address) = (values.get(&RATE_LIMIT_VIEWER), values.get(&RATE_LIMIT_ADDRESS));
        let (rate_limit_timeout, trusted_proxies) = (values.get(&RATE_LIMIT_TIMEOUT), values.get(&TRUSTED_PROXIES));
        let (at_once, queued) = (values.get(&MAX_CONCURRENT_REQUESTS), values.get(&MAX_QUEUED_REQUESTS));
        let (queue_timeout, max_connections) = (values.get(&QUEUE_TIMEOUT), values.get(&MAX_CONNECTIONS));
        Some(Self {
            rate_limit_viewer: rate_limit_viewer?,
            rate_limit_address: rate_limit_address?,
            rate_limit_timeout: rate_limit_timeout?,
            max_concurrent_requests: at_once?,
            max_queued_requests: queued?,
            queue_timeout: queue_timeout?,
            max_connections: max_connections?,
            trusted_proxies: trusted_proxies?,
        })
    }
}

fn read_units(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(units @ 1..=1_000_000) => Ok(units),
        _ => Err("is not a whole number from 1 to 1000000.".to_owned()),
    }
}

fn read_count(text: &str, least: usize) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if (least..=1_000_000).contains(&count) => Ok(count),
        _ => Err(format!("is not a whole number from {least} to 1000000.")),
    }
}

fn read_networks(text: &str) -> Result<Vec<IpNet>, String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let network = |part: &str| part.parse().ok().or_else(|| part.parse::<IpAddr>().ok().map(IpNet::from));
    parts.map(network).collect::<Option<_>>().ok_or_else(|| {
        "is not a list of addresses and networks. Write them like 10.0.0.0/8, 192.0.2.7, fd00::/8.".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_addresses_with_or_without_a_length() {
        let read = |text| read_networks(text).map(|networks| networks.iter().map(IpNet::to_string).collect::<Vec<_>>());
        assert_eq!(read(""), Ok(Vec::new()));
        let written = ["10.0.0.0/8", "192.0.2.7/32", "fd00::/8", "::1/128"].map(ToOwned::to_owned).to_vec();
        assert_eq!(read("10.0.0.0/8, 192.0.2.7,fd00::/8 ,::1,"), Ok(written));
        for text in ["10.0.0.0/33", "proxy.example.org", "10.0.0.1 10.0.0.2", "*"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
