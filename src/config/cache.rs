//! The cache of resolved results.

use std::time::Duration;

use super::layer::Values;
use super::read;
use super::setting::{Section, Setting};

/// The cache of resolved results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheConfig {
    /// How long a result may be served from the cache; `None` turns the cache off.
    pub result_cache_ttl: Option<Duration>,
    /// How long the cache may take for one command before a request goes on without it.
    pub result_cache_timeout: Duration,
    /// How long caches between the gateway and its clients may use public answers without asking; `None`: not at all.
    pub shared_max_age: Option<Duration>,
}

static RESULT_CACHE_TTL: Setting<Option<Duration>> = Setting::new(
    "result_cache_ttl",
    "DURATION",
    read::duration_or_off,
    "How long a result may be served from the cache; `off` turns the cache off.",
)
.default("60s")
.flag("result-cache-ttl");

static RESULT_CACHE_TIMEOUT: Setting<Duration> = Setting::new(
    "result_cache_timeout",
    "DURATION",
    read::timeout,
    "How long the cache may take for one command before a request goes on without it.",
)
.default("250ms");

static SHARED_MAX_AGE: Setting<Option<Duration>> = Setting::new(
    "shared_max_age",
    "DURATION",
    read::duration_or_off,
    "How long shared caches (CDNs, proxies) may use a public answer to a GET without asking, in whole seconds \
     (`s-maxage`); `off`: not at all. Such an answer may be older than the last write by as much.",
)
.default("off");

pub(super) static SECTION: Section = Section {
    title: "Result cache",
    settings: &[&RESULT_CACHE_TTL.about, &RESULT_CACHE_TIMEOUT.about, &SHARED_MAX_AGE.about],
};

impl CacheConfig {
    pub(super) fn finish(values: &mut Values) -> Option<Self> {
        let (result_cache_ttl, result_cache_timeout) =
            (values.get(&RESULT_CACHE_TTL), values.get(&RESULT_CACHE_TIMEOUT));
        let shared_max_age = values.get(&SHARED_MAX_AGE);
        Some(Self {
            result_cache_ttl: result_cache_ttl?,
            result_cache_timeout: result_cache_timeout?,
            shared_max_age: shared_max_age?,
        })
    }
}
