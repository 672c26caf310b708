//! What the selection needs of the stores, read ahead from the request.
//!
//! A wrong guess about a post costs a store call, never an answer: a field that was not read ahead is loaded when it is
//! resolved. Whether a page is read at all is no guess: what is selected below the field itself, fragments included,
//! is all that can ask for it.

use async_graphql::{Context, Lookahead};

use crate::domain::PostFields;

/// What of posts is selected below a connection of posts.
pub(super) fn of_post_connection(ctx: &Context<'_>) -> PostFields {
    let here = ctx.look_ahead();
    of_post(&here.field("nodes")).or(of_post(&here.field("edges").field("node")))
}

/// Whether anything of the connection below is selected that only the page itself can answer. Its total can do without.
pub(super) fn page_is_selected(ctx: &Context<'_>) -> bool {
    let here = ctx.look_ahead();
    ["edges", "nodes", "pageInfo"].iter().any(|field| here.field(field).exists())
}

/// What of a post is selected directly below.
pub(super) fn of_post(post: &Lookahead<'_>) -> PostFields {
    PostFields { content: post.field("content").exists() }
}

/// What of posts is selected below the field itself.
pub(super) fn here(ctx: &Context<'_>) -> PostFields {
    of_post(&ctx.look_ahead())
}
