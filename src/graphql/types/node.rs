//! The `Node` interface (Relay's Global Object Identification specification).

use async_graphql::{ContextSelectionSet, ID, Interface, ServerResult, Value};
use futures::future::BoxFuture;

use super::{Like, Post, User};
use crate::graphql::in_place::Resolve;

/// Anything with an id of its own: pass it to `node` to fetch it again.
#[derive(Interface, Clone)]
#[graphql(field(name = "id", ty = "ID", desc = "The thing's id: opaque, URL-safe and typed."))]
pub(in crate::graphql) enum Node {
    /// A user.
    User(User),
    /// A post.
    Post(Post),
    /// A like.
    Like(Like),
}

impl Resolve for Node {
    fn resolve_fields<'a>(&'a self, ctx: &'a ContextSelectionSet<'a>) -> BoxFuture<'a, ServerResult<Value>> {
        match self {
            Self::User(user) => user.resolve_fields(ctx),
            Self::Post(post) => post.resolve_fields(ctx),
            Self::Like(like) => like.resolve_fields(ctx),
        }
    }
}
