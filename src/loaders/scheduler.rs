//! Who decides when the batches of a request are sent: a scope of [`super::batch`], always.
//!
//! The seam is there so that `bench/` can put the schedulers of other loaders in its place, over the same batch
//! functions and in the same gateway, and compare nothing but them.

use std::collections::HashMap;
use std::fmt::Debug;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;

use futures::future::{BoxFuture, Either};

use super::batch::{BatchPanicked, Lane, Scope};

/// Opens a lane for each batch function.
pub trait Scheduler {
    /// A lane of batches of `function`, which leaves out of its answer the keys that have no value.
    fn open<K, V>(
        &mut self,
        name: &'static str,
        function: impl Fn(Vec<K>) -> BoxFuture<'static, HashMap<K, V>> + Send + Sync + 'static,
    ) -> Scheduled<K, V>
    where
        K: Hash + Eq + Clone + Debug + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static;
}

impl Scheduler for Scope {
    fn open<K, V>(
        &mut self,
        name: &'static str,
        function: impl Fn(Vec<K>) -> BoxFuture<'static, HashMap<K, V>> + Send + Sync + 'static,
    ) -> Scheduled<K, V>
    where
        K: Hash + Eq + Clone + Debug + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
    {
        Scheduled::Idle(self.lane(name, function))
    }
}

/// A lane, by who schedules it.
pub enum Scheduled<K, V> {
    /// A scope: when the request is idle.
    Idle(Lane<K, V>),
    /// Another loader.
    Other(Arc<dyn OtherLoader<K, V>>),
}

impl<K, V> Clone for Scheduled<K, V> {
    fn clone(&self) -> Self {
        match self {
            Self::Idle(lane) => Self::Idle(lane.clone()),
            Self::Other(loader) => Self::Other(Arc::clone(loader)),
        }
    }
}

/// A loader with a scheduler of its own, which answers queries. It is not told to forget what it read before a write.
pub trait OtherLoader<K, V>: Send + Sync {
    /// The value of `key`; `None` where the batch function has none.
    fn load(&self, key: K) -> BoxFuture<'_, Option<V>>;

    /// Puts a value that is in hand already.
    fn prime(&self, key: K, value: V);
}

impl<K, V> Scheduled<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    pub(super) fn load(&self, key: K) -> impl Future<Output = Result<Option<V>, BatchPanicked>> + Send {
        match self {
            Self::Idle(lane) => Either::Left(lane.load(key)),
            Self::Other(loader) => Either::Right(async move { Ok(loader.load(key).await) }),
        }
    }

    pub(super) fn prime(&self, key: K, value: V) {
        match self {
            Self::Idle(lane) => lane.prime(key, value),
            Self::Other(loader) => loader.prime(key, value),
        }
    }
}
