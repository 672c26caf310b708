//! Nouns and rules of the social graph: ids, text, time, pages, cursors. No I/O, no clock, no randomness.
//!
//! Everything here is a value or a pure function, so that each rule of the API's contract can be read in one
//! place and tested without a store.

pub mod cloud_event;
pub mod cursor;
pub mod event;
pub mod hex;
pub mod highlight;
pub mod id;
pub mod input;
pub mod page;
pub mod post;
pub mod search;
pub mod signed_in;
pub mod tag;
pub mod text;
pub mod time;
pub mod user;

pub use cursor::{ByCount, ByHandle, ByScore, ByTime, CursorField, CursorKey};
pub use hex::hex;
pub use id::{GlobalId, LikeId, PostId, UserId};
pub use page::{Direction, Page, PageArgs, Slice};
pub use post::{AuthorStats, Like, Post, PostFields, PostOrder};
pub use signed_in::SignedIn;
pub use tag::Tag;
pub use time::{Interval, Period, Timestamp};
pub use user::{Confidential, FollowedUser, Scope, Suggestion, User, UserOrder, Viewer};

/// Input that breaks a rule of the contract, with a sentence fit to be shown to a client.
///
/// The API answers it with the code `BAD_USER_INPUT`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidInput(String);

impl InvalidInput {
    /// An error that says `sentence` to the client.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}
