//! The indexes: their names, settings and mappings.
//!
//! `words.*` hold lists of words that the gateway has cut and folded: no analyzer touches them. So every engine and
//! version finds by the same words as the domain, and none needs an analysis plugin; the servers' own standard
//! tokenizers leave Thai uncut, know another Unicode's rules, fold Greek otherwise and break words at 255 letters.
//! `title` and `body` are the texts as they are shown; a language's analyzer stems them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::MigrationError;

/// The language of no language: words as Unicode cuts them, nothing stemmed.
pub const STANDARD: &str = "standard";

/// The number of the mappings below: raised with every change of them.
const SCHEMA: u32 = 1;

/// The alias that users and posts are searched through.
pub fn search_alias(namespace: &str) -> String {
    format!("{namespace}-search")
}

/// The alias that likes are counted through.
pub fn likes_alias(namespace: &str) -> String {
    format!("{namespace}-likes")
}

/// The alias of the index that is being built to stand behind `alias`, while one is.
pub fn building_alias(alias: &str) -> String {
    format!("{alias}-next")
}

/// The number in the name of an index behind `alias`; `None` where it is no name of ours.
pub fn generation(alias: &str, name: &str) -> Option<u32> {
    name.strip_prefix(alias)?.strip_prefix("-v")?.parse().ok()
}

/// An index to be made beside the one that answers.
#[derive(Debug)]
pub struct NewIndex {
    /// The alias that it will stand behind.
    pub alias: String,
    /// Its name.
    pub name: String,
    /// The body of the request that makes it, with the alias that says it is being built.
    pub body: Value,
}

/// The indexes of a namespace, as this version makes them, with this number in their names.
pub fn new_indexes(namespace: &str, language: &str, generation: u32) -> [NewIndex; 2] {
    indexes(namespace, language).map(|index| NewIndex {
        name: format!("{}-v{generation}", index.alias),
        body: index.body_with(json!({ building_alias(&index.alias): {} })),
        alias: index.alias,
    })
}

/// An index as it should be.
pub(super) struct Index<'a> {
    pub(super) alias: String,
    pub(super) name: String,
    /// The language whose analyzer it needs, where it holds text.
    pub(super) language: Option<&'a str>,
    properties: Value,
}

/// What an index says of its making, in its mapping's `_meta`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    schema: u32,
    language: Option<String>,
}

/// The indexes of a namespace.
pub(super) fn indexes<'a>(namespace: &str, language: &'a str) -> [Index<'a>; 2] {
    let index = |alias: String, language, properties| {
        let name = format!("{alias}-v1");
        Index { alias, name, language, properties }
    };
    [
        index(search_alias(namespace), Some(language), search_properties(language)),
        index(likes_alias(namespace), None, likes_properties()),
    ]
}

fn search_properties(language: &str) -> Value {
    // Frequencies and norms are what a score is made of. No term may have more than 32,766 bytes.
    let words = json!({
        "type": "keyword", "index_options": "freqs", "norms": true, "doc_values": false, "ignore_above": 8_191,
    });
    let shown = match language {
        STANDARD => json!({ "type": "text", "index": false }),
        language => json!({ "type": "text", "analyzer": language }),
    };
    json!({
        "id": { "type": "keyword" },
        "kind": { "type": "keyword" },
        "author": { "type": "keyword" },
        "created_at": moment(),
        "handle": { "type": "keyword" },
        "title": shown,
        "body": shown,
        "words": { "properties": { "handle": words, "title": words, "body": words } },
    })
}

fn likes_properties() -> Value {
    json!({
        "kind": { "type": "keyword" },
        "post": { "type": "keyword" },
        "user": { "type": "keyword" },
        "author": { "type": "keyword" },
        "created_at": moment(),
    })
}

/// As text: Elasticsearch 7 can't read all negative numbers of milliseconds back in a range.
fn moment() -> Value {
    json!({ "type": "date", "format": "strict_date_optional_time" })
}

impl Index<'_> {
    /// The body of the request that creates it behind its alias.
    pub(super) fn body(&self) -> Value {
        self.body_with(json!({ &self.alias: { "is_write_index": true } }))
    }

    fn body_with(&self, aliases: Value) -> Value {
        let record = Record { schema: SCHEMA, language: self.language.map(str::to_owned) };
        json!({
            "aliases": aliases,
            "settings": { "index": {
                // One shard: counts are exact, scores comparable.
                "number_of_shards": 1,
                "auto_expand_replicas": "0-1",
                // Said out loud, since a server stops refreshing an idle index that leaves it to the default.
                "refresh_interval": "500ms",
                // How long a deletion's version is remembered, so that an older write that comes late stays out.
                "gc_deletes": "1h",
            } },
            "mappings": {
                "dynamic": "strict",
                "_meta": { "polygraph": record },
                "properties": self.properties,
            },
        })
    }

    /// Whether what was found in its place will do. A newer schema will: during a rolling deployment the alias moves
    /// before the last old gateway is gone.
    pub(super) fn check(&self, found: &Record) -> Result<(), MigrationError> {
        let Record { schema, language } = found;
        if *schema < SCHEMA {
            return Err(MigrationError::because(format!(
                "The index behind {} is of version {schema}, this gateway needs {SCHEMA}: run `polygraph reindex`.",
                self.alias
            )));
        }
        if language.as_deref() != self.language {
            let name = |language: Option<&str>| language.unwrap_or("none").to_owned();
            return Err(MigrationError::because(format!(
                "The index behind {} was made for the search language `{}`, not `{}`: run `polygraph reindex` with the \
                 new language, or set the old one again.",
                self.alias,
                name(language.as_deref()),
                name(self.language)
            )));
        }
        Ok(())
    }
}
