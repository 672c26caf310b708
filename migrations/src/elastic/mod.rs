//! Elasticsearch and OpenSearch: versioned indexes behind aliases.
//!
//! Everything reads and writes through an alias (`{namespace}-search`, `{namespace}-likes`); the index behind it has
//! a number in its name, which grows with each that is built. Each index records what it was made by in its mapping's
//! `_meta`, so the record can't be lost without the index. A mapping that changes gets an index beside the live one,
//! filled from the truth before the alias moves: nothing is changed in place. While it is filled it has an alias of
//! its own ([`building_alias`]), by which everybody who writes finds it.

mod mappings;
mod server;

use elasticsearch::Elasticsearch;
use futures::future::try_join_all;

use crate::MigrationError;
use mappings::Index;
pub use mappings::{NewIndex, STANDARD, building_alias, generation, likes_alias, new_indexes, search_alias};

/// Makes the indexes that are missing and returns their names.
///
/// An index is created with its alias in one step, so of several instances one creates it and the others find it.
///
/// # Errors
/// [`MigrationError`] when the server does not answer or refuses, has no analyzer for `language`, or has an index
/// under one of the names that is not ours or was made for another language.
pub async fn up(client: &Elasticsearch, namespace: &str, language: &str) -> Result<Vec<String>, MigrationError> {
    let mut applied = Vec::new();
    for index in missing(client, namespace, language).await? {
        if index.language.is_some_and(|language| language != STANDARD) {
            server::require_analyzer(client, language).await?;
        }
        if server::create(client, &index).await? {
            tracing::info!(index = index.name, "created an index");
            applied.push(index.name);
        }
    }
    server::wait_until_served(client, &[search_alias(namespace), likes_alias(namespace)]).await?;
    Ok(applied)
}

/// The names of the indexes that [`up`] would make.
///
/// # Errors
/// [`MigrationError`] as [`up`] has it.
pub async fn pending(client: &Elasticsearch, namespace: &str, language: &str) -> Result<Vec<String>, MigrationError> {
    Ok(missing(client, namespace, language).await?.into_iter().map(|index| index.name).collect())
}

async fn missing<'a>(
    client: &Elasticsearch,
    namespace: &str,
    language: &'a str,
) -> Result<Vec<Index<'a>>, MigrationError> {
    let wanted = mappings::indexes(namespace, language);
    let found = try_join_all(wanted.iter().map(|index| server::recorded(client, &index.alias))).await?;
    let mut missing = Vec::new();
    for (index, found) in wanted.into_iter().zip(found) {
        match found {
            None => missing.push(index),
            Some(record) => index.check(&record)?,
        }
    }
    Ok(missing)
}
