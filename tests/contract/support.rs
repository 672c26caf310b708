//! What the suites share: where the servers are, and names that no other test uses.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use polygraph::stores::redis::{Redis, RedisOptions};

/// Far longer than anything here takes, and short enough to wait for when something hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The URL in the environment variable `name`.
pub(crate) fn env_url(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("set {name}: run `scripts/stores up`"))
}

/// A namespace of this test alone, in this run alone.
pub(crate) fn namespace() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    #[expect(clippy::disallowed_methods, reason = "two runs must not meet in the data of a shared server")]
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!("t{:x}_{count:x}_{nanos:x}", std::process::id())
}

/// One namespace in the Redis at this URL, with connections of its own.
pub(crate) fn redis(url: &str, namespace: &str) -> Redis {
    let options = RedisOptions {
        url: url.to_owned(),
        namespace: namespace.to_owned(),
        max_connections: 8,
        connect_timeout: PATIENCE,
        command_timeout: PATIENCE,
    };
    Redis::connect_lazy(options).expect("a URL of Redis")
}
