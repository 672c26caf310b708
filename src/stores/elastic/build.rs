//! Building indexes beside those that answer, and moving the aliases.
//!
//! What is being built has the alias `…-next`. Whoever applies changes asks for it first ([`targets`]), and writes
//! to it as well. An index that was left behind by a build which did not come to its end has that alias, too, or none;
//! the next build removes it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use elasticsearch::http::Method;
use polygraph_migrations::elastic as migrations;
use serde::Deserialize;
use serde_json::{Value, json};

use super::bulk::{self, Target, Targets};
use super::connection::Connection;
use super::{Counted, scan};
use crate::domain::PostId;
use crate::domain::search::IndexChange;
use crate::ports::{ErrorKind, IndexBuild, Role, StoreError, StoreResult};

/// Indexes and their aliases, as the server lists them.
type Listed = BTreeMap<String, Aliases>;

#[derive(Deserialize)]
struct Aliases {
    aliases: HashMap<String, Value>,
}

/// The indexes that have an alias.
fn behind<'a>(listed: &'a Listed, alias: &'a str) -> impl Iterator<Item = &'a String> {
    listed.iter().filter(move |(_, index)| index.aliases.contains_key(alias)).map(|(name, _)| name)
}

/// Where changes go at this moment: to the indexes that answer, and to those that are being built.
///
/// Where an index that answers is not there, that is told as an error: a versioned deletion, unlike an index operation,
/// can't be told not to create an index that is missing.
pub(super) async fn targets(connection: &Connection, search: &str, likes: &str) -> StoreResult<Targets> {
    let [next_search, next_likes] = [search, likes].map(migrations::building_alias);
    // A pattern, unlike a name, may stand for nothing.
    let path = format!("_alias/{search},{likes},{next_search}*,{next_likes}*");
    let listed: Listed = connection.ask(Method::Get, &path, None).await?;
    let targets = |alias: &str, next: &str| {
        let building = behind(&listed, next).map(|name| Target { put: next.to_owned(), delete: name.clone() });
        std::iter::once(Target::live(alias)).chain(building).collect()
    };
    Ok(Targets { search: targets(search, &next_search), likes: targets(likes, &next_likes) })
}

/// Indexes that are being built.
pub(super) struct Build {
    connection: Arc<Connection>,
    /// The aliases that they will stand behind, and their names.
    indexes: [(String, String); 2],
    /// How long those that they replace are kept.
    grace: Duration,
}

impl Build {
    /// Removes what other builds have left, and makes new, empty indexes.
    pub(super) async fn begin(
        connection: Arc<Connection>,
        namespace: &str,
        language: &str,
        grace: Duration,
    ) -> StoreResult<Self> {
        let aliases = [migrations::search_alias(namespace), migrations::likes_alias(namespace)];
        let listed = list(&connection, &aliases).await?;
        let is_ours = |name: &str| aliases.iter().find_map(|alias| migrations::generation(alias, name));
        let left = listed.iter().filter(|(name, index)| {
            is_ours(name).is_some() && !aliases.iter().any(|alias| index.aliases.contains_key(alias))
        });
        let left: Vec<&str> = left.map(|(name, _)| name.as_str()).collect();
        if !left.is_empty() {
            tracing::info!(indexes = left.join(","), "removing what an earlier build has left");
            remove(&connection, &left).await?;
        }
        let generation = listed.keys().filter_map(|name| is_ours(name)).max().unwrap_or_default() + 1;
        let new = migrations::new_indexes(namespace, language, generation);
        for index in &new {
            connection.command::<Value>(Method::Put, &index.name, Some(&index.body)).await?;
        }
        Ok(Self { connection, indexes: new.map(|index| (index.alias, index.name)), grace })
    }

    fn targets(&self) -> Targets {
        let target = |(alias, name): &(String, String)| {
            vec![Target { put: migrations::building_alias(alias), delete: name.clone() }]
        };
        let [search, likes] = self.indexes.each_ref().map(target);
        Targets { search, likes }
    }

    fn names(&self) -> String {
        self.indexes.each_ref().map(|(_, name)| name.as_str()).join(",")
    }

    /// Fails where another build was begun since, which has removed this one.
    async fn check(&self) -> StoreResult<()> {
        let aliases = self.indexes.each_ref().map(|(alias, _)| alias.clone());
        let listed = list(&self.connection, &aliases).await?;
        let is_ours = |(alias, name): &(String, String)| {
            listed.get(name).is_some_and(|index| index.aliases.contains_key(&migrations::building_alias(alias)))
        };
        if self.indexes.iter().all(is_ours) { Ok(()) } else { Err(superseded()) }
    }
}

#[async_trait]
impl IndexBuild for Build {
    async fn apply(&self, changes: &[IndexChange]) -> StoreResult<()> {
        self.check().await?;
        let written = bulk::write(&self.connection, &bulk::newest(changes), &self.targets()).await;
        written.map_err(explained)
    }

    async fn remove_likes_of(&self, post: PostId) -> StoreResult<()> {
        let [_, (_, likes)] = &self.indexes;
        refresh(&self.connection, likes).await.map_err(explained)?;
        scan::remove_likes_of(&self.connection, likes, post).await.map_err(explained)
    }

    async fn count_documents(&self) -> StoreResult<u64> {
        refresh(&self.connection, &self.names()).await.map_err(explained)?;
        let path = format!("{}/_count", self.names());
        let counted = self.connection.ask::<Counted>(Method::Post, &path, Some(&json!({}))).await;
        counted.map(|counted| counted.count).map_err(explained)
    }

    async fn swap(&self) -> StoreResult<()> {
        refresh(&self.connection, &self.names()).await.map_err(explained)?;
        let aliases = self.indexes.each_ref().map(|(alias, _)| alias.clone());
        let listed = list(&self.connection, &aliases).await?;
        let (mut actions, mut old) = (Vec::new(), Vec::new());
        for (alias, name) in &self.indexes {
            for live in behind(&listed, alias) {
                actions.push(json!({ "remove": { "index": live, "alias": alias } }));
                old.push(live.as_str());
            }
            // Where another build has removed this one, its index is not there, and nothing of all this is done.
            actions.push(json!({ "add": { "index": name, "alias": alias, "is_write_index": true } }));
            actions.push(json!({ "remove": { "index": name, "alias": migrations::building_alias(alias) } }));
        }
        let body = json!({ "actions": actions });
        let swapped = self.connection.command::<Value>(Method::Post, "_aliases", Some(&body)).await;
        swapped.map_err(explained)?;
        if !old.is_empty() {
            // A search that found the old index by the alias may still be reading it: for as long as it is waited for.
            tokio::time::sleep(self.grace).await;
            remove(&self.connection, &old).await?;
        }
        Ok(())
    }

    async fn abandon(&self) -> StoreResult<()> {
        remove(&self.connection, &self.indexes.each_ref().map(|(_, name)| name.as_str())).await
    }
}

/// An index of ours that is not there was removed by another build.
fn explained(error: StoreError) -> StoreError {
    if error.kind == ErrorKind::NotReady { superseded() } else { error }
}

fn superseded() -> StoreError {
    StoreError::new(Role::Search, ErrorKind::Conflict, "another build of the index was begun since")
}

/// All indexes with names of ours, whatever they are there for.
async fn list(connection: &Connection, [search, likes]: &[String; 2]) -> StoreResult<Listed> {
    connection.ask(Method::Get, &format!("{search}-v*,{likes}-v*/_alias"), None).await
}

async fn remove(connection: &Connection, indexes: &[&str]) -> StoreResult<()> {
    let path = format!("{}?ignore_unavailable=true", indexes.join(","));
    connection.command::<Value>(Method::Delete, &path, None).await.map(drop)
}

/// Makes what was written to these indexes searchable.
pub(super) async fn refresh(connection: &Connection, indexes: &str) -> StoreResult<()> {
    connection.command::<Value>(Method::Post, &format!("{indexes}/_refresh"), None).await.map(drop)
}
