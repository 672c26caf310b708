//! Posts and likes.

use super::{LikeId, PostId, Timestamp, UserId};

/// A post, as the store of posts knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Its identity.
    pub id: PostId,
    /// Who wrote it. That user lives in another store, and may be gone.
    pub author: UserId,
    /// Its title.
    pub title: String,
    /// Its text; `None` when [`PostFields::content`] was not asked for.
    pub content: Option<String>,
    /// When it was published.
    pub created_at: Timestamp,
    /// When it was last edited; at first, when it was published.
    pub updated_at: Timestamp,
    /// 1 at first, one more with each edit; likes don't count.
    pub revision: u32,
    /// How many like it, exactly.
    pub like_count: u64,
    /// Grows with every change, likes included; derived views are ordered by it.
    pub version: u64,
}

/// What of a post a store should read, beside what every use of it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PostFields {
    /// The text, which may be 20,000 characters long: a list of titles leaves it out.
    pub content: bool,
}

impl PostFields {
    /// Everything.
    pub const ALL: Self = Self { content: true };

    /// What either asks for.
    pub fn or(self, other: Self) -> Self {
        Self { content: self.content || other.content }
    }
}

/// The order of a list of posts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PostOrder {
    /// By id, descending: by creation.
    Newest,
    /// By likes, descending; ties by id, descending.
    MostLiked,
}

/// That a user likes a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Like {
    /// The post and the user.
    pub id: LikeId,
    /// Who wrote the post: likes are counted by those who receive them, too.
    pub author: UserId,
    /// Since when.
    pub created_at: Timestamp,
}

/// A user's exact counts in the store of posts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AuthorStats {
    /// How many posts they have written.
    pub posts: u64,
    /// How many posts they like.
    pub likes: u64,
}
