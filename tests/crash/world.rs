//! A set of stores, empty at first, and the gateways that are started on it one after the other.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mongodb::bson::doc;
use polygraph::ports::{Outbox, Projection, Role};
use polygraph::stores::mongo::{Mongo, MongoOptions};
use polygraph::stores::sql::{Sql, SqlOptions, SqlOutbox};
use tempfile::TempDir;

use crate::gateway::{Binary, Gateway};
use crate::stores::Servers;

/// How long the relay may take to catch up: it pauses for up to a minute between tries.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long the events wait that a killed gateway had claimed.
const RELAY_LEASE: &str = "2s";

/// Which stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Embedded,
    Real,
}

/// The stores of a run, and how to start gateways on them.
pub(crate) struct World {
    pub(crate) which: Which,
    pub(crate) servers: Option<Arc<Servers>>,
    binary: Binary,
    directory: TempDir,
    outboxes: Vec<Box<dyn Outbox>>,
    mongo: Option<mongodb::Client>,
}

impl World {
    /// A world without anybody in it.
    pub(crate) async fn open(which: Which, binary: PathBuf) -> Self {
        let directory = tempfile::Builder::new().prefix("crash-").tempdir_in(env!("CARGO_TARGET_TMPDIR"));
        let directory = directory.expect("a directory");
        let servers = (which == Which::Real).then(|| Arc::new(Servers::start()));
        let namespace = namespace();
        let mut env = servers.as_ref().map(|servers| servers.variables()).unwrap_or_default();
        let url = |name| env.iter().find(|(known, _)| *known == name).map(|(_, url)| url.clone());
        let file = directory.path().join("polygraph.sqlite3");
        let database = url("DATABASE_URL").unwrap_or_else(|| format!("sqlite://{}", file.display()));
        let mut outboxes: Vec<Box<dyn Outbox>> = vec![Box::new(sql_outbox(database, &namespace))];
        let mut mongo = None;
        if let Some(url) = url("MONGODB_URL") {
            mongo = Some(mongodb::Client::with_uri_str(&url).await.expect("a URL of MongoDB"));
            outboxes.push(Box::new(mongo_outbox(url, &namespace)));
        }
        env.extend([
            ("POLYGRAPH_DATA_DIR", directory.path().display().to_string()),
            ("POLYGRAPH_NAMESPACE", namespace),
            ("POLYGRAPH_DEMO_DATA", "false".to_owned()),
            ("POLYGRAPH_RELAY_LEASE", RELAY_LEASE.to_owned()),
            ("RUST_BACKTRACE", "0".to_owned()),
        ]);
        let binary = Binary { path: binary, env, directory: directory.path().to_owned() };
        Self { which, servers, binary, directory, outboxes, mongo }
    }

    pub(crate) async fn start(&self) -> Gateway {
        Gateway::start(&self.binary).await
    }

    /// Does what MongoDB does by itself a minute after a gateway was killed, and what holds up all that its
    /// transactions had touched until then: aborts them.
    pub(crate) async fn abort_what_was_abandoned(&self) {
        if let Some(mongo) = &self.mongo {
            let done = mongo.database("admin").run_command(doc! { "killAllSessions": [] }).await;
            done.expect("MongoDB ends the sessions of the dead");
        }
    }

    /// Waits until nothing waits for any projection: until accounts are deleted, and then until the index is told.
    ///
    /// # Errors
    /// What still waits after a long time, or has been given up on.
    pub(crate) async fn caught_up(&self) -> Result<Duration, String> {
        let began = Instant::now();
        loop {
            let (mut waiting, mut parked) = (0, 0);
            for projection in [Projection::Deletion, Projection::Index, Projection::Bus] {
                for outbox in &self.outboxes {
                    let backlog = outbox.backlog(projection).await.map_err(|error| format!("{error:?}"))?;
                    waiting += backlog.waiting;
                    parked += backlog.parked;
                }
            }
            match (waiting, parked) {
                (0, 0) => return Ok(began.elapsed()),
                _ if began.elapsed() < PATIENCE && parked == 0 => tokio::time::sleep(Duration::from_millis(50)).await,
                _ => return Err(format!("{waiting} events wait and {parked} are parked")),
            }
        }
    }

    /// Compares truth and derived views with `polygraph verify`. An embedded index is one process's alone: there, the
    /// gateway is stopped meanwhile.
    ///
    /// # Errors
    /// What `verify` said, where there is any difference.
    pub(crate) async fn verify(&self, gateway: Gateway) -> Result<Option<Gateway>, String> {
        let gateway = match self.which {
            Which::Real => Some(gateway),
            Which::Embedded if gateway.terminate() => None,
            Which::Embedded => return Err("a gateway that was told to end did not end well".to_owned()),
        };
        match self.binary.run(&["verify"]) {
            (true, _) => Ok(gateway),
            (false, said) => Err(format!("`polygraph verify`: {said}")),
        }
    }

    /// Keeps the data and the gateways' log, and returns where they are.
    pub(crate) fn keep(self) -> PathBuf {
        self.directory.keep()
    }
}

/// One namespace for each run: its servers are kept when a run is interrupted.
fn namespace() -> String {
    #[expect(clippy::disallowed_methods, reason = "two runs must not meet in the data of a server")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("c{:x}", since.as_millis())
}

fn sql_outbox(url: String, namespace: &str) -> SqlOutbox {
    let (schema, acquire_timeout) = (namespace.to_owned(), PATIENCE);
    let sql =
        Sql::connect_lazy(SqlOptions { url, schema, max_connections: 1, acquire_timeout, statement_timeout: None });
    SqlOutbox::new(sql.expect("a URL of a database"), Role::Users)
}

fn mongo_outbox(url: String, namespace: &str) -> impl Outbox + use<> {
    let namespace = namespace.to_owned();
    let (connect_timeout, server_selection_timeout) = (PATIENCE, PATIENCE);
    let options = MongoOptions { url, namespace, max_pool_size: 2, connect_timeout, server_selection_timeout };
    Mongo::connect_lazy(options).expect("a URL of MongoDB").outbox()
}
