//! A lane: the key space of one batched lookup within a request.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures::FutureExt as _;
use futures::future::BoxFuture;

/// The batch that held the key panicked. Keys of other batches are not touched by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the batch that held this key panicked")]
pub struct BatchPanicked;

/// What a key came to: `Ok(None)` where the batch function left the key out of its answer.
type Answer<V> = Result<Option<V>, BatchPanicked>;

type BatchFunction<K, V> = Box<dyn Fn(Vec<K>) -> BoxFuture<'static, HashMap<K, V>> + Send + Sync>;

/// The key space of one batched lookup. Cheap to clone; values are cloned to each who asked, so make them `Arc`s.
pub struct Lane<K, V> {
    inner: Arc<Inner<K, V>>,
}

struct Inner<K, V> {
    name: &'static str,
    function: BatchFunction<K, V>,
    state: Mutex<State<K, V>>,
}

struct State<K, V> {
    /// Keys asked for and not sent yet, in the order in which they were asked for.
    queue: Vec<K>,
    slots: HashMap<K, Slot<V>>,
}

enum Slot<V> {
    Waiting(Vec<Waker>),
    Done(Answer<V>),
}

impl<K, V> Clone for Lane<K, V> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<K, V> Lane<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    pub(super) fn new(name: &'static str, function: BatchFunction<K, V>) -> Self {
        let state = Mutex::new(State { queue: Vec::new(), slots: HashMap::new() });
        Self { inner: Arc::new(Inner { name, function, state }) }
    }

    /// The value of `key`: `None` where the batch function has none.
    ///
    /// # Errors
    /// [`BatchPanicked`] where the batch function did.
    pub fn load(&self, key: K) -> impl Future<Output = Answer<V>> + Send + use<K, V> {
        Load { lane: self.clone(), key }
    }

    /// Puts a value that is in hand already, so that nobody asks for it. What is known or under way stays.
    pub fn prime(&self, key: K, value: V) {
        self.state().slots.entry(key).or_insert(Slot::Done(Ok(Some(value))));
    }

    fn state(&self) -> MutexGuard<'_, State<K, V>> {
        // The lock is held over map operations alone: a panic in there leaves nothing half done.
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn deliver(&self, keys: &[K], mut answers: Result<HashMap<K, V>, BatchPanicked>) {
        let mut waiting = Vec::new();
        {
            let mut state = self.state();
            for key in keys {
                let answer = answers.as_mut().map(|values| values.remove(key)).map_err(|panicked| *panicked);
                if let Some(Slot::Waiting(wakers)) = state.slots.insert(key.clone(), Slot::Done(answer)) {
                    waiting.extend(wakers);
                }
            }
        }
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// A lane as the scope sees it, whatever its keys are.
pub(super) trait Flush: Send + Sync {
    /// Takes what waits as one batch that delivers to all who asked; `None` where nothing waits.
    fn flush(&self) -> Option<BoxFuture<'static, ()>>;

    /// Forgets what came. What is asked for and under way stays.
    fn forget(&self);
}

impl<K, V> Flush for Lane<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    fn flush(&self) -> Option<BoxFuture<'static, ()>> {
        let keys = std::mem::take(&mut self.state().queue);
        if keys.is_empty() {
            return None;
        }
        let lane = self.clone();
        let batch = async move {
            tracing::trace!(lane = lane.inner.name, keys = keys.len(), "batch");
            // The call itself may panic, too, before there is a future.
            let work = AssertUnwindSafe(async { (lane.inner.function)(keys.clone()).await });
            let answer = work.catch_unwind().await.map_err(|_| {
                tracing::error!(lane = lane.inner.name, "a batch panicked");
                BatchPanicked
            });
            lane.deliver(&keys, answer);
        };
        Some(batch.boxed())
    }

    fn forget(&self) {
        self.state().slots.retain(|_, slot| matches!(slot, Slot::Waiting(_)));
    }
}

/// Asks when it is first polled, not before: a future that is never awaited asks for nothing.
struct Load<K, V> {
    lane: Lane<K, V>,
    key: K,
}

/// Nothing in it is pinned: the key is only read.
impl<K, V> Unpin for Load<K, V> {}

impl<K, V> Future for Load<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    type Output = Answer<V>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer<V>> {
        let mut state = self.lane.state();
        match state.slots.get_mut(&self.key) {
            Some(Slot::Done(answer)) => Poll::Ready(answer.clone()),
            Some(Slot::Waiting(wakers)) => {
                if !wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
                    wakers.push(cx.waker().clone());
                }
                Poll::Pending
            }
            None => {
                state.slots.insert(self.key.clone(), Slot::Waiting(vec![cx.waker().clone()]));
                state.queue.push(self.key.clone());
                Poll::Pending
            }
        }
    }
}
