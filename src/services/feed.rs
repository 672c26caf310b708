//! Lists of posts made of whom the viewer follows: follows are one store's truth, posts another's.

use crate::domain::{ByCount, Page, Post, PostFields, PostId, Slice, UserId};
use crate::ports::{StoreResult, Stores};

/// Reads a page of the posts of those whom `viewer` follows, newest first.
///
/// # Errors
/// Those of either store.
pub async fn fetch_feed(
    stores: &Stores,
    viewer: UserId,
    page: &Page<PostId>,
    fields: PostFields,
) -> StoreResult<Slice<Post>> {
    let followees = stores.users.followees(viewer).await?;
    stores.posts.feed(&followees, page, fields).await
}

/// Reads a page of posts that those whom `viewer` follows like, and `viewer` neither wrote nor likes: by how many of
/// them, descending, then the newest.
///
/// # Errors
/// Those of either store.
pub async fn fetch_recommended(
    stores: &Stores,
    viewer: UserId,
    page: &Page<ByCount>,
    fields: PostFields,
) -> StoreResult<Slice<(Post, u64)>> {
    let followees = stores.users.followees(viewer).await?;
    stores.posts.recommended(viewer, &followees, page, fields).await
}
