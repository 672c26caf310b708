//! Search and analytics in Elasticsearch (7.17 or newer) or OpenSearch (2 or newer).
//!
//! The mappings are the migrations crate's (`polygraph_migrations::elastic`). What a word is, which words match and
//! what is highlighted is decided by the domain: documents carry their words ready cut, and queries name words, never
//! text that a query language would read. Only a search language other than `standard` brings in an analyzer of the
//! server's. No scripts, no point in time, nothing that the two engines spell differently.

mod analytics;
mod answer;
mod build;
mod bulk;
mod connection;
mod document;
mod error;
mod highlights;
pub mod query;
mod scan;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use elasticsearch::http::Method;
use futures::future::try_join;
use polygraph_migrations::MigrationError;
use polygraph_migrations::elastic as migrations;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use crate::domain::search::{
    ActivityCount, DocumentKind, Hit, IndexChange, IndexKey, Indexed, SearchAnswer, SearchRequest, SearchType,
    SuggestRequest,
};
use crate::domain::{Interval, Period, PostId, UserId};
use crate::ports::{Backend, ErrorKind, IndexBuild, Role, SearchIndex, StoreError, StoreResult, deadline};
use build::Build;
use connection::Connection;

/// How to reach the server, and what of it is ours.
#[derive(Clone)]
pub struct ElasticOptions {
    /// Where it listens, with the credentials for basic authentication, if it wants any.
    pub url: Url,
    /// The prefix of our indexes.
    pub namespace: String,
    /// The analyzer of titles and texts: `standard`, or one that the server has, such as `english`.
    pub language: String,
    /// How long to wait for a connection to a server that is not known to be there.
    pub connect_timeout: Duration,
    /// How long to wait for an answer.
    pub request_timeout: Duration,
    /// How long an index that another has replaced is kept for those who are still searching it.
    pub grace: Duration,
}

/// The search index in Elasticsearch or OpenSearch.
pub struct Elastic {
    connection: Arc<Connection>,
    namespace: String,
    language: String,
    search_alias: String,
    likes_alias: String,
    grace: Duration,
}

impl Elastic {
    /// An adapter that connects when it is first used.
    ///
    /// # Errors
    /// [`StoreError`] when no client can be made of the options, whatever the server does.
    pub fn connect_lazy(options: ElasticOptions) -> StoreResult<Self> {
        Ok(Self {
            search_alias: migrations::search_alias(&options.namespace),
            likes_alias: migrations::likes_alias(&options.namespace),
            connection: Arc::new(Connection::lazy(options.url, options.connect_timeout, options.request_timeout)?),
            namespace: options.namespace,
            language: options.language,
            grace: options.grace,
        })
    }

    /// Brings the indexes to the current version; returns the names of those that were made.
    ///
    /// # Errors
    /// As [`polygraph_migrations::elastic::up`].
    pub async fn migrate(&self) -> Result<Vec<String>, MigrationError> {
        migrations::up(self.connection.client(), &self.namespace, &self.language).await
    }

    /// The indexes that [`Self::migrate`] would make.
    ///
    /// # Errors
    /// As [`polygraph_migrations::elastic::pending`].
    pub async fn pending(&self) -> Result<Vec<String>, MigrationError> {
        migrations::pending(self.connection.client(), &self.namespace, &self.language).await
    }

    /// Whether an analyzer of the server's stems titles and texts.
    fn stemmed(&self) -> bool {
        self.language != migrations::STANDARD
    }

    fn both(&self) -> String {
        format!("{},{}", self.search_alias, self.likes_alias)
    }

    async fn ready(&self) -> StoreResult<()> {
        match self.pending().await {
            Ok(pending) if pending.is_empty() => Ok(()),
            Ok(pending) => {
                let what = format!("not there yet: {}", pending.join(", "));
                Err(StoreError::new(Role::Search, ErrorKind::NotReady, what))
            }
            Err(error) => Err(StoreError::new(Role::Search, ErrorKind::NotReady, error)),
        }
    }
}

#[derive(Deserialize)]
struct About {
    version: Version,
}

#[derive(Deserialize)]
struct Version {
    number: String,
    distribution: Option<String>,
}

#[derive(Deserialize)]
struct Counted {
    count: u64,
}

#[async_trait]
impl Backend for Elastic {
    fn kind(&self) -> &'static str {
        "elasticsearch"
    }

    async fn check(&self) -> StoreResult<String> {
        let about = self.connection.ask::<About>(Method::Get, "", None);
        // A server that does not answer is that above all, whatever else can't be found out then.
        let (About { version }, ready) = try_join(about, async { Ok(self.ready().await) }).await?;
        ready?;
        Ok(match version.distribution.as_deref() {
            Some("opensearch") => format!("OpenSearch {}", version.number),
            _ => version.number,
        })
    }
}

#[async_trait]
impl SearchIndex for Elastic {
    async fn search(&self, request: &SearchRequest) -> StoreResult<SearchAnswer> {
        let findable = [SearchType::User, SearchType::Post].into_iter().any(|kind| request.filter.admits(kind));
        if request.text.words.is_empty() || !findable {
            return Ok(answer::nothing(&request.extras));
        }
        let body = query::search(request, self.stemmed());
        // Two copies of a shard may score differently: the pages of one search come from one of them.
        let copy = query::fingerprint(&request.text.words);
        let path = format!("{}&preference={copy}", search_path(&self.search_alias));
        let answer = self.connection.ask(Method::Post, &path, Some(&body)).await?;
        answer::search(answer, request)
    }

    async fn suggest(&self, request: &SuggestRequest) -> StoreResult<Vec<Hit>> {
        if request.limit == 0 {
            return Ok(Vec::new());
        }
        answer::suggest(self.find(&self.search_alias, &query::suggest(request)).await?, request)
    }

    async fn top_authors(&self, period: Period, limit: u32) -> StoreResult<Vec<(UserId, u64)>> {
        self.top("author", period, limit).await
    }

    async fn top_posts(&self, period: Period, limit: u32) -> StoreResult<Vec<(PostId, u64)>> {
        self.top("post", period, limit).await
    }

    async fn activity(&self, period: Period, interval: Interval) -> StoreResult<Vec<ActivityCount>> {
        let body = analytics::activity(period, interval);
        Ok(analytics::merge(self.find(&self.both(), &body).await?))
    }

    async fn apply(&self, changes: &[IndexChange]) -> StoreResult<()> {
        let changes = bulk::newest(changes);
        loop {
            let targets = build::targets(&self.connection, &self.search_alias, &self.likes_alias).await?;
            match bulk::write(&self.connection, &changes, &targets).await {
                // What was being built has come to its end meanwhile, or what answered has been replaced by it.
                Err(error) if error.kind == ErrorKind::NotReady && targets.is_building() => {
                    tracing::debug!(%error, "changes are written again: an index has come or gone");
                }
                done => return done,
            }
        }
    }

    async fn remove_likes_of(&self, post: PostId) -> StoreResult<()> {
        let indexes = format!("{},{}*", self.likes_alias, migrations::building_alias(&self.likes_alias));
        scan::remove_likes_of(&self.connection, &indexes, post).await
    }

    async fn scan_documents(
        &self,
        kind: DocumentKind,
        after: Option<IndexKey>,
        limit: u32,
    ) -> StoreResult<Vec<Indexed>> {
        let index = if kind == DocumentKind::Like { &self.likes_alias } else { &self.search_alias };
        Ok(scan::documents(kind, self.find(index, &scan::page(kind, after, limit)).await?))
    }

    async fn documents_by_key(&self, keys: &[IndexKey]) -> StoreResult<HashMap<IndexKey, Indexed>> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let body = scan::by_key(keys, &self.search_alias, &self.likes_alias);
        scan::found(keys, self.connection.ask(Method::Post, "_mget", Some(&body)).await?)
    }

    async fn refresh(&self) -> StoreResult<()> {
        let next = [&self.search_alias, &self.likes_alias].map(|alias| migrations::building_alias(alias));
        build::refresh(&self.connection, &format!("{},{}*,{}*", self.both(), next[0], next[1])).await
    }

    async fn count_documents(&self) -> StoreResult<u64> {
        let path = format!("{}/_count", self.both());
        Ok(self.connection.ask::<Counted>(Method::Post, &path, Some(&json!({}))).await?.count)
    }

    async fn begin_build(&self) -> StoreResult<Box<dyn IndexBuild>> {
        let connection = Arc::clone(&self.connection);
        Ok(Box::new(Build::begin(connection, &self.namespace, &self.language, self.grace).await?))
    }
}

impl Elastic {
    async fn top<I: From<uuid::Uuid>>(&self, field: &str, period: Period, limit: u32) -> StoreResult<Vec<(I, u64)>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        Ok(analytics::ranked(self.find(&self.likes_alias, &analytics::top(field, period, limit)).await?))
    }

    async fn find<T: serde::de::DeserializeOwned>(&self, indexes: &str, body: &Value) -> StoreResult<T> {
        self.connection.ask(Method::Post, &search_path(indexes), Some(body)).await
    }
}

/// Where searches go: all or nothing is answered, and the server goes on for no longer than somebody waits.
fn search_path(indexes: &str) -> String {
    let timeout = deadline::time_left().map_or(String::new(), |left| format!("&timeout={}ms", left.as_millis().max(1)));
    format!("{indexes}/_search?allow_partial_search_results=false{timeout}")
}
