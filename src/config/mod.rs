//! Configuration: `polygraph.toml`, then the environment, then flags, each overriding the one before.
//!
//! A setting is an entry of a section's table (its names, default, documentation and reader: [`About`]) and a field of
//! that section's final struct. Everything else follows from the table: which keys, variables and flags there are,
//! what an unknown one is nearest to, `polygraph config`, `docs/configuration.md` and `polygraph.example.toml`.
//!
//! Each source becomes a layer of texts with their origins; [`Config`] is what the stack of layers comes to, with
//! defaults filled in and everything validated. The environment and the file are handed in, so that a test needs
//! neither.
//!
//! To add a setting: a `static … Setting` in its section's file, its `about` in that file's `SECTION`, a field of the
//! section's struct, and a line in its `finish`; then `UPDATE_DOCS=1 cargo test --lib config::docs`.

mod cache;
mod data;
#[cfg(test)]
mod docs;
mod documents;
mod error;
mod events;
mod file;
mod layer;
mod limits;
mod live;
mod log;
mod nearest;
mod origin;
mod read;
mod report;
mod search;
mod security;
mod server;
mod setting;
mod store_url;
mod stores;
mod tokens;
mod traffic;

use std::ffi::OsString;
use std::path::Path;

use layer::{ConfigLayer, Values};

pub use cache::CacheConfig;
pub use data::DataConfig;
pub use documents::{DocumentsConfig, TrustPolicy};
pub use error::ConfigError;
pub use events::{EventsChoice, EventsConfig};
pub use file::ConfigFile;
pub use layer::InForce;
pub use limits::LimitsConfig;
pub use live::LiveConfig;
pub use log::{LogConfig, LogFormat};
pub use origin::Origin;
pub use report::{render_json, render_table};
pub use search::SearchConfig;
pub use security::{CorsOrigins, SecurityConfig};
pub use server::{ExplainFor, ServerConfig, TlsFiles};
pub use setting::{About, Section};
pub use store_url::StoreUrl;
pub use stores::{CacheChoice, DatabaseChoice, PostsChoice, SearchChoice, StoresConfig};
pub use tokens::{KeysChoice, OutsideConfig, TokensConfig};
pub use traffic::TrafficConfig;

/// Everything that can be configured, complete and valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// How the gateway is reached, and how it goes.
    pub server: ServerConfig,
    /// Where data lives, and what is done to it at the start.
    pub data: DataConfig,
    /// Which stores there are, and how they are reached.
    pub stores: StoresConfig,
    /// The event bus.
    pub events: EventsConfig,
    /// How text is searched.
    pub search: SearchConfig,
    /// The cache of resolved results.
    pub cache: CacheConfig,
    /// What is limited.
    pub limits: LimitsConfig,
    /// What is shown, and to pages of whom.
    pub security: SecurityConfig,
    /// Documents that requests name, and which documents run.
    pub documents: DocumentsConfig,
    /// How much is taken in.
    pub traffic: TrafficConfig,
    /// How much is told as it happens.
    pub live: LiveConfig,
    /// Tokens of an outside issuer.
    pub tokens: TokensConfig,
    /// What is logged, and how.
    pub log: LogConfig,
    /// What whoever configured this should know, in sentences for the log.
    pub notes: Vec<String>,
    in_force: Vec<InForce>,
}

/// The sections, in the order of the documentation.
static SECTIONS: [&Section; 13] = [
    &server::SECTION,
    &data::SECTION,
    &stores::SECTION,
    &events::SECTION,
    &search::SECTION,
    &cache::SECTION,
    &limits::SECTION,
    &security::SECTION,
    &documents::SECTION,
    &traffic::SECTION,
    &live::SECTION,
    &tokens::SECTION,
    &log::SECTION,
];

/// Every setting there is, in the order of the documentation.
pub fn settings() -> impl Iterator<Item = &'static About> {
    SECTIONS.iter().flat_map(|section| section.settings.iter().copied())
}

impl Config {
    /// Reads the configuration file (the one that `config_flag` names, else the variable `POLYGRAPH_CONFIG`, else
    /// `polygraph.toml` if it is there), and puts the environment and the flags on top.
    ///
    /// # Errors
    /// [`ConfigError`] with every fault of every source.
    pub fn load(
        config_flag: Option<&Path>,
        env: impl IntoIterator<Item = (OsString, OsString)>,
        flags: &[(&'static About, String)],
    ) -> Result<Self, ConfigError> {
        let env: Vec<_> = env.into_iter().collect();
        let mut faults = Vec::new();
        let file = ConfigFile::find(config_flag, &env, &mut faults);
        Self::merge(file.as_ref(), &env, flags, faults)
    }

    /// As [`Config::load`], with the file's content handed in.
    ///
    /// # Errors
    /// [`ConfigError`] with every fault of every source.
    pub fn from_sources(
        file: Option<&ConfigFile>,
        env: &[(OsString, OsString)],
        flags: &[(&'static About, String)],
    ) -> Result<Self, ConfigError> {
        Self::merge(file, env, flags, Vec::new())
    }

    fn merge(
        file: Option<&ConfigFile>,
        env: &[(OsString, OsString)],
        flags: &[(&'static About, String)],
        mut faults: Vec<String>,
    ) -> Result<Self, ConfigError> {
        let file = file.map(|file| file.layer(&mut faults)).unwrap_or_default();
        let env = ConfigLayer::from_env(env, &mut faults);
        let flags = ConfigLayer::from_flags(flags);
        Self::finish(Values::new(file.overridden_by(env).overridden_by(flags), faults))
    }

    /// What a stack of layers comes to. Every section is read before any fault ends it: faults are told all at once.
    fn finish(mut values: Values) -> Result<Self, ConfigError> {
        let server = ServerConfig::finish(&mut values);
        let data = DataConfig::finish(&mut values);
        let stores = StoresConfig::finish(&mut values, data.as_ref());
        let are_shared = match (&stores, &data) {
            (Some(stores), Some(data)) => !stores.are_in_a_directory_of_their_own(data),
            _ => false,
        };
        let events = EventsConfig::finish(&mut values, stores.as_ref(), are_shared);
        let search = SearchConfig::finish(&mut values);
        let cache = CacheConfig::finish(&mut values);
        let production = server.as_ref().is_some_and(|server| server.production);
        let limits = LimitsConfig::finish(&mut values, production);
        let security = SecurityConfig::finish(&mut values, production);
        let documents = DocumentsConfig::finish(&mut values, production);
        let traffic = TrafficConfig::finish(&mut values);
        let live = LiveConfig::finish(&mut values);
        let tokens = TokensConfig::finish(&mut values);
        let log = LogConfig::finish(&mut values);
        if let (Some(StoresConfig { search: SearchChoice::Embedded, .. }), Some(search)) = (&stores, &search) {
            search.check_embedded(&mut values);
        }
        let Values { mut in_force, faults, notes, .. } = values;
        in_force.sort_by_key(|row| settings().position(|about| about.key == row.key));
        let complete = (|| {
            Some(Self {
                server: server?,
                data: data?,
                stores: stores?,
                events: events?,
                search: search?,
                cache: cache?,
                limits: limits?,
                security: security?,
                documents: documents?,
                traffic: traffic?,
                live: live?,
                tokens: tokens?,
                log: log?,
                notes,
                in_force,
            })
        })();
        complete.filter(|_| faults.is_empty()).ok_or_else(|| ConfigError::new(faults))
    }

    /// Every setting with the value in force and its origin, in the order of the documentation.
    pub fn in_force(&self) -> &[InForce] {
        &self.in_force
    }

    /// Whether no other gateway can have the same users: they are in the data directory, which the embedded index locks.
    pub fn users_are_its_own(&self) -> bool {
        self.stores.users_are_in_the_directory_of(&self.data)
    }

    /// Whether no other gateway can have the same users and posts.
    pub fn stores_are_its_own(&self) -> bool {
        self.stores.are_in_a_directory_of_their_own(&self.data)
    }

    /// Whether every truth store is embedded: the data is this gateway's alone.
    pub fn truth_is_embedded(&self) -> bool {
        self.stores.truth_is_embedded()
    }
}
