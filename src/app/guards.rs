//! The guards of a gateway's stores, as configured.

use std::sync::Arc;

use super::SystemEntropy;
use super::system::monotonic;
use crate::config::{Config, PostsChoice};
use crate::ports::Role;
use crate::stores::layer::{Guard, GuardLimits};

/// A guard for each store that requests ask. The cache has its own ways (`cache::Reach`).
pub(super) struct Guards {
    pub users: Guard,
    pub posts: Guard,
    pub search: Guard,
}

impl Guards {
    pub fn new(config: &Config) -> Self {
        let stores = &config.stores;
        let guard = |role, at_once: u32| {
            let limits = GuardLimits {
                timeout: stores.store_timeout.min(config.server.request_timeout),
                retries: stores.store_retries,
                retry_pause: stores.store_retry_pause,
                breaker_failures: stores.store_breaker_failures,
                breaker_pause: stores.store_breaker_pause,
                at_once: at_once as usize,
                waiting: stores.store_max_waiting as usize,
            };
            Guard::new(role, limits, Arc::new(SystemEntropy), monotonic)
        };
        // As many calls as there are connections: those who wait for one wait where it is counted.
        let users = guard(Role::Users, stores.database_max_connections);
        let posts = match stores.posts {
            // One database, which has one pool of connections, and is down as a whole.
            PostsChoice::Sql => users.clone(),
            PostsChoice::Mongo(_) => guard(Role::Posts, stores.mongodb_max_pool_size),
        };
        Self { users, posts, search: guard(Role::Search, stores.elasticsearch_max_requests) }
    }
}
