//! Walking over all documents in the order of their keys, a page at a time; and removing those of a post.

use std::collections::HashMap;

use elasticsearch::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::connection::Connection;
use super::document::{POST, USER, id_of};
use super::error::{Reason, because};
use crate::domain::search::{DocumentKind, IndexDocument, IndexKey, Indexed};
use crate::domain::{LikeId, PostId, Timestamp, UserId};
use crate::ports::StoreResult;

/// The answer to [`page`].
#[derive(Deserialize)]
pub(super) struct Page {
    hits: Hits,
}

#[derive(Deserialize)]
struct Hits {
    hits: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    #[serde(rename = "_version")]
    version: u64,
    /// The ids of the key.
    sort: Vec<Uuid>,
    #[serde(rename = "_source")]
    source: Value,
}

/// The answer to [`by_key`].
#[derive(Deserialize)]
pub(super) struct Got {
    docs: Vec<GotOne>,
}

#[derive(Deserialize)]
struct GotOne {
    #[serde(rename = "_version")]
    version: Option<u64>,
    /// There where the document is.
    #[serde(rename = "_source")]
    source: Option<Value>,
    /// There where its index is not.
    error: Option<Reason>,
}

/// The fields of [`Stored`].
const SHOWN: [&str; 5] = ["author", "created_at", "handle", "title", "body"];

/// What is read of a document; the words follow from the texts.
#[derive(Deserialize)]
struct Stored {
    author: Option<Uuid>,
    created_at: String,
    handle: Option<String>,
    title: Option<String>,
    body: Option<String>,
}

#[derive(Deserialize)]
struct Removed {
    version_conflicts: u64,
}

/// The `limit` documents of a kind after `after`.
pub(super) fn page(kind: DocumentKind, after: Option<IndexKey>, limit: u32) -> Value {
    let (kind, order): (_, &[&str]) = match kind {
        DocumentKind::User => (Some(USER), &["id"]),
        DocumentKind::Post => (Some(POST), &["id"]),
        DocumentKind::Like => (None, &["post", "user"]),
    };
    let query = kind.map_or_else(|| json!({ "match_all": {} }), |kind| json!({ "term": { "kind": kind } }));
    let mut body = json!({
        "size": limit,
        "track_total_hits": false,
        "version": true,
        "_source": SHOWN,
        "query": query,
        "sort": order.iter().map(|field| json!({ *field: "asc" })).collect::<Vec<_>>(),
    });
    if let Some(after) = after {
        body["search_after"] = match after {
            IndexKey::User(id) => json!([id.0]),
            IndexKey::Post(id) => json!([id.0]),
            IndexKey::Like(id) => json!([id.post.0, id.user.0]),
        };
    }
    body
}

/// The documents of a page.
pub(super) fn documents(kind: DocumentKind, page: Page) -> Vec<Indexed> {
    let indexed = |found: Found| {
        let key = match (kind, found.sort.as_slice()) {
            (DocumentKind::User, &[id]) => IndexKey::User(UserId(id)),
            (DocumentKind::Post, &[id]) => IndexKey::Post(PostId(id)),
            (DocumentKind::Like, &[post, user]) => IndexKey::Like(LikeId { post: PostId(post), user: UserId(user) }),
            _ => return None,
        };
        Some(Indexed { key, version: found.version, document: document(key, found.source) })
    };
    page.hits.hits.into_iter().filter_map(indexed).collect()
}

/// A request for the documents with these keys.
pub(super) fn by_key(keys: &[IndexKey], search_alias: &str, likes_alias: &str) -> Value {
    let wanted = |key: &IndexKey| {
        let alias = if key.kind() == DocumentKind::Like { likes_alias } else { search_alias };
        json!({ "_index": alias, "_id": id_of(*key), "_source": SHOWN })
    };
    json!({ "docs": keys.iter().map(wanted).collect::<Vec<_>>() })
}

/// The documents of the answer to [`by_key`].
pub(super) fn found(keys: &[IndexKey], answer: Got) -> StoreResult<HashMap<IndexKey, Indexed>> {
    let mut found = HashMap::new();
    for (&key, got) in keys.iter().zip(answer.docs) {
        if let Some(error) = got.error {
            return Err(because(StatusCode::NOT_FOUND, &error));
        }
        if let (Some(version), Some(source)) = (got.version, got.source) {
            found.insert(key, Indexed { key, version, document: document(key, source) });
        }
    }
    Ok(found)
}

fn document(key: IndexKey, source: Value) -> Option<IndexDocument> {
    let Stored { author, created_at, handle, title, body } = serde_json::from_value(source).ok()?;
    let created_at = Timestamp::parse(&created_at).ok()?;
    let author = author.map(UserId);
    Some(match key {
        IndexKey::User(id) => IndexDocument::User { id, handle: handle?, name: title?, bio: body, created_at },
        IndexKey::Post(id) => IndexDocument::Post { id, author: author?, title: title?, content: body?, created_at },
        IndexKey::Like(id) => IndexDocument::Like { id, author: author?, created_at },
    })
}

/// Removes the likes of a post from these indexes, as far as they are searchable.
pub(super) async fn remove_likes_of(connection: &Connection, indexes: &str, post: PostId) -> StoreResult<()> {
    let path = format!("{indexes}/_delete_by_query?conflicts=proceed&refresh=true&scroll_size=5000");
    let body = json!({ "query": { "term": { "post": post.0 } } }).to_string();
    // A like that is written while it is removed stays, and is found by the next turn.
    while connection.write::<Removed>(&path, body.clone()).await?.version_conflicts > 0 {}
    Ok(())
}
