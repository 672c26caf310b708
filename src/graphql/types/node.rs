//! The `Node` interface (Relay's Global Object Identification specification).

use async_graphql::{ID, Interface};

use super::{Like, Post, User};

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
