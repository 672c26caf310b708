//! Worlds: a set of stores with demo data in it, and gateways on them.

use std::collections::HashMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use polygraph::app::{OpenStores, SystemClock, gateway};
use polygraph::config::Config;
use polygraph::domain::Timestamp;
use polygraph::http::{Gateway, router};
use polygraph::ports::{Clock, Role, StoreResult, Stores, TokenHash};
use polygraph::services::identity::{Identified, Identity, IdentityError};
use polygraph::services::progress::NoProgress;
use polygraph::services::seed::{self, SeedPlan};
use polygraph::stores::layer::{CallLog, Layered};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{Client, Society, env_url, run};

/// Which stores a world is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// SQLite, tantivy and memory.
    Embedded,
    /// PostgreSQL, MongoDB, Elasticsearch and Redis.
    Real,
}

impl Which {
    /// The variables that name these stores' servers.
    pub(crate) fn urls(self) -> Vec<(&'static str, String)> {
        let url = |name, test: &str| (name, env_url(test));
        match self {
            Self::Embedded => Vec::new(),
            Self::Real => vec![
                url("DATABASE_URL", "POLYGRAPH_TEST_POSTGRES_URL"),
                url("MONGODB_URL", "POLYGRAPH_TEST_MONGODB_URL"),
                url("ELASTICSEARCH_URL", "POLYGRAPH_TEST_ELASTICSEARCH_URL"),
                url("REDIS_URL", "POLYGRAPH_TEST_REDIS_URL"),
            ],
        }
    }
}

/// Stores with demo data in them, and a gateway on them.
pub(crate) struct World {
    pub(crate) society: Arc<Society>,
    pub(crate) stores: OpenStores,
    pub(crate) config: Config,
    /// The variables that [`World::config`] was read from.
    pub(crate) env: Vec<(&'static str, String)>,
    served: Served,
    _directory: TempDir,
}

impl World {
    /// The shared world of the embedded stores, to be read only.
    pub(crate) fn embedded() -> &'static Self {
        static WORLD: LazyLock<World> = LazyLock::new(|| World::shared(Which::Embedded));
        &WORLD
    }

    /// The shared world of the real stores, to be read only.
    pub(crate) fn real() -> &'static Self {
        static WORLD: LazyLock<World> = LazyLock::new(|| World::shared(Which::Real));
        &WORLD
    }

    /// Opened on a thread of its own, since the first test that asks for it may do so while it runs.
    fn shared(which: Which) -> Self {
        std::thread::spawn(move || run(Self::open(which, SeedPlan::default())))
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// A world of a test's own.
    pub(crate) async fn open(which: Which, plan: SeedPlan) -> Self {
        let directory = scratch();
        let env = variables(which, directory.path(), &namespace());
        let config = read_config(&env);
        let stores = OpenStores::open(&config, Arc::new(SystemClock)).expect("stores that open");
        for role in Role::ALL {
            stores.migrate(role).await.unwrap_or_else(|error| panic!("{role} is migrated: {error:?}"));
        }
        seed::run(plan, &*stores.users, &*stores.posts, &*stores.search, &SystemClock, &NoProgress)
            .await
            .unwrap_or_else(|error| panic!("demo data is sown: {error:?}"));
        let society = Arc::new(Society::of(plan));
        let served = Served::new(with_handles(gateway(&config, &stores, &clock()), &society)).await;
        Self { society, stores, config, env, served, _directory: directory }
    }

    /// A client of the gateway as it is configured by default.
    pub(crate) fn client(&self) -> &Client {
        &self.served.client
    }

    /// Another gateway on the same stores, whose calls of them are counted. It keeps no results.
    pub(crate) async fn counted(&self) -> (Served, CallLog) {
        let (gateway, log) = self.counted_gateway(&[]);
        (self.serve(gateway).await, log)
    }

    /// The same, not served yet, and configured differently by these variables.
    pub(crate) fn counted_gateway(&self, changes: &[(&'static str, &str)]) -> (Gateway, CallLog) {
        let log = CallLog::default();
        let config = self.config_with(changes);
        let gateway = Gateway { stores: self.logged(&log), results: None, ..gateway(&config, &self.stores, &clock()) };
        (with_handles(gateway, &self.society), log)
    }

    /// The configuration, changed by these variables.
    pub(crate) fn config_with(&self, changes: &[(&'static str, &str)]) -> Config {
        let mut env = self.env.clone();
        env.extend(changes.iter().map(|(name, value)| (*name, (*value).to_owned())));
        read_config(&env)
    }

    /// The stores of this world, with a log of their calls.
    pub(crate) fn logged(&self, log: &CallLog) -> Stores {
        Stores {
            users: Layered::new(Arc::clone(&self.stores.users), log.clone()),
            posts: Layered::new(Arc::clone(&self.stores.posts), log.clone()),
            search: Layered::new(Arc::clone(&self.stores.search), log.clone()),
        }
    }

    /// Serves a gateway to whose clients handles are tokens.
    pub(crate) async fn serve(&self, gateway: Gateway) -> Served {
        Served::new(with_handles(gateway, &self.society)).await
    }

    /// The same, served.
    pub(crate) async fn configured(&self, changes: &[(&'static str, &str)]) -> Served {
        self.serve(self.counted_gateway(changes).0).await
    }

    /// A gateway on the same data, which opens the stores anew, configured differently by these variables.
    pub(crate) async fn with(&self, changes: &[(&'static str, String)]) -> Served {
        let mut env = self.env.clone();
        env.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        env.extend_from_slice(changes);
        let config = read_config(&env);
        let stores = OpenStores::open(&config, Arc::new(SystemClock)).expect("stores that open");
        self.serve(gateway(&config, &stores, &clock())).await
    }
}

/// A gateway that is served for as long as this is kept.
pub(crate) struct Served {
    pub(crate) client: Client,
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Served {
    async fn new(gateway: Gateway) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address: SocketAddr = listener.local_addr().expect("an address");
        let service = router(gateway).into_make_service_with_connect_info::<SocketAddr>();
        let task = tokio::spawn(async move { axum::serve(listener, service).await.expect("it serves") });
        Self { client: Client::new(address), address, task }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A user's handle is their token: until there are sessions, and for tests that are not about them.
struct Handles(Arc<Society>);

#[async_trait]
impl Identity for Handles {
    async fn identify(&self, token: &str) -> Result<Identified, IdentityError> {
        let user = self.0.find(token).map(|user| user.id).ok_or(IdentityError::Invalid)?;
        Ok(Identified { user, session: None, expires_at: None, is_confirmed: true })
    }

    async fn living(&self, sessions: &[TokenHash]) -> StoreResult<HashMap<TokenHash, Timestamp>> {
        Ok(sessions.iter().map(|session| (*session, Timestamp::from_millis(i64::MAX))).collect())
    }
}

fn with_handles(gateway: Gateway, society: &Arc<Society>) -> Gateway {
    Gateway { identity: Arc::new(Handles(Arc::clone(society))), ..gateway }
}

/// What the environment has to be for a gateway on these stores.
pub(crate) fn variables(which: Which, directory: &Path, namespace: &str) -> Vec<(&'static str, String)> {
    let mut env = which.urls();
    env.push(("POLYGRAPH_DATA_DIR", directory.display().to_string()));
    env.push(("POLYGRAPH_NAMESPACE", namespace.to_owned()));
    // A machine that is busy with other tests makes stores slow, not down.
    env.push(("POLYGRAPH_STORE_TIMEOUT", "30s".to_owned()));
    env.push(("POLYGRAPH_RESULT_CACHE_TIMEOUT", "30s".to_owned()));
    env
}

fn read_config(env: &[(&'static str, String)]) -> Config {
    let env: Vec<_> = env.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect();
    Config::from_sources(None, &env, &[]).unwrap_or_else(|error| panic!("a configuration: {error}"))
}

/// A namespace of this run and world alone.
pub(crate) fn namespace() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    #[expect(clippy::disallowed_methods, reason = "two runs must not meet in the data of a shared server")]
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!("a{:x}_{count:x}_{nanos:x}", std::process::id())
}

/// A directory for embedded stores. The shared world is never dropped, and so its directory stays: the next run
/// removes those that have been left for an hour.
pub(crate) fn scratch() -> TempDir {
    const PREFIX: &str = "api-";
    static SWEEP: LazyLock<()> = LazyLock::new(|| {
        let Ok(entries) = std::fs::read_dir(env!("CARGO_TARGET_TMPDIR")) else { return };
        for entry in entries.flatten() {
            let age = entry.metadata().and_then(|metadata| metadata.modified()).ok().and_then(|at| at.elapsed().ok());
            let ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
            if ours && age.is_some_and(|age| age > Duration::from_secs(3600)) {
                // Another run may be removing it, too.
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
    });
    LazyLock::force(&SWEEP);
    tempfile::Builder::new().prefix(PREFIX).tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory")
}

/// The system's clock, as gateways take it.
pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}
