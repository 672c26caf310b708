//! MongoDB: posts and likes as documents.
//!
//! | collection | key | holds |
//! |---|---|---|
//! | `{namespace}_posts` | the post's id | posts, with the exact number of their likes |
//! | `{namespace}_likes` | the bytes of the post's id and the user's | likes |
//! | `{namespace}_authors` | the user's id | how many posts each user wrote, and how many they like; who is closed |
//! | `{namespace}_publish_keys` | the bytes of the author's id and the key | what was published under which key |
//! | `{namespace}_outbox` | the event's id | events that wait for projections |
//! | `{namespace}_cache_register` | `cache` | whether results that are kept may be answered |
//!
//! Counters change in the transaction that changes what they count, so the server must be a replica set, of one node
//! at least. Every page is a walk along a stretch of one index ([`query`]); the migrations crate creates them.

pub mod children;
mod decode;
mod document;
mod error;
mod fallback;
mod mend;
mod outbox;
mod outbox_document;
pub mod outbox_query;
mod posts;
mod publishing;
mod publishing_likes;
mod publishing_posts;
pub mod query;
mod read;
mod recount;
mod register;
mod transaction;
mod write;

use std::sync::Arc;
use std::time::Duration;

use mongodb::bson::{Document, doc};
use mongodb::options::{ClientOptions, ConnectionString};
use mongodb::{Client, Collection, Database};
use polygraph_migrations::MigrationError;
use polygraph_migrations::mongo as migrations;
use tokio::sync::OnceCell;

use crate::ports::{ErrorKind, Role, StoreError, StoreResult};
use document::{LikeDocument, PostDocument};
use error::store_error;
pub use outbox::MongoOutbox;
use outbox_document::OutboxDocument;
pub use posts::MongoPosts;
pub use publishing::MongoPublishing;
use publishing_posts::KeyDocument;
pub use register::MongoRegister;
use register::RegisterDocument;

/// Where the server is, and how it is talked to.
#[derive(Clone)]
pub struct MongoOptions {
    /// `mongodb://` or `mongodb+srv://`; the path names the database, `polygraph` where it is empty.
    pub url: String,
    /// The prefix of every collection.
    pub namespace: String,
    /// How many connections at most; what needs more waits.
    pub max_pool_size: u32,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long a command waits for a server that could take it.
    pub server_selection_timeout: Duration,
}

/// A MongoDB server. Clones share their connections.
#[derive(Clone)]
pub struct Mongo(Arc<Inner>);

struct Inner {
    connection: ConnectionString,
    options: MongoOptions,
    collections: OnceCell<Collections>,
}

/// The database and what is in it.
struct Collections {
    database: Database,
    posts: Collection<PostDocument>,
    likes: Collection<LikeDocument>,
    authors: Collection<Document>,
    publish_keys: Collection<KeyDocument>,
    outbox: Collection<OutboxDocument>,
    cache_register: Collection<RegisterDocument>,
}

impl Mongo {
    /// A server that is first talked to when something is asked of it: this does no I/O.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] when the URL is not one of MongoDB.
    pub fn connect_lazy(options: MongoOptions) -> StoreResult<Self> {
        let connection = ConnectionString::parse(&options.url).map_err(store_error)?;
        Ok(Self(Arc::new(Inner { connection, options, collections: OnceCell::new() })))
    }

    /// Brings collections and indexes to the current version. Returns the names of the steps applied.
    ///
    /// # Errors
    /// As any call; a step that the server refuses is [`ErrorKind::Internal`].
    pub async fn migrate(&self) -> StoreResult<Vec<String>> {
        let database = &self.collections().await?.database;
        migrations::up(database, &self.0.options.namespace).await.map_err(migration_error)
    }

    /// The store of posts on this server.
    pub fn posts(&self) -> MongoPosts {
        MongoPosts::new(self.clone())
    }

    /// Posts and likes on this server, as their owners change them.
    pub fn publishing(&self) -> MongoPublishing {
        MongoPublishing::new(self.clone())
    }

    /// The events that those changes left on this server.
    pub fn outbox(&self) -> MongoOutbox {
        MongoOutbox::new(self.clone())
    }

    /// What this server says about the cache of results.
    pub fn register(&self) -> MongoRegister {
        MongoRegister::new(self.clone())
    }

    /// What is asked. `mongodb+srv` needs DNS to know its hosts, so even the client is made at the first call.
    async fn collections(&self) -> StoreResult<&Collections> {
        let Inner { connection, options, collections } = self.0.as_ref();
        let connect = || async {
            let mut client = ClientOptions::parse(connection.clone()).await.map_err(store_error)?;
            client.app_name.get_or_insert_with(|| "polygraph".to_owned());
            client.max_pool_size = Some(options.max_pool_size);
            client.connect_timeout = Some(options.connect_timeout);
            client.server_selection_timeout = Some(options.server_selection_timeout);
            let name = client.default_database.clone().unwrap_or_else(|| "polygraph".to_owned());
            let database = Client::with_options(client).map_err(store_error)?.database(&name);
            let full = |name| migrations::collection(&options.namespace, name);
            Ok(Collections {
                posts: database.collection(&full("posts")),
                likes: database.collection(&full("likes")),
                authors: database.collection(&full("authors")),
                publish_keys: database.collection(&full("publish_keys")),
                outbox: database.collection(&full("outbox")),
                cache_register: database.collection(&full("cache_register")),
                database,
            })
        };
        collections.get_or_try_init(connect).await
    }

    /// The server's version, if it can do what is asked of it: transactions, on migrated collections.
    async fn check(&self) -> StoreResult<String> {
        let database = &self.collections().await?.database;
        let command =
            |name: &'static str| async move { database.run_command(doc! { name: 1 }).await.map_err(store_error) };
        let pending = async { migrations::pending(database, &self.0.options.namespace).await.map_err(migration_error) };
        let (build, hello, pending) = futures::try_join!(command("buildInfo"), command("hello"), pending)?;
        let version = build.get_str("version").unwrap_or("unknown");
        if is_too_old(version) {
            return Err(not_ready(format!("MongoDB 5.2 or newer is needed: this one is {version}.")));
        }
        if !has_transactions(&hello) {
            return Err(not_ready("MongoDB must be a replica set, of one node at least: transactions need it."));
        }
        if !pending.is_empty() {
            return Err(not_ready(format!("Run `polygraph migrate`: {} are not applied.", pending.join(", "))));
        }
        Ok(version.to_owned())
    }
}

/// Whether it does not know `$topN` yet. A version that can't be read passes: what it lacks shows in use.
fn is_too_old(version: &str) -> bool {
    let mut parts = version.split('.').map_while(|part| part.parse::<u32>().ok());
    let (major, minor) = (parts.next(), parts.next());
    major.zip(minor).is_some_and(|version| version < (5, 2))
}

/// Whether the server is a member of a replica set, or a router of a sharded cluster.
fn has_transactions(hello: &Document) -> bool {
    hello.contains_key("setName") || hello.get_str("msg").is_ok_and(|msg| msg == "isdbgrid")
}

fn not_ready(sentence: impl Into<String>) -> StoreError {
    StoreError::new(Role::Posts, ErrorKind::NotReady, sentence.into())
}

/// The driver's error inside decides what kind of failure it was; the whole chain is kept for the log.
fn migration_error(error: MigrationError) -> StoreError {
    let driver = std::error::Error::source(&error).and_then(|source| source.downcast_ref::<mongodb::error::Error>());
    let kind = driver.map_or(ErrorKind::Internal, error::kind_of);
    StoreError::new(Role::Posts, kind, error)
}

#[cfg(test)]
mod tests {
    use super::is_too_old;

    #[test]
    fn versions_without_what_is_sent_are_refused() {
        for (version, old) in
            [("4.4.29", true), ("5.0.1", true), ("5.2.0", false), ("8.0.0-rc1", false), ("new", false)]
        {
            assert_eq!(is_too_old(version), old, "{version}");
        }
    }
}
