//! The stores that a configuration asks for: the one place that knows all their adapters. The event bus has its own, `bus.rs`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use polygraph_migrations::MigrationError;

use super::bus::open_bus;
use super::guards::Guards;
use super::system::monotonic;
use super::{AppError, SystemEntropy};
use crate::cache::{Invalidation, Trust};
use crate::config::{CacheChoice, Config, DatabaseChoice, PostsChoice, SearchChoice};
use crate::domain::tag::VOCABULARY;
use crate::ports::{
    AccountStore, Backend, CacheRegister, Clock, Entropy as _, EventBus, Invalidated, Life, Outbox, PostStore,
    PublishingStore, RateLimiter, RegisteredDocuments, ResultCache, Role, SearchIndex, SessionCache, StoreResult,
    Stores, Throttle, UserStore,
};
use crate::stores::elastic::{Elastic, ElasticOptions};
use crate::stores::layer::Layered;
use crate::stores::memory::{MemoryCache, MemoryRateLimiter, MemorySessions, MemoryThrottle};
use crate::stores::mongo::{Mongo, MongoOptions};
use crate::stores::redis::{Redis, RedisOptions, RedisSessions};
use crate::stores::sql::{Sql, SqlAccounts, SqlOptions, SqlOutbox, SqlPosts, SqlPublishing, SqlRegister, SqlUsers};
use crate::stores::tantivy::{OpenError, TantivyIndex};
use crate::sync::Wake;

/// The most bytes that results kept in this process may take.
const MEMORY_CACHE_BYTES: u64 = 32 * 1024 * 1024;
/// The most keys whose tries are counted in this process, and the most budgets that are kept in it.
pub(super) const THROTTLE_KEYS: usize = 100_000;
/// The most sessions that are near at hand in this process.
const SESSIONS: usize = 100_000;

/// The adapters of a gateway, without layers: for jobs that take their time, and for migrations.
pub struct OpenStores {
    /// Users and follows.
    pub users: Arc<dyn UserStore>,
    /// Posts and likes.
    pub posts: Arc<dyn PostStore>,
    /// Search and analytics.
    pub search: Arc<dyn SearchIndex>,
    /// Resolved results.
    pub cache: Arc<dyn ResultCache>,
    /// In which life of the cache.
    pub trust: Arc<Trust>,
    /// Tells the cache of writes.
    pub invalidation: Invalidation,
    /// Whether all gateways on the same truth share the cache, or this is the only one.
    pub results_are_kept: bool,
    /// Accounts, sessions and follows, as their owners change them.
    pub accounts: Arc<dyn AccountStore>,
    /// Posts and likes, as their owners change them.
    pub publishing: Arc<dyn PublishingStore>,
    /// Events that wait, an outbox for each database.
    pub outboxes: Vec<Arc<dyn Outbox>>,
    /// The event bus: what the relay tells of all that happened.
    pub events: Arc<dyn EventBus>,
    /// Counts of tries.
    pub throttle: Arc<dyn Throttle>,
    /// Budgets of those who ask.
    pub rate_limiter: Arc<dyn RateLimiter>,
    /// Wakes the relay of this process when something was written through [`super::gateway`].
    pub wake: Wake,
    /// Sessions near at hand, where all gateways on the same users share them.
    pub sessions: Option<Arc<dyn SessionCache>>,
    /// Documents that clients registered, where all gateways find them.
    pub documents: Option<Arc<dyn RegisteredDocuments>>,
    /// Whether no other process can use the same stores: they are in a directory that is locked.
    pub are_ours_alone: bool,
    /// Whether the event bus has a server that no other part uses.
    events_have_a_server: bool,
    /// What calls of requests go through.
    pub(super) guards: Guards,
    sql: Arc<Sql>,
    mongo: Option<Mongo>,
    elastic: Option<Arc<Elastic>>,
    tantivy: Option<Arc<TantivyIndex>>,
}

impl OpenStores {
    /// Opens the adapters that `config` asks for. No server is asked anything; embedded ones open their files, or make
    /// them.
    ///
    /// # Errors
    /// [`AppError`] where an embedded store can't be opened, or a URL can't be served.
    pub fn open(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, AppError> {
        let patience = Some(config.stores.store_timeout);
        Self::open_with(config, Arc::clone(&clock), patience, |directory| TantivyIndex::open(directory, clock))
    }

    /// As [`Self::open`], where embedded stores must be there already. Statements may take their time.
    ///
    /// # Errors
    /// As [`Self::open`], and where an embedded store is not there.
    pub fn open_existing(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, AppError> {
        require_files(config)?;
        Self::open_with(config, Arc::clone(&clock), None, |directory| TantivyIndex::open(directory, clock))
    }

    /// As [`Self::open_existing`], beside a gateway that may have the embedded index: it is only read.
    ///
    /// # Errors
    /// As [`Self::open_existing`].
    pub fn open_beside(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, AppError> {
        require_files(config)?;
        Self::open_with(config, Arc::clone(&clock), None, |directory| TantivyIndex::open_to_read(directory, clock))
    }

    fn open_with(
        config: &Config,
        clock: Arc<dyn Clock>,
        statement_timeout: Option<Duration>,
        open_index: impl FnOnce(PathBuf) -> Result<TantivyIndex, OpenError>,
    ) -> Result<Self, AppError> {
        let (stores, data) = (&config.stores, &config.data);
        let is_embedded =
            matches!(stores.database, DatabaseChoice::Sqlite(_)) || matches!(stores.search, SearchChoice::Embedded);
        // A gateway on servers alone may have nowhere to write.
        if is_embedded {
            make_directory(&data.data_dir)?;
        }
        let sql = Sql::connect_lazy(SqlOptions {
            url: match &stores.database {
                DatabaseChoice::Postgres(url) => url.expose().to_owned(),
                DatabaseChoice::Sqlite(path) => format!("sqlite://{}", path.display()),
            },
            schema: data.namespace.clone(),
            max_connections: stores.database_max_connections,
            acquire_timeout: stores.store_connect_timeout,
            statement_timeout,
        })
        .map_err(|error| AppError::new("DATABASE_URL can't be used.", error))?;
        let mongo = match &stores.posts {
            PostsChoice::Sql => None,
            PostsChoice::Mongo(url) => Some(
                Mongo::connect_lazy(MongoOptions {
                    url: url.expose().to_owned(),
                    namespace: data.namespace.clone(),
                    max_pool_size: stores.mongodb_max_pool_size,
                    connect_timeout: stores.store_connect_timeout,
                    server_selection_timeout: stores.store_connect_timeout,
                })
                .map_err(|error| AppError::new("MONGODB_URL can't be used.", error))?,
            ),
        };
        let elastic = match &stores.search {
            SearchChoice::Embedded => None,
            SearchChoice::Elastic(url) => Some(Arc::new(open_elastic(config, url.expose())?)),
        };
        let tantivy = match &stores.search {
            SearchChoice::Elastic(_) => None,
            SearchChoice::Embedded => Some(Arc::new(
                open_index(data.search_dir())
                    .map_err(|error| AppError::new("The embedded search index can't be opened.", error))?,
            )),
        };
        let search: Arc<dyn SearchIndex> = match (&elastic, &tantivy) {
            (Some(elastic), _) => Arc::clone(elastic) as _,
            (None, Some(tantivy)) => Arc::clone(tantivy) as _,
            (None, None) => return Err(AppError::because("There is no search index to open.")),
        };
        let posts: Arc<dyn PostStore> = match &mongo {
            Some(mongo) => Arc::new(mongo.posts()),
            None => Arc::new(SqlPosts::new(Arc::clone(&sql))),
        };
        let publishing: Arc<dyn PublishingStore> = match &mongo {
            Some(mongo) => Arc::new(mongo.publishing()),
            None => Arc::new(SqlPublishing::new(Arc::clone(&sql))),
        };
        let mut outboxes: Vec<Arc<dyn Outbox>> = vec![Arc::new(SqlOutbox::new(Arc::clone(&sql), Role::Users))];
        outboxes.extend(mongo.iter().map(|mongo| Arc::new(mongo.outbox()) as Arc<dyn Outbox>));
        let Shared { cache, throttle, rate_limiter, sessions, documents } = match &stores.cache {
            CacheChoice::Memory => Shared {
                cache: Arc::new(MemoryCache::new(Arc::clone(&clock), MEMORY_CACHE_BYTES).in_life(new_life())),
                throttle: Arc::new(MemoryThrottle::new(Arc::clone(&clock), THROTTLE_KEYS)),
                rate_limiter: Arc::new(MemoryRateLimiter::new(Arc::clone(&clock), THROTTLE_KEYS)),
                // Other gateways may end sessions in a store of users that is not in our own directory.
                sessions: config.users_are_its_own().then(|| Arc::new(MemorySessions::new(clock, SESSIONS)) as _),
                documents: None,
            },
            CacheChoice::Redis(url) => {
                let redis = Redis::connect_lazy(RedisOptions {
                    url: url.expose().to_owned(),
                    namespace: data.namespace.clone(),
                    max_connections: stores.redis_max_connections,
                    connect_timeout: stores.store_connect_timeout,
                    command_timeout: stores.store_timeout,
                });
                let redis = Arc::new(redis.map_err(|error| AppError::new("REDIS_URL can't be used.", error))?);
                let sessions = RedisSessions::new(Arc::clone(&redis), Arc::new(SystemEntropy));
                Shared {
                    cache: Arc::clone(&redis) as _,
                    throttle: Arc::clone(&redis) as _,
                    rate_limiter: Arc::clone(&redis) as _,
                    sessions: Some(Arc::new(sessions)),
                    documents: Some(redis),
                }
            }
        };
        // A cache in this process is right only where no other gateway writes.
        let is_own = matches!(stores.cache, CacheChoice::Memory) && config.users_are_its_own() && mongo.is_none();
        let results_are_kept = is_own || matches!(stores.cache, CacheChoice::Redis(_));
        let mut registers: Vec<(Role, Arc<dyn CacheRegister>)> = Vec::new();
        if !is_own {
            registers.push((Role::Users, Arc::new(SqlRegister::new(Arc::clone(&sql), Role::Users))));
            registers.extend(mongo.iter().map(|mongo| (Role::Posts, Arc::new(mongo.register()) as _)));
        }
        let trust = Arc::new(Trust::new(registers, monotonic));
        let told = results_are_kept.then(|| Arc::clone(&cache));
        let invalidation = Invalidation::new(told, Arc::clone(&trust));
        Ok(Self {
            users: Arc::new(SqlUsers::new(Arc::clone(&sql))),
            posts,
            search,
            cache,
            trust,
            invalidation,
            results_are_kept,
            accounts: Arc::new(SqlAccounts::new(Arc::clone(&sql))),
            publishing,
            outboxes,
            events: open_bus(config)?,
            events_have_a_server: config.events.has_a_server,
            throttle,
            rate_limiter,
            sessions,
            documents,
            wake: Wake::default(),
            are_ours_alone: config.stores_are_its_own(),
            guards: Guards::new(config),
            sql,
            mongo,
            elastic,
            tantivy,
        })
    }

    /// The stores as requests use them: guarded.
    pub fn layered(&self) -> Stores {
        Stores {
            users: Layered::new(Arc::clone(&self.users), self.guards.users.clone()),
            posts: Layered::new(Arc::clone(&self.posts), self.guards.posts.clone()),
            search: Layered::new(Arc::clone(&self.search), self.guards.search.clone()),
        }
    }

    /// The stores as jobs use them, which may take their time.
    pub fn unlayered(&self) -> Stores {
        Stores { users: Arc::clone(&self.users), posts: Arc::clone(&self.posts), search: Arc::clone(&self.search) }
    }

    /// The parts whose stores are watched, in the order in which they are listed to people.
    pub fn watched(&self) -> Vec<Role> {
        Role::ALL.into_iter().chain(self.events_have_a_server.then_some(Role::Events)).collect()
    }

    /// The store that plays a part, as something that can be asked how it is.
    pub fn backend(&self, role: Role) -> &dyn Backend {
        match role {
            Role::Users => &*self.users,
            Role::Posts => &*self.posts,
            Role::Search => &*self.search,
            Role::Cache => &*self.cache,
            Role::Events => &*self.events,
        }
    }

    /// Brings the store that plays a part to the current version. Returns the names of what was applied.
    ///
    /// # Errors
    /// Where it can't be reached, or a step fails; the steps before it stay applied.
    pub async fn migrate(&self, role: Role) -> Result<Vec<String>, MigrationError> {
        match (role, &self.mongo, &self.elastic) {
            (Role::Users, _, _) | (Role::Posts, None, _) => self.sql.migrate().await,
            (Role::Posts, Some(mongo), _) => mongo
                .migrate()
                .await
                .map_err(|error| MigrationError::new("The store of posts can't be migrated.", error)),
            (Role::Search, _, Some(elastic)) => elastic.migrate().await,
            // The embedded index makes its files as it is opened; a cache has no shape, nor has the bus.
            (Role::Search, _, None) | (Role::Cache | Role::Events, _, _) => Ok(Vec::new()),
        }
    }

    /// Lets no gateway answer any more what was read before: for jobs that write without leaving an event for each
    /// change.
    ///
    /// # Errors
    /// Those of the truth stores, where the cache can't be told.
    pub async fn forget_results(&self) -> StoreResult<()> {
        for role in [Role::Users, Role::Posts] {
            self.invalidation.settle(role, &Invalidated::Everything).await?;
        }
        Ok(())
    }

    /// Whether the index lacks what the truth holds: the embedded one knows whether it was ever filled, another is
    /// asked whether it is empty. Where the truth is empty, too, filling does nothing.
    ///
    /// # Errors
    /// Those of the index.
    pub async fn index_needs_filling(&self) -> StoreResult<bool> {
        match &self.tantivy {
            Some(tantivy) => Ok(tantivy.was_created()),
            None => Ok(self.search.count_documents().await? == 0),
        }
    }

    /// Remembers that the index was filled from the truth.
    ///
    /// # Errors
    /// Those of the index.
    pub async fn index_was_filled(&self) -> StoreResult<()> {
        match &self.tantivy {
            Some(tantivy) => tantivy.mark_filled().await,
            None => Ok(()),
        }
    }
}

/// What is in Redis, or in this process.
struct Shared {
    cache: Arc<dyn ResultCache>,
    throttle: Arc<dyn Throttle>,
    rate_limiter: Arc<dyn RateLimiter>,
    sessions: Option<Arc<dyn SessionCache>>,
    documents: Option<Arc<dyn RegisteredDocuments>>,
}

/// A command that looks at data, or mends it, makes none: somebody would have mistyped the directory.
fn require_files(config: &Config) -> Result<(), AppError> {
    let (stores, data) = (&config.stores, &config.data);
    let database = match &stores.database {
        DatabaseChoice::Sqlite(path) => Some(path.clone()),
        DatabaseChoice::Postgres(_) => None,
    };
    let index = (stores.search == SearchChoice::Embedded).then(|| data.search_dir());
    match database.into_iter().chain(index).find(|path| !path.exists()) {
        None => Ok(()),
        Some(missing) => Err(AppError::because(format!(
            "There is no {}. `polygraph serve` makes it; where the data is elsewhere, say so by --data-dir.",
            missing.display()
        ))),
    }
}

/// A life of a cache that never was before.
fn new_life() -> Life {
    let mut random = [0; 16];
    SystemEntropy.fill(&mut random);
    Life::new(VOCABULARY, random)
}

fn make_directory(directory: &Path) -> Result<(), AppError> {
    std::fs::create_dir_all(directory).map_err(|error| {
        let sentence = "can't be made. Choose another with --data-dir.";
        AppError::new(format!("The data directory {} {sentence}", directory.display()), error)
    })
}

fn open_elastic(config: &Config, url: &str) -> Result<Elastic, AppError> {
    let url = url.parse().map_err(|error| AppError::new("ELASTICSEARCH_URL is not a URL.", error))?;
    let options = ElasticOptions {
        url,
        namespace: config.data.namespace.clone(),
        language: config.search.search_language.clone(),
        connect_timeout: config.stores.store_connect_timeout,
        request_timeout: config.stores.store_timeout,
        // Nobody waits longer for an answer, where all gateways are configured alike.
        grace: config.stores.store_timeout,
    };
    Elastic::connect_lazy(options).map_err(|error| AppError::new("ELASTICSEARCH_URL can't be used.", error))
}
