//! Filling the search index from the stores that own the truth.

use crate::domain::search::{IndexChange, IndexDocument};
use crate::domain::{LikeId, Post, PostId, UserId};
use crate::ports::{PostStore, Role, SearchIndex, StoreError, StoreResult, UserStore};
use crate::services::progress::Progress;

/// How many things are read and indexed at once.
const PAGE: u32 = 1_000;

/// How many documents were put into the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IndexReport {
    /// Users.
    pub users: u64,
    /// Posts.
    pub posts: u64,
    /// Likes.
    pub likes: u64,
}

impl IndexReport {
    /// All of them.
    pub fn documents(&self) -> u64 {
        self.users + self.posts + self.likes
    }
}

/// Walks the whole truth, puts a document for each thing into the index, and makes them searchable. Each carries the
/// truth's version, so that a newer document that is there already stays; nothing is removed.
///
/// # Errors
/// The first failure of a store. Filling again does no harm.
pub async fn fill_index(
    users: &dyn UserStore,
    posts: &dyn PostStore,
    search: &dyn SearchIndex,
    progress: &dyn Progress,
) -> StoreResult<IndexReport> {
    let users = fill_users(users, search, progress).await?;
    let (posts_filled, likes_counted) = fill_posts(posts, search, progress).await?;
    let likes = fill_likes(posts, likes_counted, search, progress).await?;
    search.refresh().await?;
    Ok(IndexReport { users, posts: posts_filled, likes })
}

async fn fill_users(users: &dyn UserStore, search: &dyn SearchIndex, progress: &dyn Progress) -> StoreResult<u64> {
    let mut part = progress.start("users to index", users.count_users().await?);
    let mut filled = 0;
    let mut after: Option<UserId> = None;
    loop {
        let page = users.scan_users(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        let changes: Vec<_> =
            page.iter().map(|user| IndexChange::put(IndexDocument::of_user(user), user.version)).collect();
        search.apply(&changes).await?;
        filled += changes.len() as u64;
        part.advance(changes.len() as u64);
    }
    part.finish();
    Ok(filled)
}

/// Returns how many posts were put, and how many likes they have.
async fn fill_posts(
    posts: &dyn PostStore,
    search: &dyn SearchIndex,
    progress: &dyn Progress,
) -> StoreResult<(u64, u64)> {
    let mut part = progress.start("posts to index", posts.count_posts().await?);
    let (mut filled, mut likes) = (0, 0);
    let mut after: Option<PostId> = None;
    loop {
        let page = posts.scan_posts(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        likes += page.iter().map(|post| post.like_count).sum::<u64>();
        let changes = page.iter().map(put_post).collect::<StoreResult<Vec<_>>>()?;
        search.apply(&changes).await?;
        filled += changes.len() as u64;
        part.advance(changes.len() as u64);
    }
    part.finish();
    Ok((filled, likes))
}

async fn fill_likes(
    posts: &dyn PostStore,
    total: u64,
    search: &dyn SearchIndex,
    progress: &dyn Progress,
) -> StoreResult<u64> {
    let mut part = progress.start("likes to index", total);
    let mut filled = 0;
    let mut after: Option<LikeId> = None;
    loop {
        let page = posts.scan_likes(after, PAGE).await?;
        let Some((last, _)) = page.last() else { break };
        after = Some(last.id);
        let changes: Vec<_> =
            page.into_iter().map(|(like, version)| IndexChange::put(IndexDocument::of_like(&like), version)).collect();
        search.apply(&changes).await?;
        filled += changes.len() as u64;
        part.advance(changes.len() as u64);
    }
    part.finish();
    Ok(filled)
}

fn put_post(post: &Post) -> StoreResult<IndexChange> {
    let document = IndexDocument::of_post(post)
        .ok_or_else(|| StoreError::internal(Role::Posts, "the walk over all posts left out their content"))?;
    Ok(IndexChange::put(document, post.version))
}
