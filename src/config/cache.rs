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
}

static RESULT_CACHE_TTL: Setting<Option<Duration>> = Setting::new(
    "result_cache_ttl",
    "DURATION",
    read::duration_or_off,
    "How long a result may be served from the cache; `off` turns the cache off.",
)
.default("off")
.flag("result-cache-ttl");

pub(super) static SECTION: Section = Section { title: "Result cache", settings: &[&RESULT_CACHE_TTL.about] };

impl CacheConfig {
    pub(super) fn finish(values: &mut Values) -> Option<Self> {
        Some(Self { result_cache_ttl: values.get(&RESULT_CACHE_TTL)? })
    }
}
