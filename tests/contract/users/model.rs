//! A graph of users that is known in full, with many ties, to compare a store with.

use std::collections::{BTreeMap, BTreeSet};

use polygraph::domain::text::Handle;
use polygraph::domain::{ByTime, FollowedUser, Timestamp, UserId, id};
use polygraph::ports::{NewFollow, NewUser, UserStore};
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600_000;

/// Users and follows, as the store should hold them.
pub(super) struct Model {
    random: ChaCha8Rng,
    pub(super) users: Vec<NewUser>,
    pub(super) follows: Vec<NewFollow>,
}

impl Model {
    pub(super) fn new(seed: u64) -> Self {
        Self { random: ChaCha8Rng::seed_from_u64(seed), users: Vec::new(), follows: Vec::new() }
    }

    /// A graph of this size in the store, its follows made within a few milliseconds of each other.
    pub(super) async fn stored(store: &dyn UserStore, seed: u64, users: usize, follows: usize) -> Self {
        let mut model = Self::new(seed);
        model.add_users(users);
        model.add_follows(follows);
        assert_eq!(store.insert_users(&model.users).await.expect("users"), users as u64);
        assert_eq!(store.insert_follows(&model.follows).await.expect("follows"), follows as u64);
        model
    }

    /// Adds users with handles in which byte order differs from people's order, several to a millisecond. Returns them.
    pub(super) fn add_users(&mut self, count: usize) -> Vec<NewUser> {
        let first = self.users.len();
        while self.users.len() < first + count {
            let created_at = Timestamp::from_millis(START + self.users.len() as i64 / 4);
            let handle: String = (0..5).map(|_| *pick(&mut self.random, &['a', 'b', '_', '1', '9', 'z'])).collect();
            if self.users.iter().all(|user| user.handle.as_str() != handle) {
                let user = self.user(&handle, created_at);
                self.users.push(user);
            }
        }
        self.users[first..].to_vec()
    }

    /// A user with this handle, not added to the model.
    pub(super) fn user(&mut self, handle: &str, created_at: Timestamp) -> NewUser {
        let mut random = [0; 10];
        self.random.fill_bytes(&mut random);
        NewUser {
            id: id::uuid_v7(created_at, random).into(),
            handle: Handle::parse(handle).expect("a handle"),
            name: format!("Name of {handle}"),
            bio: self.random.random_bool(0.5).then(|| format!("\"{handle}\" says:\n\t'$1', ?1 — ☃")),
            email: format!("{handle}@Example.org"),
            password_hash: None,
            created_at,
        }
    }

    /// Adds follows between random users, none twice, nobody themselves.
    pub(super) fn add_follows(&mut self, count: usize) -> Vec<NewFollow> {
        let first = self.follows.len();
        let mut seen: BTreeSet<(UserId, UserId)> = self.follows.iter().map(|f| (f.follower, f.followed)).collect();
        while self.follows.len() < first + count {
            let follower = pick(&mut self.random, &self.users).id;
            let followed = pick(&mut self.random, &self.users).id;
            let created_at = Timestamp::from_millis(START + self.random.random_range(0..5));
            if follower != followed && seen.insert((follower, followed)) {
                self.follows.push(NewFollow { follower, followed, created_at });
            }
        }
        self.follows[first..].to_vec()
    }

    pub(super) fn ids(&self) -> Vec<UserId> {
        self.users.iter().map(|user| user.id).collect()
    }

    pub(super) fn newest(&self) -> Vec<UserId> {
        let mut ids = self.ids();
        ids.sort_by(|a, b| b.cmp(a));
        ids
    }

    pub(super) fn by_handle(&self) -> Vec<UserId> {
        let mut users: Vec<&NewUser> = self.users.iter().collect();
        users.sort_by(|a, b| a.handle.as_str().as_bytes().cmp(b.handle.as_str().as_bytes()));
        users.into_iter().map(|user| user.id).collect()
    }

    pub(super) fn most_followed(&self) -> Vec<UserId> {
        let mut ids: Vec<(usize, UserId)> = self.ids().into_iter().map(|id| (self.followers(id).len(), id)).collect();
        ids.sort_by(|a, b| b.cmp(a));
        ids.into_iter().map(|(_, id)| id).collect()
    }

    /// Who follows `user`, newest first.
    pub(super) fn followers(&self, user: UserId) -> Vec<Relation> {
        newest_first(self.follows.iter().filter(|f| f.followed == user).map(|f| (f.created_at, f.follower)))
    }

    /// Whom `user` follows, newest first.
    pub(super) fn following(&self, user: UserId) -> Vec<Relation> {
        newest_first(self.follows.iter().filter(|f| f.follower == user).map(|f| (f.created_at, f.followed)))
    }

    pub(super) fn follows(&self, follower: UserId, followed: UserId) -> bool {
        self.follows.iter().any(|f| f.follower == follower && f.followed == followed)
    }

    /// Those followers of `user` whom `viewer` follows, newest first.
    pub(super) fn mutual_followers(&self, viewer: UserId, user: UserId) -> Vec<Relation> {
        let mut followers = self.followers(user);
        followers.retain(|&(_, follower)| self.follows(viewer, follower));
        followers
    }

    /// Whom `viewer` might follow, with by how many of their followees they are followed: most first.
    pub(super) fn suggestions(&self, viewer: UserId) -> Vec<(u64, UserId)> {
        let mut counts: BTreeMap<UserId, u64> = BTreeMap::new();
        for (_, followee) in self.following(viewer) {
            for (_, candidate) in self.following(followee) {
                if candidate != viewer && !self.follows(viewer, candidate) {
                    *counts.entry(candidate).or_default() += 1;
                }
            }
        }
        let mut suggestions: Vec<(u64, UserId)> = counts.into_iter().map(|(id, count)| (count, id)).collect();
        suggestions.sort_by(|a, b| b.cmp(a));
        suggestions
    }
}

/// When a follow began, and the user at its other end.
pub(super) type Relation = (Timestamp, UserId);

/// What the store says, in the model's terms.
pub(super) fn relation(found: &FollowedUser) -> Relation {
    (found.followed_at, found.user.id)
}

pub(super) fn cursor(&(at, id): &Relation) -> ByTime {
    ByTime { at, id: id.0 }
}

fn newest_first(relations: impl Iterator<Item = Relation>) -> Vec<Relation> {
    let mut relations: Vec<Relation> = relations.collect();
    relations.sort_by(|a, b| b.cmp(a));
    relations
}

fn pick<'a, T>(random: &mut ChaCha8Rng, from: &'a [T]) -> &'a T {
    &from[random.random_range(0..from.len())]
}
