//! What the index is fed, and what it holds.

use std::fmt;

use crate::domain::event::Aggregate;
use crate::domain::{Like, LikeId, Post, PostId, Timestamp, User, UserId};

/// What the index holds of a thing. Of other things it holds ids, never fields: a rename touches one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexDocument {
    /// A user.
    User {
        /// Who.
        id: UserId,
        /// Searched.
        handle: String,
        /// Searched; also the hit's title.
        name: String,
        /// Searched.
        bio: Option<String>,
        /// Filtered by.
        created_at: Timestamp,
    },
    /// A post.
    Post {
        /// Which.
        id: PostId,
        /// Filtered and counted by.
        author: UserId,
        /// Searched; also the hit's title.
        title: String,
        /// Searched.
        content: String,
        /// Filtered and counted by.
        created_at: Timestamp,
    },
    /// A like, for leaderboards and activity.
    Like {
        /// Which.
        id: LikeId,
        /// Who received it.
        author: UserId,
        /// Counted by.
        created_at: Timestamp,
    },
}

/// What a document of the index is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DocumentKind {
    /// A user.
    User,
    /// A post.
    Post,
    /// A like.
    Like,
}

impl DocumentKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::User, Self::Post, Self::Like];

    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Post => "post",
            Self::Like => "like",
        }
    }
}

/// The key of a document in the index. Keys are ordered by kind, then by the ids' bytes; likes by post, then by user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IndexKey {
    /// A user's document.
    User(UserId),
    /// A post's document.
    Post(PostId),
    /// A like's document.
    Like(LikeId),
}

impl IndexKey {
    /// What the document is of.
    pub fn kind(self) -> DocumentKind {
        match self {
            Self::User(_) => DocumentKind::User,
            Self::Post(_) => DocumentKind::Post,
            Self::Like(_) => DocumentKind::Like,
        }
    }

    /// Whose events tell of it.
    pub fn aggregate(self) -> Aggregate {
        match self {
            Self::User(id) => id.into(),
            Self::Post(id) => id.into(),
            Self::Like(id) => id.post.into(),
        }
    }
}

impl fmt::Display for IndexKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => id.fmt(f),
            Self::Post(id) => id.fmt(f),
            Self::Like(id) => write!(f, "{}:{}", id.post, id.user),
        }
    }
}

/// A document as the index has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indexed {
    /// Its key.
    pub key: IndexKey,
    /// The version that the index last saw for it.
    pub version: u64,
    /// What it holds; `None` where that can't be read.
    pub document: Option<IndexDocument>,
}

impl IndexDocument {
    /// The document of a user.
    pub fn of_user(user: &User) -> Self {
        Self::User {
            id: user.id,
            handle: user.handle.to_string(),
            name: user.name.clone(),
            bio: user.bio.clone(),
            created_at: user.created_at,
        }
    }

    /// The document of a post; `None` where it was read without its content.
    pub fn of_post(post: &Post) -> Option<Self> {
        Some(Self::Post {
            id: post.id,
            author: post.author,
            title: post.title.clone(),
            content: post.content.clone()?,
            created_at: post.created_at,
        })
    }

    /// The document of a like.
    pub fn of_like(like: &Like) -> Self {
        Self::Like { id: like.id, author: like.author, created_at: like.created_at }
    }

    /// The key under which the document is found and replaced.
    pub fn key(&self) -> IndexKey {
        match self {
            Self::User { id, .. } => IndexKey::User(*id),
            Self::Post { id, .. } => IndexKey::Post(*id),
            Self::Like { id, .. } => IndexKey::Like(*id),
        }
    }
}

/// A change of the index. It takes effect only when `version` is above the version that the index last saw for the
/// key, deletions included, so that changes may come late, twice or out of order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexChange {
    /// Whose document.
    pub key: IndexKey,
    /// The truth's internal version of the thing, or for a like of its post.
    pub version: u64,
    /// The new document; `None` deletes it.
    pub document: Option<IndexDocument>,
}

impl IndexChange {
    /// Puts a document.
    pub fn put(document: IndexDocument, version: u64) -> Self {
        Self { key: document.key(), version, document: Some(document) }
    }

    /// Deletes what is under a key.
    pub fn delete(key: IndexKey, version: u64) -> Self {
        Self { key, version, document: None }
    }
}
