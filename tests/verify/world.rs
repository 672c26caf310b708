//! Stores of one test alone, with some data in them; and the binary on them.

use std::ffi::OsString;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use polygraph::app::{OpenStores, SystemClock};
use polygraph::config::Config;
use tempfile::TempDir;

/// Which stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// SQLite and tantivy.
    Embedded,
    /// PostgreSQL and tantivy.
    Postgresql,
    /// PostgreSQL, MongoDB and Elasticsearch.
    Elasticsearch,
    /// PostgreSQL, MongoDB and OpenSearch.
    OpenSearch,
}

pub(crate) struct World {
    pub(crate) which: Which,
    pub(crate) namespace: String,
    pub(crate) directory: TempDir,
    pub(crate) env: Vec<(&'static str, String)>,
}

/// A command that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl World {
    /// Stores that nobody else uses, with 20 users, 60 posts, 240 likes and 60 follows in them.
    pub(crate) fn seeded(which: Which) -> Self {
        let world = Self::empty(which);
        let args = ["seed", "--users", "20", "--posts", "60", "--likes", "240", "--follows", "60", "--seed", "3"];
        let seeded = world.run(&args);
        assert_eq!(seeded.code, Some(0), "{seeded:?}");
        world
    }

    fn empty(which: Which) -> Self {
        let (namespace, directory) = (namespace(), tempfile::tempdir().expect("a directory"));
        let mut env = vec![
            ("POLYGRAPH_DATA_DIR", directory.path().display().to_string()),
            ("POLYGRAPH_NAMESPACE", namespace.clone()),
            ("POLYGRAPH_DEMO_DATA", "false".to_owned()),
        ];
        if which != Which::Embedded {
            env.push(("DATABASE_URL", env_url("POLYGRAPH_TEST_POSTGRES_URL")));
        }
        let search = match which {
            Which::Embedded | Which::Postgresql => None,
            Which::Elasticsearch => Some("POLYGRAPH_TEST_ELASTICSEARCH_URL"),
            Which::OpenSearch => Some("POLYGRAPH_TEST_OPENSEARCH_URL"),
        };
        if let Some(search) = search {
            env.push(("MONGODB_URL", env_url("POLYGRAPH_TEST_MONGODB_URL")));
            env.push(("ELASTICSEARCH_URL", env_url(search)));
        }
        Self { which, namespace, directory, env }
    }

    /// Whether likes and posts are in MongoDB.
    pub(crate) fn has_mongodb(&self) -> bool {
        matches!(self.which, Which::Elasticsearch | Which::OpenSearch)
    }

    pub(crate) fn setting(&self, name: &str) -> &str {
        let found = self.env.iter().find(|(set, _)| *set == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_else(|| panic!("{name} is not set here"))
    }

    /// The adapters. An embedded index is theirs until they are dropped.
    pub(crate) fn open(&self) -> OpenStores {
        let env: Vec<_> = self.env.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect();
        let config = Config::from_sources(None, &env, &[]).unwrap_or_else(|error| panic!("a configuration: {error}"));
        OpenStores::open(&config, Arc::new(SystemClock)).expect("stores that open")
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_polygraph"));
        command.args(arguments).env_clear().envs(self.env.iter().cloned()).current_dir(self.directory.path());
        command
    }

    /// Runs a command of the binary to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        let output = self.command(arguments).output().expect("the binary runs");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Drop for World {
    /// A server takes only so many indexes.
    fn drop(&mut self) {
        if !self.has_mongodb() {
            return;
        }
        let (url, namespace) = (self.setting("ELASTICSEARCH_URL").to_owned(), self.namespace.clone());
        let delete = async move {
            let client = reqwest::Client::new();
            let listed = client.get(format!("{url}/{namespace}-*/_alias")).send().await?;
            let indexes: serde_json::Map<String, serde_json::Value> = listed.json().await?;
            for name in indexes.keys().filter(|name| name.starts_with(&namespace)) {
                client.delete(format!("{url}/{name}")).send().await?.error_for_status()?;
            }
            Ok::<_, reqwest::Error>(())
        };
        // A drop can't await; a thread of its own may block.
        let deleted = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(delete)
        });
        let deleted = deleted.join();
        assert!(std::thread::panicking() || matches!(deleted, Ok(Ok(()))), "the indexes can't be deleted: {deleted:?}");
    }
}

fn env_url(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("set {name}: run `scripts/stores up`"))
}

fn namespace() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    #[expect(clippy::disallowed_methods, reason = "two runs must not meet in the data of a shared server")]
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
    format!("v{:x}_{:x}_{nanos:x}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed))
}
