//! The tags of things in an answer: each user and each post leaves its own, whatever holds them together.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;

use crate::domain::search::{ActivityCount, Hit, SearchAnswer};
use crate::domain::{AuthorStats, FollowedUser, Like, Post, PostId, Slice, Suggestion, Tag, User, UserId};

/// An answer of a store.
pub(super) trait Leaves {
    /// Adds the tags of the things in it.
    fn leave(&self, tags: &mut HashSet<Tag>);
}

impl Leaves for User {
    fn leave(&self, tags: &mut HashSet<Tag>) {
        tags.insert(Tag::User(self.id));
    }
}

impl Leaves for FollowedUser {
    fn leave(&self, tags: &mut HashSet<Tag>) {
        self.user.leave(tags);
    }
}

impl Leaves for Suggestion {
    fn leave(&self, tags: &mut HashSet<Tag>) {
        self.user.leave(tags);
    }
}

impl Leaves for Post {
    fn leave(&self, tags: &mut HashSet<Tag>) {
        tags.insert(Tag::Post(self.id));
    }
}

impl<T: Leaves> Leaves for Vec<T> {
    fn leave(&self, tags: &mut HashSet<Tag>) {
        self.iter().for_each(|item| item.leave(tags));
    }
}

impl<T: Leaves> Leaves for Slice<T> {
    fn leave(&self, tags: &mut HashSet<Tag>) {
        self.items.leave(tags);
    }
}

impl<K, V: Leaves, S: BuildHasher> Leaves for HashMap<K, V, S> {
    fn leave(&self, tags: &mut HashSet<Tag>) {
        self.values().for_each(|value| value.leave(tags));
    }
}

impl<T: Leaves, N> Leaves for (T, N) {
    fn leave(&self, tags: &mut HashSet<Tag>) {
        self.0.leave(tags);
    }
}

/// Answers whose parts have no tags of their own: the method says what they depend on.
macro_rules! bare {
    ($($type:ty),+ $(,)?) => {
        $(impl Leaves for $type {
            fn leave(&self, _: &mut HashSet<Tag>) {}
        })+
    };
}

bare!(ActivityCount, AuthorStats, Hit, Like, SearchAnswer, PostId, UserId, HashSet<PostId>, HashSet<UserId>, u64,);
