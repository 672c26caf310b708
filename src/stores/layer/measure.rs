//! How large calls and their answers are, told from their types.

use std::collections::{HashMap, HashSet};

use crate::domain::search::{ActivityCount, Hit, Indexed, SearchAnswer};
use crate::domain::{
    AuthorStats, FollowedUser, Like, LikeId, Post, PostFields, PostId, Slice, Suggestion, Timestamp, User, UserId,
};
use crate::ports::{Changed, Credentials, IndexBuild, LikesSet, Published, Recount, Session, Taken};

/// An argument of a call. A list of keys has a method of its own; whatever else falls back on [`Unmeasured`].
pub(super) struct Argument<'a, T: ?Sized>(pub &'a T);

impl<T> Argument<'_, &[T]> {
    pub(super) fn keys(&self) -> Option<u64> {
        Some(self.0.len() as u64)
    }
}

impl Argument<'_, PostFields> {
    pub(super) fn omitted(&self) -> Option<&'static str> {
        (!self.0.content).then_some("content")
    }
}

/// An argument that says nothing about how large its call is.
pub(super) trait Unmeasured {
    fn keys(&self) -> Option<u64> {
        None
    }

    fn omitted(&self) -> Option<&'static str> {
        None
    }
}

impl<T: ?Sized> Unmeasured for Argument<'_, T> {}

/// Answers that have a number of rows: what the store owns of them, not what holds them together.
pub trait Rows {
    /// How many.
    fn rows(&self) -> u64;
}

impl<T: Rows> Rows for Vec<T> {
    fn rows(&self) -> u64 {
        self.iter().map(Rows::rows).sum()
    }
}

impl<T: Rows> Rows for Slice<T> {
    fn rows(&self) -> u64 {
        self.items.rows()
    }
}

impl<K, V: Rows> Rows for HashMap<K, V> {
    fn rows(&self) -> u64 {
        self.values().map(Rows::rows).sum()
    }
}

impl<T> Rows for HashSet<T> {
    fn rows(&self) -> u64 {
        self.len() as u64
    }
}

impl<T: Rows> Rows for Option<T> {
    fn rows(&self) -> u64 {
        self.as_ref().map_or(0, Rows::rows)
    }
}

impl<T: Rows, E> Rows for Result<T, E> {
    fn rows(&self) -> u64 {
        self.as_ref().map_or(0, Rows::rows)
    }
}

impl<T> Rows for Changed<T> {
    fn rows(&self) -> u64 {
        u64::from(matches!(self, Self::Done(_)))
    }
}

impl Rows for SearchAnswer {
    fn rows(&self) -> u64 {
        self.hits.len() as u64
    }
}

impl Rows for LikesSet {
    fn rows(&self) -> u64 {
        self.outcomes.len() as u64
    }
}

impl Rows for Box<dyn IndexBuild> {
    fn rows(&self) -> u64 {
        0
    }
}

impl Rows for () {
    fn rows(&self) -> u64 {
        0
    }
}

macro_rules! one_row {
    ($($type:ty),+ $(,)?) => {
        $(impl Rows for $type {
            fn rows(&self) -> u64 {
                1
            }
        })+
    };
}

one_row!(
    ActivityCount,
    AuthorStats,
    Credentials,
    FollowedUser,
    Hit,
    Indexed,
    Like,
    LikeId,
    Post,
    PostId,
    Published,
    Session,
    Suggestion,
    Taken,
    Timestamp,
    User,
    UserId,
    bool,
    u64,
);

impl<A: Rows, B> Rows for (A, B) {
    fn rows(&self) -> u64 {
        self.0.rows()
    }
}

impl<T> Rows for Recount<T> {
    fn rows(&self) -> u64 {
        1
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn keys_are_counted_where_there_are_any() {
        let ids: &[UserId] = &[UserId(Uuid::nil()); 3];
        assert_eq!(Argument(&ids).keys(), Some(3));
        assert_eq!(Argument(&7_u32).keys(), None);
        assert_eq!(Argument(&PostFields { content: false }).omitted(), Some("content"));
        assert_eq!(Argument(&PostFields { content: true }).omitted(), None);
    }

    #[test]
    fn rows_are_counted_through_what_holds_them() {
        let page = |count| Slice { items: vec![true; count], has_more: false };
        let pages = HashMap::from([(1, page(2)), (2, page(0)), (3, page(5))]);
        assert_eq!(Some(pages).rows(), 7);
        assert_eq!(None::<bool>.rows(), 0);
    }
}
