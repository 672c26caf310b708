//! The port to posts and likes as their owners change them.

use async_trait::async_trait;

use super::{Backend, NewPost, StoreResult};
use crate::domain::event::Stamp;
use crate::domain::{LikeId, Post, PostId, Timestamp, UserId};

/// What makes publishing again safe: a key of the client's choice, per author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// The key, 1 to 64 characters.
    pub key: String,
    /// A hash of what is published: the same key with other content is refused.
    pub fingerprint: [u8; 32],
    /// Keys from before this moment are forgotten.
    pub not_before: Timestamp,
}

/// What became of publishing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// It is a new post.
    New(Post),
    /// The key was used for the same post before; this is it as it is now.
    Before(Post),
    /// The key was used for the same post before, which has been deleted since.
    Gone,
    /// The key was used for something else.
    KeyInUse,
    /// The author's account is closed.
    AuthorClosed,
}

/// Changes of a post: what is `None` stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PostChanges {
    /// Another title.
    pub title: Option<String>,
    /// Another text.
    pub content: Option<String>,
}

/// What became of a change of a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed<T> {
    /// It is done.
    Done(T),
    /// There is no such post.
    NotFound,
    /// It is somebody else's.
    NotTheirs,
    /// It has another revision than was expected.
    OtherRevision,
    /// The author's account is closed.
    AuthorClosed,
}

/// A user's wish to like a post, or to like it no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LikeWish {
    /// Who.
    pub user: UserId,
    /// Whether to like.
    pub like: bool,
    /// When, and the event's id.
    pub stamp: Stamp,
}

/// What became of the wishes of a group, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LikesSet {
    /// The post as it is after all of them.
    pub post: Post,
    /// What became of each.
    pub outcomes: Vec<LikeOutcome>,
}

/// What became of a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LikeOutcome {
    /// The user likes the post since this moment, whether that is new or not.
    Liked(Timestamp),
    /// The user likes the post no more, and did before.
    Unliked(LikeId),
    /// The user did not like the post before either.
    WasNotLiked,
    /// The user's account is closed: nothing was changed for them.
    UserClosed,
}

/// Posts and likes as their owners change them. Every write that changes something leaves its event in the outbox, in
/// the same transaction, and grows the post's internal version.
#[async_trait]
pub trait PublishingStore: Backend {
    /// Publishes a post, counts it for its author, and leaves `post.created`.
    async fn publish(&self, post: &NewPost, idempotency: Option<&Idempotency>, stamp: Stamp) -> StoreResult<Published>;

    /// Edits a post of `author`, if it has the revision that is expected, and leaves `post.updated`. Changes that
    /// change nothing leave revision, time and outbox as they are.
    async fn edit(
        &self,
        post: PostId,
        author: UserId,
        changes: &PostChanges,
        expected_revision: Option<u32>,
        stamp: Stamp,
    ) -> StoreResult<Changed<Post>>;

    /// Deletes a post of `author` with all of its likes, takes back all that was counted, and leaves `post.deleted`
    /// with a version above any that the post had. A closed author's posts can be deleted: that is how they go.
    async fn delete(&self, post: PostId, author: UserId, stamp: Stamp) -> StoreResult<Changed<()>>;

    /// Grants the wishes of a group about one post, at most one for each user, in one transaction (group commit), and
    /// leaves an event for each that changed something; `None` where there is no such post. A closed account likes
    /// nothing any more, but its likes can be taken back: that is how they go.
    async fn set_likes(&self, post: PostId, wishes: &[LikeWish]) -> StoreResult<Option<LikesSet>>;

    /// Marks an account as closed: from now on it publishes, edits and likes no more, whatever is under way.
    async fn close_author(&self, user: UserId) -> StoreResult<()>;

    /// Forgets idempotency keys from before `now`, at most 1,000. Returns how many.
    async fn sweep_keys(&self, now: Timestamp) -> StoreResult<u64>;
}
