//! Lanes to the store of users.

use std::collections::HashMap;
use std::sync::Arc;

use dataloader::BatchFn;

use super::{Paged, Scheduler, StoreLane, each, each_page, open};
use crate::domain::text::Handle;
use crate::domain::{ByTime, FollowedUser, Slice, User, UserId};
use crate::ports::{Role, StoreResult, UserStore};

/// A page of follows of one user.
type Follows = Paged<UserId, ByTime>;
/// What such a page holds.
type FollowSlice = Arc<Slice<FollowedUser>>;

/// The batched lookups of users and follows. Those named for the viewer have no values when nobody is signed in.
pub struct UserLoaders {
    /// Users by id.
    pub by_id: StoreLane<UserId, Arc<User>>,
    /// Users by handle.
    pub by_handle: StoreLane<Handle, Arc<User>>,
    /// Pages of followers.
    pub followers: StoreLane<Follows, FollowSlice>,
    /// Pages of those followed.
    pub following: StoreLane<Follows, FollowSlice>,
    /// Pages of followers whom the viewer follows.
    pub mutual_followers: StoreLane<Follows, FollowSlice>,
    /// How many followers the viewer follows.
    pub mutual_followers_count: StoreLane<UserId, u64>,
    /// Whether the viewer follows a user.
    pub viewer_follows: StoreLane<UserId, bool>,
    /// Whether a user follows the viewer.
    pub follows_viewer: StoreLane<UserId, bool>,
    /// Those, at most so many, whom the viewer follows and who follow the user.
    pub mutuals: StoreLane<Mutuals, Arc<Vec<Arc<User>>>>,
}

/// The lanes that do not depend on who asks: by id, by handle, followers, following.
type Public = (
    StoreLane<UserId, Arc<User>>,
    StoreLane<Handle, Arc<User>>,
    StoreLane<Follows, FollowSlice>,
    StoreLane<Follows, FollowSlice>,
);

/// Whose mutuals, and how many at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mutuals {
    /// The user suggested.
    pub of: UserId,
    /// At most so many.
    pub limit: u32,
}

impl UserLoaders {
    pub(super) fn open(scheduler: &mut impl Scheduler, store: Arc<dyn UserStore>, viewer: Option<UserId>) -> Self {
        let asked = Asked { store, viewer };
        let by_id = open!(scheduler, Role::Users, "users by id", ById(asked.clone()));
        let by_handle = open!(scheduler, Role::Users, "users by handle", ByHandle(asked.clone()));
        let followers = open!(scheduler, Role::Users, "followers", Followers(asked.clone()));
        let following = open!(scheduler, Role::Users, "following", Following(asked.clone()));
        Self::with_own((by_id, by_handle, followers, following), scheduler, asked)
    }

    /// The lanes for another viewer: their own, and those that are everybody's.
    pub(super) fn beside(
        &self,
        scheduler: &mut impl Scheduler,
        store: Arc<dyn UserStore>,
        viewer: Option<UserId>,
    ) -> Self {
        let public = (self.by_id.clone(), self.by_handle.clone(), self.followers.clone(), self.following.clone());
        Self::with_own(public, scheduler, Asked { store, viewer })
    }

    /// Everybody's lanes, with those that depend on who asks.
    fn with_own(
        (by_id, by_handle, followers, following): Public,
        scheduler: &mut impl Scheduler,
        asked: Asked,
    ) -> Self {
        Self {
            by_id,
            by_handle,
            followers,
            following,
            mutual_followers: open!(scheduler, Role::Users, "mutual followers", MutualFollowers(asked.clone())),
            mutual_followers_count: open!(
                scheduler,
                Role::Users,
                "mutual follower counts",
                MutualCounts(asked.clone())
            ),
            viewer_follows: open!(scheduler, Role::Users, "viewer follows", ViewerFollows(asked.clone())),
            follows_viewer: open!(scheduler, Role::Users, "follows viewer", FollowsViewer(asked.clone())),
            mutuals: open!(scheduler, Role::Users, "mutuals", MutualsOf(asked)),
        }
    }

    /// Users that came with something else need not be asked for again.
    pub fn prime<'a>(&self, users: impl IntoIterator<Item = &'a Arc<User>>) {
        for user in users {
            self.by_id.prime(user.id, Arc::clone(user));
        }
    }
}

#[derive(Clone)]
struct Asked {
    store: Arc<dyn UserStore>,
    viewer: Option<UserId>,
}

fn shared<K: std::hash::Hash + Eq, V>(values: HashMap<K, V>) -> HashMap<K, Arc<V>> {
    values.into_iter().map(|(key, value)| (key, Arc::new(value))).collect()
}

#[derive(Clone)]
struct ById(Asked);

impl BatchFn<UserId, StoreResult<Arc<User>>> for ById {
    async fn load(&mut self, ids: &[UserId]) -> HashMap<UserId, StoreResult<Arc<User>>> {
        each(ids, self.0.store.users_by_id(ids).await.map(shared))
    }
}

#[derive(Clone)]
struct ByHandle(Asked);

impl BatchFn<Handle, StoreResult<Arc<User>>> for ByHandle {
    async fn load(&mut self, handles: &[Handle]) -> HashMap<Handle, StoreResult<Arc<User>>> {
        each(handles, self.0.store.users_by_handle(handles).await.map(shared))
    }
}

#[derive(Clone)]
struct Followers(Asked);

impl BatchFn<Follows, StoreResult<FollowSlice>> for Followers {
    async fn load(&mut self, keys: &[Follows]) -> HashMap<Follows, StoreResult<FollowSlice>> {
        let store = &self.0.store;
        each_page(keys, |of, page| async move { store.followers(&of, &page).await.map(shared) }).await
    }
}

#[derive(Clone)]
struct Following(Asked);

impl BatchFn<Follows, StoreResult<FollowSlice>> for Following {
    async fn load(&mut self, keys: &[Follows]) -> HashMap<Follows, StoreResult<FollowSlice>> {
        let store = &self.0.store;
        each_page(keys, |by, page| async move { store.following(&by, &page).await.map(shared) }).await
    }
}

#[derive(Clone)]
struct MutualFollowers(Asked);

impl BatchFn<Follows, StoreResult<FollowSlice>> for MutualFollowers {
    async fn load(&mut self, keys: &[Follows]) -> HashMap<Follows, StoreResult<FollowSlice>> {
        let Some(viewer) = self.0.viewer else { return HashMap::new() };
        let store = &self.0.store;
        each_page(keys, |of, page| async move { store.mutual_followers(viewer, &of, &page).await.map(shared) }).await
    }
}

#[derive(Clone)]
struct MutualCounts(Asked);

impl BatchFn<UserId, StoreResult<u64>> for MutualCounts {
    async fn load(&mut self, of: &[UserId]) -> HashMap<UserId, StoreResult<u64>> {
        let Some(viewer) = self.0.viewer else { return HashMap::new() };
        each(of, self.0.store.count_mutual_followers(viewer, of).await)
    }
}

#[derive(Clone)]
struct ViewerFollows(Asked);

impl BatchFn<UserId, StoreResult<bool>> for ViewerFollows {
    async fn load(&mut self, users: &[UserId]) -> HashMap<UserId, StoreResult<bool>> {
        let Some(viewer) = self.0.viewer else { return HashMap::new() };
        let followed = self.0.store.followed_by(viewer, users).await;
        each(users, followed.map(|followed| users.iter().map(|user| (*user, followed.contains(user))).collect()))
    }
}

#[derive(Clone)]
struct FollowsViewer(Asked);

impl BatchFn<UserId, StoreResult<bool>> for FollowsViewer {
    async fn load(&mut self, users: &[UserId]) -> HashMap<UserId, StoreResult<bool>> {
        let Some(viewer) = self.0.viewer else { return HashMap::new() };
        let followers = self.0.store.followers_among(viewer, users).await;
        each(users, followers.map(|followers| users.iter().map(|user| (*user, followers.contains(user))).collect()))
    }
}

#[derive(Clone)]
struct MutualsOf(Asked);

impl BatchFn<Mutuals, StoreResult<Arc<Vec<Arc<User>>>>> for MutualsOf {
    async fn load(&mut self, keys: &[Mutuals]) -> HashMap<Mutuals, StoreResult<Arc<Vec<Arc<User>>>>> {
        let Some(viewer) = self.0.viewer else { return HashMap::new() };
        // One call serves siblings of different sizes: each takes the beginning of the longest.
        let limit = keys.iter().map(|key| key.limit).max().unwrap_or(0);
        let mut of: Vec<UserId> = keys.iter().map(|key| key.of).collect();
        of.sort_unstable();
        of.dedup();
        let found = self.0.store.mutuals(viewer, &of, limit).await.map(|found| {
            let beginning = |key: &Mutuals| {
                let users = found.get(&key.of).map(Vec::as_slice).unwrap_or_default();
                let users = users.iter().take(key.limit as usize).cloned().map(Arc::new).collect();
                (*key, Arc::new(users))
            };
            keys.iter().map(beginning).collect()
        });
        each(keys, found)
    }
}
