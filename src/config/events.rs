//! The event bus.

use std::time::Duration;

use super::layer::Values;
use super::read;
use super::setting::{Section, Setting};
use super::store_url::{Schemes, StoreUrl};
use super::stores::{CacheChoice, StoresConfig};

/// The event bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventsConfig {
    /// Who carries events.
    pub bus: EventsChoice,
    /// Whether that is a server which no other part of the gateway uses.
    pub has_a_server: bool,
    /// About how many of them are remembered.
    pub max_count: u64,
    /// For about how long.
    pub max_age: Duration,
}

/// Who carries events to those who follow them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventsChoice {
    /// Redis.
    Redis(StoreUrl),
    /// RabbitMQ.
    RabbitMq(StoreUrl),
    /// This process, for itself.
    Memory,
}

const SCHEMES: Schemes = Schemes {
    accepted: &["redis", "rediss", "amqp", "amqps"],
    named: "redis://, rediss://, amqp://, amqps://",
    example: "redis://user:password@host:6379/0 or amqp://user:password@host:5672/vhost",
};

static EVENTS_URL: Setting<Option<EventsChoice>> = Setting::new(
    "events_url",
    "URL",
    read_bus,
    "The event bus, Redis or RabbitMQ: `redis://`, `rediss://`, `amqp://` or `amqps://`. Gateways on the same stores need \
     the same one.",
)
.unset("the Redis of `redis_url`, or this process", "amqp://user:password@localhost:5672")
.env("EVENTS_URL")
.secret();

static EVENTS_MAX_COUNT: Setting<u64> = Setting::new(
    "events_max_count",
    "NUMBER",
    read::count::<100, 100_000_000>,
    "About how many events the bus remembers, for those who were away for a while: at about a kibibyte each. In process \
     it is 20000 at most.",
)
.default("100000");

static EVENTS_MAX_AGE: Setting<Duration> =
    Setting::new("events_max_age", "DURATION", read::timeout, "For about how long a server of the bus remembers them.")
        .default("24h");

pub(super) static SECTION: Section =
    Section { title: "Events", settings: &[&EVENTS_URL.about, &EVENTS_MAX_COUNT.about, &EVENTS_MAX_AGE.about] };

impl EventsConfig {
    /// `are_shared` is whether other gateways may use the same truth.
    pub(super) fn finish(values: &mut Values, stores: Option<&StoresConfig>, are_shared: bool) -> Option<Self> {
        let bus = values.get(&EVENTS_URL);
        let (max_count, max_age) = (values.get(&EVENTS_MAX_COUNT), values.get(&EVENTS_MAX_AGE));
        let cache = &stores?.cache;
        let bus = bus?.unwrap_or_else(|| match cache {
            CacheChoice::Redis(url) => EventsChoice::Redis(url.clone()),
            CacheChoice::Memory => EventsChoice::Memory,
        });
        if bus == EventsChoice::Memory && are_shared {
            values.note(
                &EVENTS_URL.about,
                "means this process alone, and other gateways may use the same stores: those who subscribe here are told \
                 of nothing but what this gateway itself carries from there. Set `redis_url` or `events_url`.",
            );
        }
        let has_a_server = match (&bus, cache) {
            (EventsChoice::Memory, _) => false,
            (EventsChoice::Redis(events), CacheChoice::Redis(cache)) => events != cache,
            (EventsChoice::Redis(_) | EventsChoice::RabbitMq(_), _) => true,
        };
        Some(Self { bus, has_a_server, max_count: max_count?, max_age: max_age? })
    }
}

fn read_bus(text: &str) -> Result<Option<EventsChoice>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let url = StoreUrl::parse(text, &SCHEMES)?;
    Ok(Some(if text.starts_with("amqp") { EventsChoice::RabbitMq(url) } else { EventsChoice::Redis(url) }))
}
