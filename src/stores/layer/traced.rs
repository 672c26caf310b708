//! Stores that leave a trail.

use std::future::Future;
use std::sync::Arc;

use super::{Call, Layered, Policy, Rows};
use crate::ports::{Ended, StoreResult, Stores, Trail};

impl Policy for Trail {
    async fn around<T, F>(&self, call: Call, attempt: impl Fn() -> F + Send + Sync) -> StoreResult<T>
    where
        T: Rows + Send,
        F: Future<Output = StoreResult<T>> + Send,
    {
        let number = self.begin(call.role, call.method, call.keys, call.omitted);
        let begun = self.now();
        let answer = attempt().await;
        let rows = answer.as_ref().map(Rows::rows).map_err(|error| error.kind);
        self.end(number, Ended { took: self.now().saturating_duration_since(begun), rows });
        answer
    }
}

/// The stores, with a trail of their calls.
pub fn traced(stores: &Stores, trail: &Trail) -> Stores {
    Stores {
        users: Layered::new(Arc::clone(&stores.users), trail.clone()),
        posts: Layered::new(Arc::clone(&stores.posts), trail.clone()),
        search: Layered::new(Arc::clone(&stores.search), trail.clone()),
    }
}
