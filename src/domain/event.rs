//! Domain events: what happened to whom, as it is told to everything that is derived from the truth.
//!
//! An event is left in the same transaction as the fact it tells of (transactional outbox). What it says is enough to
//! know what to read again; projections never trust it for more than that, so late and repeated events do no harm.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::id::uuid_v7;
use super::{PostId, Timestamp, UserId};

/// The version of the envelope. Readers accept every version up to theirs.
pub const ENVELOPE_VERSION: u32 = 1;

/// The thing that an event is about. Events of one aggregate are delivered in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// A user, with their follows.
    User(Uuid),
    /// A post, with its likes.
    Post(Uuid),
}

impl Aggregate {
    /// Its kind, as Debezium's event router reads it from the column `aggregatetype`.
    pub fn kind(self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Post(_) => "post",
        }
    }

    /// Its id.
    pub fn uuid(self) -> Uuid {
        match self {
            Self::User(id) | Self::Post(id) => id,
        }
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Happened {
    /// A user signed up.
    #[serde(rename = "user.created")]
    UserCreated,
    /// A user changed their profile.
    #[serde(rename = "user.updated")]
    UserUpdated,
    /// A user asked for their account to be deleted: from now on nobody sees it; what belongs to it goes step by step.
    #[serde(rename = "user.closed")]
    UserClosed,
    /// Everything of the account is gone.
    #[serde(rename = "user.deleted")]
    UserDeleted,
    /// The user began to follow another.
    #[serde(rename = "user.followed")]
    UserFollowed {
        /// Whom.
        followed: Uuid,
    },
    /// The user ceased to follow another.
    #[serde(rename = "user.unfollowed")]
    UserUnfollowed {
        /// Whom.
        followed: Uuid,
    },
    /// A post was published.
    #[serde(rename = "post.created")]
    PostCreated {
        /// Who wrote it.
        author: Uuid,
    },
    /// A post was edited.
    #[serde(rename = "post.updated")]
    PostUpdated {
        /// Who wrote it.
        author: Uuid,
    },
    /// A post was deleted, with all of its likes.
    #[serde(rename = "post.deleted")]
    PostDeleted {
        /// Who wrote it.
        author: Uuid,
    },
    /// Somebody likes the post.
    #[serde(rename = "post.liked")]
    PostLiked {
        /// Who wrote it.
        author: Uuid,
        /// Who likes it.
        user: Uuid,
    },
    /// Somebody likes the post no more.
    #[serde(rename = "post.unliked")]
    PostUnliked {
        /// Who wrote it.
        author: Uuid,
        /// Who liked it.
        user: Uuid,
    },
}

impl Happened {
    /// Its name, as the column `type` holds it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::UserCreated => "user.created",
            Self::UserUpdated => "user.updated",
            Self::UserClosed => "user.closed",
            Self::UserDeleted => "user.deleted",
            Self::UserFollowed { .. } => "user.followed",
            Self::UserUnfollowed { .. } => "user.unfollowed",
            Self::PostCreated { .. } => "post.created",
            Self::PostUpdated { .. } => "post.updated",
            Self::PostDeleted { .. } => "post.deleted",
            Self::PostLiked { .. } => "post.liked",
            Self::PostUnliked { .. } => "post.unliked",
        }
    }
}

/// An event in its envelope, as the outbox keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The envelope's version.
    pub v: u32,
    /// Unique, for those who must not handle it twice. UUIDv7: ordered by when it was made.
    pub id: Uuid,
    /// When it happened.
    pub at: Timestamp,
    /// About whom or what.
    pub aggregate: Aggregate,
    /// The aggregate's internal version after it.
    pub version: u64,
    /// What happened.
    #[serde(flatten)]
    pub happened: Happened,
}

/// The moment and the randomness that a write is made with: its store makes the event of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// When the write is made.
    pub at: Timestamp,
    /// The id of its event.
    pub event: Uuid,
}

impl Stamp {
    /// A stamp of a moment and 80 random bits.
    pub fn new(at: Timestamp, random: [u8; 10]) -> Self {
        Self { at, event: uuid_v7(at, random) }
    }

    /// The event of a write with this stamp.
    pub fn event(self, aggregate: impl Into<Aggregate>, version: u64, happened: Happened) -> Event {
        Event { v: ENVELOPE_VERSION, id: self.event, at: self.at, aggregate: aggregate.into(), version, happened }
    }
}

impl From<UserId> for Aggregate {
    fn from(id: UserId) -> Self {
        Self::User(id.0)
    }
}

impl From<PostId> for Aggregate {
    fn from(id: PostId) -> Self {
        Self::Post(id.0)
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::{Happened, Uuid};

    /// All that can happen: to a user, and to a post.
    pub(crate) fn all(author: Uuid, user: Uuid, followed: Uuid) -> [Happened; 11] {
        [
            Happened::UserCreated,
            Happened::UserUpdated,
            Happened::UserClosed,
            Happened::UserDeleted,
            Happened::UserFollowed { followed },
            Happened::UserUnfollowed { followed },
            Happened::PostCreated { author },
            Happened::PostUpdated { author },
            Happened::PostDeleted { author },
            Happened::PostLiked { author, user },
            Happened::PostUnliked { author, user },
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What version 1 looks like on disk: a change here needs a new version, and this text must still be read.
    const VERSION_1: &str = r#"{"v":1,"id":"019aa3d1-0000-7000-8000-000000000001","at":1763700000000,"aggregate":{"post":"019aa3d1-0000-7000-8000-000000000002"},"version":7,"type":"post.liked","author":"019aa3d1-0000-7000-8000-000000000003","user":"019aa3d1-0000-7000-8000-000000000004"}"#;

    #[test]
    fn version_1_is_read_and_written() {
        let event: Event = serde_json::from_str(VERSION_1).expect("an event");
        assert_eq!((event.version, event.happened.name()), (7, "post.liked"));
        assert_eq!(serde_json::to_string(&event).expect("JSON"), VERSION_1);
    }
}
