//! The demo data in plain lists: what the gateway says is compared with what follows from these by brute force.

use std::collections::{HashMap, HashSet};

use polygraph::domain::{GlobalId, Like, PostId, UserId};
use polygraph::ports::{NewFollow, NewPost, NewUser};
use polygraph::services::seed::{DEMO_HANDLE, SeedPlan};

/// Everybody and everything of a plan.
pub(crate) struct Society {
    pub(crate) users: Vec<NewUser>,
    pub(crate) follows: Vec<NewFollow>,
    pub(crate) posts: Vec<NewPost>,
    pub(crate) likes: Vec<Like>,
    by_handle: HashMap<String, usize>,
}

impl Society {
    /// The society that `plan` sows.
    pub(crate) fn of(plan: SeedPlan) -> Self {
        let data = plan.data().expect("a possible plan");
        let users: Vec<_> = data.users().collect();
        let by_handle = users.iter().enumerate().map(|(at, user)| (user.handle.to_string(), at)).collect();
        let (follows, posts, likes) = (data.follows().collect(), data.posts().collect(), data.likes().collect());
        Self { users, follows, posts, likes, by_handle }
    }

    /// The user with this handle.
    pub(crate) fn find(&self, handle: &str) -> Option<&NewUser> {
        self.by_handle.get(handle).map(|&at| &self.users[at])
    }

    /// The user `demo`.
    pub(crate) fn demo(&self) -> &NewUser {
        self.find(DEMO_HANDLE).expect("demo is among the users")
    }

    /// The user with this id.
    pub(crate) fn user(&self, id: UserId) -> &NewUser {
        self.users.iter().find(|user| user.id == id).expect("a user of this society")
    }

    /// The handle of the user with this id.
    pub(crate) fn handle(&self, id: UserId) -> &str {
        self.user(id).handle.as_str()
    }

    /// Whom a user follows.
    pub(crate) fn followees(&self, of: UserId) -> HashSet<UserId> {
        self.follows.iter().filter(|follow| follow.follower == of).map(|follow| follow.followed).collect()
    }

    /// The follows of those who follow a user, the latest first.
    pub(crate) fn followers(&self, of: UserId) -> Vec<&NewFollow> {
        let mut follows: Vec<_> = self.follows.iter().filter(|follow| follow.followed == of).collect();
        follows.sort_by_key(|follow| std::cmp::Reverse((follow.created_at, follow.follower)));
        follows
    }

    /// The likes of a post, the latest first.
    pub(crate) fn likes_of(&self, post: PostId) -> Vec<&Like> {
        let mut likes: Vec<_> = self.likes.iter().filter(|like| like.id.post == post).collect();
        likes.sort_by_key(|like| std::cmp::Reverse((like.created_at, like.id.user)));
        likes
    }

    /// Counts per key, the most first, ties by key, descending.
    pub(crate) fn ranked<K: Ord + Copy + std::hash::Hash>(keys: impl IntoIterator<Item = K>) -> Vec<(K, u64)> {
        let mut counts: HashMap<K, u64> = HashMap::new();
        for key in keys {
            *counts.entry(key).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|&(key, count)| std::cmp::Reverse((count, key)));
        counts
    }
}

/// An id as the API shows it.
pub(crate) fn global(id: impl Into<GlobalId>) -> String {
    id.into().to_string()
}
