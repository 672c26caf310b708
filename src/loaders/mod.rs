//! Loaders: the batched lookups of one request, a lane for each key space.
//!
//! The batch functions implement [`dataloader::BatchFn`], so that the same functions run under that crate's loader,
//! async-graphql's and ours; [`batch`] decides when they run.

pub mod batch;
mod posts;
mod scheduler;
mod users;

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::join_all;

pub use posts::{AuthorsPosts, PostKey, PostLoaders};
pub use scheduler::{OtherLoader, Scheduled, Scheduler};
pub use users::{Mutuals, UserLoaders};

use crate::domain::{Page, UserId};
use crate::ports::{Role, StoreError, StoreResult, Stores};
use batch::Scope;

/// All lanes of one request. The viewer is fixed for its length, so their answers may depend on who that is.
pub struct Loaders {
    /// Lookups of users and follows.
    pub users: UserLoaders,
    /// Lookups of posts and likes.
    pub posts: PostLoaders,
    scope: Scope,
}

impl Loaders {
    /// Lanes to these stores for a request of `viewer`.
    pub fn new(stores: &Stores, viewer: Option<UserId>) -> Self {
        let mut scope = Scope::default();
        let loaders = Self::scheduled(&mut scope, stores, viewer);
        Self { scope, ..loaders }
    }

    /// The same over another scheduler.
    pub fn scheduled(scheduler: &mut impl Scheduler, stores: &Stores, viewer: Option<UserId>) -> Self {
        Self {
            users: UserLoaders::open(scheduler, Arc::clone(&stores.users), viewer),
            posts: PostLoaders::open(scheduler, Arc::clone(&stores.posts), viewer),
            scope: Scope::default(),
        }
    }

    /// Lanes for another viewer, in the same scope: what does not depend on who asks goes through the lanes of `self`, so
    /// that one batch serves all viewers.
    #[must_use]
    pub fn beside(&self, scheduler: &mut impl Scheduler, stores: &Stores, viewer: Option<UserId>) -> Self {
        Self {
            users: self.users.beside(scheduler, Arc::clone(&stores.users), viewer),
            posts: self.posts.beside(scheduler, Arc::clone(&stores.posts), viewer),
            scope: Scope::default(),
        }
    }

    /// Forgets what was loaded so far: to be called after a write, so that what follows reads it.
    pub fn forget(&self) {
        self.scope.forget();
    }

    /// Runs the request that loads through these lanes.
    pub async fn run<F: Future>(&self, request: F) -> F::Output {
        self.scope.run(request).await
    }
}

/// A page of a parent's children, as a key: children of many parents with the same page are one batch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Paged<P, C> {
    /// Whose children.
    pub parent: P,
    /// Which page of them.
    pub page: Page<C>,
}

/// A lane to a store: a key's value, nothing, or the store's failure.
pub struct StoreLane<K, V> {
    lane: Scheduled<K, StoreResult<V>>,
    role: Role,
}

impl<K, V> Clone for StoreLane<K, V> {
    fn clone(&self) -> Self {
        Self { lane: self.lane.clone(), role: self.role }
    }
}

impl<K, V> StoreLane<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// The value of `key`; `None` where there is none.
    ///
    /// # Errors
    /// The store's, for all keys that were asked for together.
    pub async fn load(&self, key: K) -> StoreResult<Option<V>> {
        match self.lane.load(key).await {
            Ok(answer) => answer.transpose(),
            Err(panicked) => Err(StoreError::internal(self.role, panicked.to_string())),
        }
    }

    /// Puts a value that is in hand already.
    pub fn prime(&self, key: K, value: V) {
        self.lane.prime(key, Ok(value));
    }
}

/// Opens a lane whose batches are `$function`'s, a [`dataloader::BatchFn`]. A macro, since the trait does not say that
/// its futures are `Send`: the compiler sees it of a concrete function only.
macro_rules! open {
    ($scheduler:expr, $role:expr, $name:literal, $function:expr) => {{
        let function = $function;
        $crate::loaders::StoreLane {
            lane: $scheduler.open($name, move |keys| {
                let mut function = function.clone();
                futures::FutureExt::boxed(async move { dataloader::BatchFn::load(&mut function, &keys).await })
            }),
            role: $role,
        }
    }};
}
use open;

/// One answer for each key that the store had one for, or its failure for all keys alike.
fn each<K: Hash + Eq + Clone, V>(keys: &[K], answer: StoreResult<HashMap<K, V>>) -> HashMap<K, StoreResult<V>> {
    match answer {
        Ok(values) => values.into_iter().map(|(key, value)| (key, Ok(value))).collect(),
        Err(error) => keys.iter().map(|key| (key.clone(), Err(error.clone()))).collect(),
    }
}

/// Asks once for each distinct page among the keys, side by side: siblings nearly always want the same one.
async fn each_page<P, C, V, F>(
    keys: &[Paged<P, C>],
    ask: impl Fn(Vec<P>, Page<C>) -> F,
) -> HashMap<Paged<P, C>, StoreResult<V>>
where
    P: Hash + Eq + Clone,
    C: Hash + Eq + Clone,
    F: Future<Output = StoreResult<HashMap<P, V>>>,
{
    let mut parents_of: HashMap<&Page<C>, Vec<P>> = HashMap::new();
    for Paged { parent, page } in keys {
        parents_of.entry(page).or_default().push(parent.clone());
    }
    let asked = parents_of
        .into_iter()
        .map(|(page, parents)| ask(parents.clone(), page.clone()).map(move |answer| (page, each(&parents, answer))));
    let mut answers = HashMap::with_capacity(keys.len());
    for (page, values) in join_all(asked).await {
        answers.extend(values.into_iter().map(|(parent, value)| (Paged { parent, page: page.clone() }, value)));
    }
    answers
}
