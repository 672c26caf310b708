//! Which stores there are, and how they are reached.
//!
//! Each store is chosen by its URL alone, independently of the others; without one, its embedded stand-in plays its
//! part.

use std::path::PathBuf;
use std::time::Duration;

use super::data::DataConfig;
use super::layer::Values;
use super::read;
use super::setting::{Section, Setting};
use super::store_url::{Schemes, StoreUrl};

/// Which stores there are, and how they are reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoresConfig {
    /// Who holds users and follows.
    pub database: DatabaseChoice,
    /// Who holds posts and likes.
    pub posts: PostsChoice,
    /// Who answers search and analytics.
    pub search: SearchChoice,
    /// Who keeps resolved results.
    pub cache: CacheChoice,
    /// The most connections to the SQL store.
    pub database_max_connections: u32,
    /// The most connections to each MongoDB server.
    pub mongodb_max_pool_size: u32,
    /// The most connections to Redis.
    pub redis_max_connections: u32,
    /// How long a connection to a store may take to be made.
    pub store_connect_timeout: Duration,
    /// How long a store may take to answer a call.
    pub store_timeout: Duration,
    /// The most requests to Elasticsearch at once.
    pub elasticsearch_max_requests: u32,
    /// How many calls of a store may wait for their turn.
    pub store_max_waiting: u32,
    /// How often a call that a store was not there for is made again.
    pub store_retries: u32,
    /// The longest pause before the first of these tries.
    pub store_retry_pause: Duration,
    /// After how many failures in a row a store is left alone.
    pub store_breaker_failures: u32,
    /// For how long, before a call finds out whether it is back.
    pub store_breaker_pause: Duration,
}

/// Who holds users and follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseChoice {
    /// A PostgreSQL server.
    Postgres(StoreUrl),
    /// SQLite, embedded, in this file.
    Sqlite(PathBuf),
}

/// Who holds posts and likes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostsChoice {
    /// MongoDB.
    Mongo(StoreUrl),
    /// The SQL store, beside the users.
    Sql,
}

/// Who answers search and analytics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SearchChoice {
    /// Elasticsearch or OpenSearch.
    Elastic(StoreUrl),
    /// tantivy, embedded, in [`DataConfig::search_dir`].
    Embedded,
}

/// Who keeps resolved results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CacheChoice {
    /// Redis.
    Redis(StoreUrl),
    /// This process.
    Memory,
}

const SQL: Schemes = Schemes {
    accepted: &["postgres", "postgresql", "sqlite"],
    named: "postgres://, sqlite://",
    example: "postgres://user:password@host:5432/database or sqlite://path/to/file",
};
const MONGODB: Schemes = Schemes {
    accepted: &["mongodb", "mongodb+srv"],
    named: "mongodb://, mongodb+srv://",
    example: "mongodb://user:password@host:27017/database",
};
const ELASTICSEARCH: Schemes =
    Schemes { accepted: &["http", "https"], named: "http://, https://", example: "https://user:password@host:9200" };
const REDIS: Schemes = Schemes {
    accepted: &["redis", "rediss"],
    named: "redis://, rediss://",
    example: "redis://user:password@host:6379/0",
};

static DATABASE_URL: Setting<Option<DatabaseChoice>> = Setting::new(
    "database_url",
    "URL",
    read_database,
    "The SQL store of users and follows: `postgres://`, or `sqlite://` with a file's path.",
)
.unset("SQLite in the data directory", "postgres://user:password@localhost:5432/polygraph")
.env("DATABASE_URL")
.secret();

static MONGODB_URL: Setting<Option<StoreUrl>> = Setting::new(
    "mongodb_url",
    "URL",
    |text| read_url(text, &MONGODB),
    "The store of posts and likes: `mongodb://` or `mongodb+srv://`, a replica set of one node at least.",
)
.unset("the SQL store", "mongodb://localhost:27017/polygraph?replicaSet=rs0")
.env("MONGODB_URL")
.secret();

static ELASTICSEARCH_URL: Setting<Option<StoreUrl>> = Setting::new(
    "elasticsearch_url",
    "URL",
    |text| read_url(text, &ELASTICSEARCH),
    "The index of search and analytics, Elasticsearch or OpenSearch: `http://` or `https://`.",
)
.unset("an index in the data directory", "http://localhost:9200")
.env("ELASTICSEARCH_URL")
.secret();

static REDIS_URL: Setting<Option<StoreUrl>> = Setting::new(
    "redis_url",
    "URL",
    |text| read_url(text, &REDIS),
    "The cache of resolved results: `redis://` or `rediss://`.",
)
.unset("memory of this process", "redis://localhost:6379")
.env("REDIS_URL")
.secret();

static DATABASE_MAX_CONNECTIONS: Setting<u32> =
    Setting::new("database_max_connections", "NUMBER", read::pool_size, "The most connections to the SQL store.")
        .default("16");

static MONGODB_MAX_POOL_SIZE: Setting<u32> =
    Setting::new("mongodb_max_pool_size", "NUMBER", read::pool_size, "The most connections to each MongoDB server.")
        .default("16");

static REDIS_MAX_CONNECTIONS: Setting<u32> =
    Setting::new("redis_max_connections", "NUMBER", read::pool_size, "The most connections to Redis.").default("16");

static STORE_CONNECT_TIMEOUT: Setting<Duration> = Setting::new(
    "store_connect_timeout",
    "DURATION",
    read::timeout,
    "How long a connection to a store may take to be made.",
)
.default("2s");

static STORE_TIMEOUT: Setting<Duration> = Setting::new(
    "store_timeout",
    "DURATION",
    read::timeout,
    "How long a store may take to answer a call. No call outlasts `request_timeout`.",
)
.default("5s");

static ELASTICSEARCH_MAX_REQUESTS: Setting<u32> = Setting::new(
    "elasticsearch_max_requests",
    "NUMBER",
    read::pool_size,
    "The most requests to Elasticsearch at once.",
)
.default("32");

static STORE_MAX_WAITING: Setting<u32> = Setting::new(
    "store_max_waiting",
    "NUMBER",
    read::small_count,
    "How many calls of a store may wait for one of its connections, reads and writes each; more are refused at once \
     (`OVERLOADED`).",
)
.default("1000");

static STORE_RETRIES: Setting<u32> = Setting::new(
    "store_retries",
    "NUMBER",
    read::small_count,
    "How often a call that found no store is made again, where that does no harm; 0 for never. `store_timeout` covers \
     all tries.",
)
.default("2");

static STORE_RETRY_PAUSE: Setting<Duration> = Setting::new(
    "store_retry_pause",
    "DURATION",
    read::duration,
    "The longest pause before the first of these tries: its length is random, and doubles with each, up to 1s.",
)
.default("50ms");

static STORE_BREAKER_FAILURES: Setting<u32> = Setting::new(
    "store_breaker_failures",
    "NUMBER",
    read::pool_size,
    "After how many failures in a row a store is left alone: calls are refused at once then.",
)
.default("5");

static STORE_BREAKER_PAUSE: Setting<Duration> = Setting::new(
    "store_breaker_pause",
    "DURATION",
    read::timeout,
    "How long it is left alone before one call finds out whether it is back, and then the next.",
)
.default("1s");

pub(super) static SECTION: Section = Section {
    title: "Stores",
    settings: &[
        &DATABASE_URL.about,
        &MONGODB_URL.about,
        &ELASTICSEARCH_URL.about,
        &REDIS_URL.about,
        &DATABASE_MAX_CONNECTIONS.about,
        &MONGODB_MAX_POOL_SIZE.about,
        &REDIS_MAX_CONNECTIONS.about,
        &STORE_CONNECT_TIMEOUT.about,
        &STORE_TIMEOUT.about,
        &ELASTICSEARCH_MAX_REQUESTS.about,
        &STORE_MAX_WAITING.about,
        &STORE_RETRIES.about,
        &STORE_RETRY_PAUSE.about,
        &STORE_BREAKER_FAILURES.about,
        &STORE_BREAKER_PAUSE.about,
    ],
};

impl StoresConfig {
    pub(super) fn finish(values: &mut Values, data: Option<&DataConfig>) -> Option<Self> {
        let (database, posts) = (values.get(&DATABASE_URL), values.get(&MONGODB_URL));
        let (search, cache) = (values.get(&ELASTICSEARCH_URL), values.get(&REDIS_URL));
        let (database_max_connections, mongodb_max_pool_size, redis_max_connections) = (
            values.get(&DATABASE_MAX_CONNECTIONS),
            values.get(&MONGODB_MAX_POOL_SIZE),
            values.get(&REDIS_MAX_CONNECTIONS),
        );
        let (store_connect_timeout, store_timeout) = (values.get(&STORE_CONNECT_TIMEOUT), values.get(&STORE_TIMEOUT));
        let (elasticsearch_max_requests, store_max_waiting) =
            (values.get(&ELASTICSEARCH_MAX_REQUESTS), values.get(&STORE_MAX_WAITING));
        let (store_retries, store_retry_pause) = (values.get(&STORE_RETRIES), values.get(&STORE_RETRY_PAUSE));
        let (store_breaker_failures, store_breaker_pause) =
            (values.get(&STORE_BREAKER_FAILURES), values.get(&STORE_BREAKER_PAUSE));
        Some(Self {
            database: match database? {
                Some(database) => database,
                None => DatabaseChoice::Sqlite(data?.sqlite_path()),
            },
            posts: posts?.map_or(PostsChoice::Sql, PostsChoice::Mongo),
            search: search?.map_or(SearchChoice::Embedded, SearchChoice::Elastic),
            cache: cache?.map_or(CacheChoice::Memory, CacheChoice::Redis),
            database_max_connections: database_max_connections?,
            mongodb_max_pool_size: mongodb_max_pool_size?,
            redis_max_connections: redis_max_connections?,
            store_connect_timeout: store_connect_timeout?,
            store_timeout: store_timeout?,
            elasticsearch_max_requests: elasticsearch_max_requests?,
            store_max_waiting: store_max_waiting?,
            store_retries: store_retries?,
            store_retry_pause: store_retry_pause?,
            store_breaker_failures: store_breaker_failures?,
            store_breaker_pause: store_breaker_pause?,
        })
    }

    /// Whether users are in the data directory, which the embedded index locks.
    pub(super) fn users_are_in_the_directory_of(&self, data: &DataConfig) -> bool {
        self.database == DatabaseChoice::Sqlite(data.sqlite_path()) && self.search == SearchChoice::Embedded
    }

    /// Whether all truth is.
    pub(super) fn are_in_a_directory_of_their_own(&self, data: &DataConfig) -> bool {
        self.users_are_in_the_directory_of(data) && self.posts == PostsChoice::Sql
    }

    /// Whether every truth store is embedded: the data is this gateway's alone.
    pub fn truth_is_embedded(&self) -> bool {
        matches!((&self.database, &self.posts), (DatabaseChoice::Sqlite(_), PostsChoice::Sql))
    }
}

fn read_url(text: &str, schemes: &Schemes) -> Result<Option<StoreUrl>, String> {
    if text.is_empty() { Ok(None) } else { StoreUrl::parse(text, schemes).map(Some) }
}

fn read_database(text: &str) -> Result<Option<DatabaseChoice>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    match SQL.split(text)? {
        ("sqlite", path) => read_sqlite(path).map(Some),
        _ => Ok(Some(DatabaseChoice::Postgres(StoreUrl::parse(text, &SQL)?))),
    }
}

/// What stands after `sqlite://`: a path, taken as it is. `?mode=rwc` is what happens anyway, so it may stand there.
fn read_sqlite(text: &str) -> Result<DatabaseChoice, String> {
    let path = text.strip_suffix("?mode=rwc").unwrap_or(text);
    if path.is_empty() || path == ":memory:" || path.contains('?') {
        return Err(
            "names no file. Write sqlite:// and a path without parameters, like sqlite://data/polygraph.sqlite3 \
                    or sqlite:///var/lib/polygraph.sqlite3."
                .to_owned(),
        );
    }
    Ok(DatabaseChoice::Sqlite(PathBuf::from(path)))
}
