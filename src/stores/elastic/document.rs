//! Documents and their ids, as the mappings of the migrations crate have them.

use serde::Serialize;
use uuid::Uuid;

use crate::domain::search::{IndexDocument, IndexKey, SearchTarget, SearchType};
use crate::domain::text::words;
use crate::domain::{PostId, UserId};

pub(super) const USER: &str = "user";
pub(super) const POST: &str = "post";
pub(super) const LIKE: &str = "like";

/// The value of `kind` in a document.
pub(super) fn kind(kind: SearchType) -> &'static str {
    match kind {
        SearchType::User => USER,
        SearchType::Post => POST,
    }
}

/// The `_id` of a document.
pub(super) fn id_of(key: IndexKey) -> String {
    match key {
        IndexKey::User(id) => format!("{USER}:{id}"),
        IndexKey::Post(id) => format!("{POST}:{id}"),
        IndexKey::Like(id) => format!("{}:{}", id.post, id.user),
    }
}

/// What the document with this `_id` is of; `None` where it is no id of ours.
pub(super) fn target_of(id: &str) -> Option<SearchTarget> {
    let (kind, uuid) = id.split_once(':')?;
    let uuid = uuid.parse::<Uuid>().ok()?;
    match kind {
        USER => Some(SearchTarget::User(UserId(uuid))),
        POST => Some(SearchTarget::Post(PostId(uuid))),
        _ => None,
    }
}

/// A document as it is sent.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Source<'a> {
    /// A user or a post.
    Found {
        id: Uuid,
        kind: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        author: Option<Uuid>,
        created_at: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        handle: Option<&'a str>,
        title: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        body: Option<&'a str>,
        words: Words,
    },
    /// A like.
    Counted { kind: &'static str, post: Uuid, user: Uuid, author: Uuid, created_at: String },
}

/// The words of each text.
#[derive(Serialize)]
pub(super) struct Words {
    #[serde(skip_serializing_if = "Option::is_none")]
    handle: Option<Vec<String>>,
    title: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Vec<String>>,
}

impl Words {
    fn of(handle: Option<&str>, title: &str, body: Option<&str>) -> Self {
        Self { handle: handle.map(words), title: words(title), body: body.map(words) }
    }
}

impl<'a> From<&'a IndexDocument> for Source<'a> {
    fn from(document: &'a IndexDocument) -> Self {
        match document {
            IndexDocument::User { id, handle, name, bio, created_at } => Self::Found {
                id: id.0,
                kind: USER,
                author: None,
                created_at: created_at.to_string(),
                handle: Some(handle),
                title: name,
                body: bio.as_deref(),
                words: Words::of(Some(handle), name, bio.as_deref()),
            },
            IndexDocument::Post { id, author, title, content, created_at } => Self::Found {
                id: id.0,
                kind: POST,
                author: Some(author.0),
                created_at: created_at.to_string(),
                handle: None,
                title,
                body: Some(content),
                words: Words::of(None, title, Some(content)),
            },
            IndexDocument::Like { id, author, created_at } => Self::Counted {
                kind: LIKE,
                post: id.post.0,
                user: id.user.0,
                author: author.0,
                created_at: created_at.to_string(),
            },
        }
    }
}
