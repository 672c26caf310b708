//! Stores that tell the cache what is written to them, as decorators of the ports: a write is answered only when nothing
//! from before it is answered any more.
//!
//! A write that changes nothing because it was made before tells the cache all the same: the one before may not have
//! been acknowledged yet, and is by this answer.

mod accounts;
mod publishing;

use std::sync::Arc;

use super::invalidation::Invalidation;
use crate::domain::event::{Aggregate, Event, Happened, Stamp};
use crate::domain::tag::Tag;
use crate::ports::{CacheTag, ErrorKind, Invalidated, Role, StoreError, StoreResult};

/// A store whose writes the cache is told of.
pub struct Telling<S: ?Sized> {
    store: Arc<S>,
    invalidation: Invalidation,
}

impl<S: ?Sized> Telling<S> {
    /// Tells `invalidation` of what is written to `store`.
    pub fn new(store: Arc<S>, invalidation: Invalidation) -> Arc<Self> {
        Arc::new(Self { store, invalidation })
    }

    /// Settles what these tags stand for. Where that fails the write was made all the same, but what others are
    /// answered is not known: so nobody is told that it was.
    async fn settle(&self, role: Role, tags: impl IntoIterator<Item = Tag>) -> StoreResult<()> {
        let what = Invalidated::Tags(tags.into_iter().map(CacheTag::from).collect());
        let unsettled = |error| StoreError::new(role, ErrorKind::OutcomeUnknown, error);
        self.invalidation.settle(role, &what).await.map_err(unsettled)
    }
}

/// What an event changes. Tags depend on neither its moment nor its version.
fn tags_of(stamp: Stamp, aggregate: impl Into<Aggregate>, happened: Happened) -> Vec<Tag> {
    let event: Event = stamp.event(aggregate, 0, happened);
    Tag::of(&event)
}
