//! Connections (Relay's Cursor Connections specification): edges, nodes, page info and exact totals.

use async_graphql::{Context, SimpleObject};

use super::context::RequestContext;
use super::errors::Result;
use super::projection;
use crate::domain::UserId;
use crate::domain::cursor::{self, CursorField, CursorKey};
use crate::domain::page::{Page, Slice};

/// Where a page stands in its list.
#[derive(SimpleObject, Debug, Clone, Default)]
pub(super) struct PageInfo {
    /// Whether more items follow. Paging backward: whether `before` was given.
    has_next_page: bool,
    /// Whether items come before. Paging forward: whether `after` was given.
    has_previous_page: bool,
    /// The cursor of the first item, to page backward from; null on an empty page.
    start_cursor: Option<String>,
    /// The cursor of the last item, to page forward from; null on an empty page.
    end_cursor: Option<String>,
}

/// The items of a page with their cursors, and its page info.
pub(super) fn edges<C: CursorKey, T>(
    field: CursorField,
    page: &Page<C>,
    slice: Slice<T>,
    key: impl Fn(&T) -> C,
) -> (Vec<(String, T)>, PageInfo) {
    let edges: Vec<_> = slice.items.into_iter().map(|item| (cursor::encode(field, &key(&item)), item)).collect();
    let (has_next_page, has_previous_page) = if page.is_forward() {
        (slice.has_more, page.cursor.is_some())
    } else {
        (page.cursor.is_some(), slice.has_more)
    };
    let start_cursor = edges.first().map(|(cursor, _)| cursor.clone());
    let end_cursor = edges.last().map(|(cursor, _)| cursor.clone());
    (edges, PageInfo { has_next_page, has_previous_page, start_cursor, end_cursor })
}

/// How a connection comes by its total: only when it is selected, and by a batch where many ask.
#[derive(Debug, Clone, Copy)]
pub(super) enum Total {
    /// There is none: counting would cost more than the page.
    Unknown,
    /// It is in hand.
    Known(u64),
    /// All users.
    Users,
    /// All posts.
    Posts,
    /// The posts of a user.
    PostsOf(UserId),
    /// The posts that a user likes.
    LikedBy(UserId),
    /// The followers of a user whom the viewer follows.
    MutualFollowersOf(UserId),
}

impl Total {
    pub(super) async fn fetch(self, ctx: &Context<'_>) -> Result<Option<i32>> {
        Ok(self.count(ctx).await?.map(int))
    }

    /// The total of a connection, in hand already where it is all that is selected of it: then it takes the page's place
    /// in telling that the store is down, which costs the connection as a whole.
    pub(super) async fn with_connection(self, ctx: &Context<'_>) -> Result<Self> {
        if projection::page_is_selected(ctx) || !ctx.look_ahead().field("totalCount").exists() {
            return Ok(self);
        }
        Ok(self.count(ctx).await?.map_or(Self::Unknown, Self::Known))
    }

    async fn count(self, ctx: &Context<'_>) -> Result<Option<u64>> {
        let RequestContext { stores, loaders, .. } = RequestContext::of(ctx);
        let total = match self {
            Self::Unknown => return Ok(None),
            Self::Known(total) => total,
            Self::Users => stores.users.count_users().await?,
            Self::Posts => stores.posts.count_posts().await?,
            Self::PostsOf(user) => loaders.posts.author_stats.load(user).await?.unwrap_or_default().posts,
            Self::LikedBy(user) => loaders.posts.author_stats.load(user).await?.unwrap_or_default().likes,
            Self::MutualFollowersOf(user) => loaders.users.mutual_followers_count.load(user).await?.unwrap_or(0),
        };
        Ok(Some(total))
    }
}

/// A count as GraphQL's `Int` holds it: 32 bits, signed.
pub(super) fn int(count: u64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Defines a connection type and its edge type. An edge may carry more than its node: `+ name: Type`.
macro_rules! connection {
    (
        $(#[doc = $doc:literal])*
        $connection:ident,
        $(#[doc = $edge_doc:literal])*
        $edge:ident { node: $node:ty $(, $(#[doc = $extra_doc:literal])* $extra:ident: $extra_type:ty)* }
    ) => {
        $(#[doc = $doc])*
        pub(in crate::graphql) struct $connection {
            edges: Vec<$edge>,
            page_info: $crate::graphql::pages::PageInfo,
            total: $crate::graphql::pages::Total,
        }

        $(#[doc = $edge_doc])*
        #[derive(async_graphql::SimpleObject, Clone)]
        pub(in crate::graphql) struct $edge {
            /// The node's position in the list: pass it as `after` or `before`.
            cursor: String,
            /// The item.
            node: $crate::graphql::in_place::InPlace<$node>,
            $($(#[doc = $extra_doc])* $extra: $extra_type,)*
        }

        impl $connection {
            pub(in crate::graphql) fn new(
                (edges, page_info): (Vec<$edge>, $crate::graphql::pages::PageInfo),
                total: $crate::graphql::pages::Total,
            ) -> Self {
                Self { edges, page_info, total }
            }
        }

        $(#[doc = $doc])*
        #[async_graphql::Object]
        impl $connection {
            /// The items of this page with their cursors.
            async fn edges(&self) -> $crate::graphql::in_place::List<&$edge> {
                self.edges.iter().collect()
            }
            /// The items of this page.
            async fn nodes(&self) -> $crate::graphql::in_place::List<&$node> {
                self.edges.iter().map(|edge| &edge.node.0).collect()
            }
            /// Where this page stands in the list.
            async fn page_info(&self) -> $crate::graphql::in_place::InPlace<&$crate::graphql::pages::PageInfo> {
                $crate::graphql::in_place::InPlace(&self.page_info)
            }
            /// How many items the whole list has, exactly; null where counting is not offered.
            async fn total_count(&self, ctx: &async_graphql::Context<'_>) -> async_graphql::Result<Option<i32>> {
                Ok(self.total.fetch(ctx).await?)
            }
        }
    };
}
pub(super) use connection;
