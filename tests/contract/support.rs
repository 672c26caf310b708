//! What the suites share: where the servers are, names that no other test uses, and a clock that tests turn.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use polygraph::domain::Timestamp;
use polygraph::ports::Clock;
use polygraph::stores::redis::{Redis, RedisOptions};

/// Far longer than anything here takes, and short enough to wait for when something hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What clocks of stores tell apart.
pub(crate) const MILLISECOND: Duration = Duration::from_millis(1);

/// A clock that stands until it is turned.
#[derive(Default)]
pub(crate) struct TurnedClock(AtomicI64);

impl TurnedClock {
    pub(crate) fn turn(&self, by: Duration) {
        self.turn_millis(i64::try_from(by.as_millis()).expect("a short time"));
    }

    /// Forth, or back.
    pub(crate) fn turn_millis(&self, by: i64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }
}

impl Clock for TurnedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

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
