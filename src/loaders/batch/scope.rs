//! The scope: drives a request and its batches in one task.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::hash::Hash;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt as _};

use super::lane::{Flush, Lane};
use super::signal::Signal;

/// The lanes of one request, and the driver of its batches.
#[derive(Default)]
pub struct Scope {
    lanes: Vec<Box<dyn Flush>>,
}

impl Scope {
    /// Opens a lane. `function` gets each batch's keys, every key once and never none, and leaves out of its answer
    /// the keys that have no value.
    pub fn lane<K, V>(
        &mut self,
        name: &'static str,
        function: impl Fn(Vec<K>) -> BoxFuture<'static, HashMap<K, V>> + Send + Sync + 'static,
    ) -> Lane<K, V>
    where
        K: Hash + Eq + Clone + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
    {
        let lane = Lane::new(name, Box::new(function));
        self.lanes.push(Box::new(lane.clone()));
        lane
    }

    /// Forgets all values that came so far: what was read before a write may be another after it.
    pub fn forget(&self) {
        self.lanes.iter().for_each(|lane| lane.forget());
    }

    /// Runs the request that loads through this scope's lanes. Outside of it a load never comes back.
    pub async fn run<F: Future>(&self, request: F) -> F::Output {
        let mut request = pin!(request);
        let mut in_flight: FuturesUnordered<BoxFuture<'static, ()>> = FuturesUnordered::new();
        let signal = Arc::new(Signal::default());
        let waker = Waker::from(Arc::clone(&signal));
        poll_fn(move |cx| {
            signal.enter(cx.waker());
            loop {
                while signal.take() {
                    if let Poll::Ready(output) = request.as_mut().poll(&mut Context::from_waker(&waker)) {
                        return Poll::Ready(output);
                    }
                }
                in_flight.extend(self.lanes.iter().filter_map(|lane| lane.flush()));
                while let Poll::Ready(Some(())) = in_flight.poll_next_unpin(cx) {}
                if signal.leave() {
                    return Poll::Pending;
                }
            }
        })
        .await
    }
}
