//! What a request carries to its resolvers.

use std::sync::Arc;

use async_graphql::Context;

use super::errors::{ApiError, Result};
use crate::domain::{UserId, Viewer};
use crate::loaders::Loaders;
use crate::ports::{Stores, TokenHash};

/// The stores, the lanes to them, and who is asking: made anew for each request.
#[derive(Clone)]
pub struct RequestContext {
    /// The stores, for what is not a batched lookup.
    pub stores: Stores,
    /// The lanes of this request.
    pub loaders: Arc<Loaders>,
    /// Who is asking.
    pub viewer: Viewer,
    /// By which session, where they are signed in by one of ours.
    pub session: Option<TokenHash>,
}

impl RequestContext {
    /// The context of a request of `viewer`.
    pub fn new(stores: Stores, viewer: Viewer) -> Self {
        let loaders = Loaders::new(Arc::clone(&stores.users), Arc::clone(&stores.posts), viewer.id());
        Self { stores, loaders: Arc::new(loaders), viewer, session: None }
    }

    /// The context of a request that came with a session.
    pub fn with_session(self, session: Option<TokenHash>) -> Self {
        Self { session, ..self }
    }

    /// The context of the request that `ctx` resolves a field of.
    pub(super) fn of<'a>(ctx: &Context<'a>) -> &'a Self {
        ctx.data_unchecked()
    }

    /// The viewer, where somebody must be signed in.
    pub(super) fn signed_in(&self) -> Result<UserId> {
        self.viewer.id().ok_or(ApiError::Unauthenticated)
    }
}
