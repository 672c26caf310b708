//! The stores, and the gateways on them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use tempfile::TempDir;

use crate::arguments::Arguments;
use crate::gateway::{Binary, Gateway};
use crate::proxy::Proxy;
use crate::redis::Redis;

/// Several gateways on the same stores. PostgreSQL, MongoDB and Elasticsearch are those of the other tests; Redis is the
/// world's own.
pub(crate) struct World {
    pub(crate) redis: Redis,
    places: Vec<Place>,
    faults: Mutex<BTreeMap<&'static str, u32>>,
    directory: TempDir,
}

/// Where a gateway is started again and again.
struct Place {
    binary: Binary,
    proxy: Proxy,
    gateway: tokio::sync::Mutex<Option<Gateway>>,
    /// Where it answers; nothing while there is none.
    base: RwLock<Option<String>>,
}

impl World {
    /// Empty stores, and all gateways on them.
    pub(crate) async fn open(arguments: &Arguments, falsified: bool) -> Self {
        let directory = tempfile::Builder::new().prefix("checker-").tempdir_in(env!("CARGO_TARGET_TMPDIR"));
        let directory = directory.expect("a directory");
        let (redis, namespace) = (Redis::start().await, namespace());
        let mut places = Vec::new();
        for n in 0..arguments.gateways {
            let proxy = Proxy::to(redis.port(), falsified).await;
            let place = directory.path().join(n.to_string());
            std::fs::create_dir(&place).expect("a directory");
            let env = vec![
                ("DATABASE_URL", server("POLYGRAPH_TEST_POSTGRES_URL")),
                ("MONGODB_URL", server("POLYGRAPH_TEST_MONGODB_URL")),
                ("ELASTICSEARCH_URL", server("POLYGRAPH_TEST_ELASTICSEARCH_URL")),
                ("REDIS_URL", format!("redis://127.0.0.1:{}", proxy.port())),
                ("POLYGRAPH_DATA_DIR", place.display().to_string()),
                ("POLYGRAPH_NAMESPACE", namespace.clone()),
                ("POLYGRAPH_RESULT_CACHE_TTL", "1h".to_owned()),
                // A busy machine makes stores slow, not down.
                ("POLYGRAPH_STORE_TIMEOUT", "25s".to_owned()),
                ("POLYGRAPH_RATE_LIMITS", "off".to_owned()),
                ("POLYGRAPH_RELAY_LEASE", "2s".to_owned()),
                ("RUST_BACKTRACE", "0".to_owned()),
            ];
            let binary = Binary { path: arguments.binary.clone(), env, directory: place };
            let (gateway, base) = (tokio::sync::Mutex::new(None), RwLock::new(None));
            places.push(Place { binary, proxy, gateway, base });
        }
        let world = Self { redis, places, faults: Mutex::default(), directory };
        for n in 0..arguments.gateways {
            world.start(n).await;
        }
        world
    }

    /// How many gateways there are.
    pub(crate) fn gateways(&self) -> usize {
        self.places.len()
    }

    /// Where a gateway answers; nothing while it is not there.
    pub(crate) fn base(&self, n: usize) -> Option<String> {
        self.places[n].base.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Kills a gateway.
    pub(crate) async fn kill(&self, n: usize) {
        if let Some(gateway) = self.places[n].gateway.lock().await.take() {
            self.set_base(n, None);
            gateway.kill();
        }
    }

    /// Starts a gateway.
    pub(crate) async fn start(&self, n: usize) {
        let gateway = Gateway::start(&self.places[n].binary).await;
        self.set_base(n, Some(gateway.api.base.clone()));
        *self.places[n].gateway.lock().await = Some(gateway);
    }

    /// Cuts a gateway off from Redis, or lets it through again.
    pub(crate) fn cut(&self, n: usize, is_cut: bool) {
        self.places[n].proxy.cut(is_cut);
    }

    /// Notes that something failed.
    pub(crate) fn count(&self, fault: &'static str) {
        *self.faults().entry(fault).or_default() += 1;
    }

    /// How many faults have begun.
    pub(crate) fn faults_so_far(&self) -> usize {
        self.faults().values().map(|count| *count as usize).sum()
    }

    /// Says what failed.
    pub(crate) fn print(&self) {
        let faults: Vec<_> = self.faults().iter().map(|(fault, count)| format!("{fault} {count}")).collect();
        println!("  faults                {}", faults.join(", "));
    }

    /// Ends the gateways, and keeps what they logged: for whoever wants to know why something went wrong.
    pub(crate) fn keep_logs(self) {
        println!("  logs                  {}", self.directory.keep().display());
    }

    fn set_base(&self, n: usize, base: Option<String>) {
        *self.places[n].base.write().unwrap_or_else(PoisonError::into_inner) = base;
    }

    fn faults(&self) -> MutexGuard<'_, BTreeMap<&'static str, u32>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn server(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("set {variable}: run `scripts/stores up`"))
}

/// One namespace for each run: the servers are others' as well.
fn namespace() -> String {
    #[expect(clippy::disallowed_methods, reason = "two runs must not meet in the data of a server")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("k{:x}", since.as_micros())
}
