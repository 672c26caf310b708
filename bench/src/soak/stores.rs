//! Real stores of the run's own, which it kills, and when which of them was down.

use std::cell::RefCell;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::Failure;

/// How long after a store's return what its absence costs may still be seen (`docs/failure.md`).
pub(super) const HEALED_WITHIN: Duration = Duration::from_secs(5);

/// A store that is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Store {
    Postgres,
    MongoDb,
    Elasticsearch,
    Redis,
}

impl Store {
    /// All of them, in the order in which they are killed.
    pub(super) const ALL: [Self; 4] = [Self::Postgres, Self::MongoDb, Self::Elasticsearch, Self::Redis];

    /// Its name for people, as `docs/failure.md` has it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::MongoDb => "MongoDB",
            Self::Elasticsearch => "Elasticsearch",
            Self::Redis => "Redis",
        }
    }

    /// Its name for `scripts/stores`, and the variable that tells a gateway where it is.
    fn terms(self) -> (&'static str, &'static str) {
        match self {
            Self::Postgres => ("postgres", "DATABASE_URL"),
            Self::MongoDb => ("mongodb", "MONGODB_URL"),
            Self::Elasticsearch => ("elasticsearch", "ELASTICSEARCH_URL"),
            Self::Redis => ("redis", "REDIS_URL"),
        }
    }
}

/// The servers, whose commits reach the disk before they are answered. They are stopped and forgotten when this is
/// dropped.
#[derive(Clone)]
pub(super) struct Servers {
    directory: PathBuf,
}

/// Stops the servers at the end.
pub(super) struct Stopping<'a>(pub(super) &'a Servers);

impl Servers {
    /// Starts all of them, with their data below `directory`.
    pub(super) fn start(directory: &Path) -> Result<Self, Failure> {
        let servers = Self { directory: directory.to_owned() };
        let names = Store::ALL.map(|store| store.terms().0);
        servers.run(&[&["up"][..], &names].concat())?;
        Ok(servers)
    }

    /// The variables that tell a gateway where they are.
    pub(super) fn variables(&self) -> Result<Vec<(&'static str, OsString)>, Failure> {
        let said = self.run(&["env", "--app"])?;
        let value = |store: Store| {
            let (_, variable) = store.terms();
            let line = said.lines().find_map(|line| line.strip_prefix(&format!("export {variable}=")));
            let url = line.ok_or_else(|| format!("scripts/stores does not tell {variable}"))?;
            Ok((variable, url.trim_matches('\'').into()))
        };
        Store::ALL.into_iter().map(value).collect()
    }

    /// Kills a store with all of its processes (SIGKILL).
    pub(super) fn kill(&self, store: Store) -> Result<(), Failure> {
        self.run(&["kill", store.terms().0]).map(drop)
    }

    /// Starts one again, on the same port and the same data, and waits until it answers.
    pub(super) fn start_again(&self, store: Store) -> Result<(), Failure> {
        self.run(&["start", store.terms().0]).map(drop)
    }

    fn run(&self, arguments: &[&str]) -> Result<String, Failure> {
        let mut command = Command::new("scripts/stores");
        command.args(arguments).env("POLYGRAPH_STORES_DIR", &self.directory).env("POLYGRAPH_STORES_DURABLE", "1");
        let output = command.output().map_err(|error| format!("scripts/stores, from the project's root: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        if let Err(failure) = self.0.run(&["down"]) {
            eprintln!("the stores were not stopped: {failure}");
        }
    }
}

/// One time that a store was down.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outage {
    pub(super) store: Store,
    pub(super) killed: Instant,
    /// When it answered again.
    pub(super) back: Option<Instant>,
    /// How long after that the gateway called itself ready.
    pub(super) ready: Option<Duration>,
}

/// All outages so far.
#[derive(Default)]
pub(super) struct Outages(RefCell<Vec<Outage>>);

impl Outages {
    pub(super) fn begin(&self, store: Store) {
        self.0.borrow_mut().push(Outage { store, killed: Instant::now(), back: None, ready: None });
    }

    /// The store that was killed last answers again.
    pub(super) fn is_back(&self) {
        if let Some(outage) = self.0.borrow_mut().last_mut() {
            outage.back = Some(Instant::now());
        }
    }

    /// The gateway has seen it.
    pub(super) fn is_seen(&self) {
        if let Some(outage) = self.0.borrow_mut().last_mut() {
            outage.ready = outage.back.map(|back| back.elapsed());
        }
    }

    /// Which stores were down, or not long back, at some moment from `begin` to `end`.
    pub(super) fn during(&self, begin: Instant, end: Instant) -> Vec<Store> {
        let all = self.0.borrow();
        let meets =
            |outage: &&Outage| outage.killed <= end && outage.back.is_none_or(|back| begin <= back + HEALED_WITHIN);
        all.iter().filter(meets).map(|outage| outage.store).collect()
    }

    pub(super) fn all(&self) -> Vec<Outage> {
        self.0.borrow().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_ends_when_the_gateway_has_had_its_time_to_heal() {
        let (outages, second) = (Outages::default(), Duration::from_secs(1));
        outages.begin(Store::Redis);
        let killed = outages.all()[0].killed;
        assert_eq!(outages.during(killed - 2 * second, killed - second), []);
        assert_eq!(outages.during(killed - second, killed), [Store::Redis]);
        assert_eq!(outages.during(killed + 99 * second, killed + 99 * second), [Store::Redis]);
        outages.is_back();
        let healed = outages.all()[0].back.expect("it is back") + HEALED_WITHIN;
        assert_eq!(outages.during(healed, healed + second), [Store::Redis]);
        assert_eq!(outages.during(healed + second, healed + 2 * second), []);
    }
}
