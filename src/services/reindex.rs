//! Filling the search index from the stores that own the truth: the one that answers, or one beside it.
//!
//! Nothing needs to stand still. Each document is put with the truth's version, so that a newer one that is there, or a
//! newer deletion, stays. A post's deletion takes its likes along without a deletion of each, so whoever puts likes
//! looks once more whether their posts are there, and removes them again where they are not; a post that is deleted
//! after that look is deleted from the index after the likes were put, by its event.

use std::collections::BTreeSet;

use crate::domain::search::{IndexChange, IndexDocument};
use crate::domain::{LikeId, Post, PostFields, PostId, UserId};
use crate::ports::{IndexBuild, PostStore, Role, SearchIndex, StoreError, StoreResult, Stores, UserStore};
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

/// What became of building an index anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rebuilt {
    /// It answers now.
    Done(IndexReport),
    /// It was stopped, and removed: the one that answered still does.
    Stopped,
}

/// Builds an index beside the one that answers, fills it while writes go on, and puts it in the other's place. When
/// `stop` comes first, the new one is removed.
///
/// # Errors
/// The first failure of a store, or [`ErrorKind::Conflict`](crate::ports::ErrorKind::Conflict) where somebody else has
/// begun to do the same. The index that answered still does, and to begin again does no harm.
pub async fn rebuild_index(
    stores: &Stores,
    progress: &dyn Progress,
    stop: impl Future<Output = ()> + Send,
) -> StoreResult<Rebuilt> {
    let build = stores.search.begin_build().await?;
    let target = Target::Build(&*build);
    let filled = tokio::select! {
        filled = fill(&*stores.users, &*stores.posts, &target, progress) => filled,
        () = stop => {
            build.abandon().await?;
            return Ok(Rebuilt::Stopped);
        }
    };
    match filled {
        Ok(report) => {
            build.swap().await?;
            Ok(Rebuilt::Done(report))
        }
        Err(error) => {
            if let Err(error) = build.abandon().await {
                tracing::warn!(%error, "the index that was not finished is left, until the next is begun");
            }
            Err(error)
        }
    }
}

/// Walks the whole truth, puts a document for each thing into the index that answers, and makes them searchable. Nothing
/// is removed that should not be there.
///
/// # Errors
/// The first failure of a store. Filling again does no harm.
pub async fn fill_index(
    users: &dyn UserStore,
    posts: &dyn PostStore,
    search: &dyn SearchIndex,
    progress: &dyn Progress,
) -> StoreResult<IndexReport> {
    let report = fill(users, posts, &Target::Live(search), progress).await?;
    search.refresh().await?;
    Ok(report)
}

/// The index that is filled.
enum Target<'a> {
    Live(&'a dyn SearchIndex),
    Build(&'a dyn IndexBuild),
}

impl Target<'_> {
    async fn apply(&self, changes: &[IndexChange]) -> StoreResult<()> {
        match self {
            Self::Live(index) => index.apply(changes).await,
            Self::Build(build) => build.apply(changes).await,
        }
    }

    /// Removes the likes of a post, searchable yet or not.
    async fn remove_likes_of(&self, post: PostId) -> StoreResult<()> {
        match self {
            Self::Live(index) => {
                index.refresh().await?;
                index.remove_likes_of(post).await
            }
            Self::Build(build) => build.remove_likes_of(post).await,
        }
    }
}

async fn fill(
    users: &dyn UserStore,
    posts: &dyn PostStore,
    target: &Target<'_>,
    progress: &dyn Progress,
) -> StoreResult<IndexReport> {
    let users = fill_users(users, target, progress).await?;
    let (posts_filled, likes_counted) = fill_posts(posts, target, progress).await?;
    let likes = fill_likes(posts, likes_counted, target, progress).await?;
    Ok(IndexReport { users, posts: posts_filled, likes })
}

async fn fill_users(users: &dyn UserStore, target: &Target<'_>, progress: &dyn Progress) -> StoreResult<u64> {
    let mut part = progress.start("users to index", users.count_users().await?);
    let mut filled = 0;
    let mut after: Option<UserId> = None;
    loop {
        let page = users.scan_users(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        let changes: Vec<_> =
            page.iter().map(|user| IndexChange::put(IndexDocument::of_user(user), user.version)).collect();
        target.apply(&changes).await?;
        filled += changes.len() as u64;
        part.advance(changes.len() as u64);
    }
    part.finish();
    Ok(filled)
}

/// Returns how many posts were put, and how many likes they have.
async fn fill_posts(posts: &dyn PostStore, target: &Target<'_>, progress: &dyn Progress) -> StoreResult<(u64, u64)> {
    let mut part = progress.start("posts to index", posts.count_posts().await?);
    let (mut filled, mut likes) = (0, 0);
    let mut after: Option<PostId> = None;
    loop {
        let page = posts.scan_posts(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        likes += page.iter().map(|post| post.like_count).sum::<u64>();
        let changes = page.iter().map(put_post).collect::<StoreResult<Vec<_>>>()?;
        target.apply(&changes).await?;
        filled += changes.len() as u64;
        part.advance(changes.len() as u64);
    }
    part.finish();
    Ok((filled, likes))
}

async fn fill_likes(
    posts: &dyn PostStore,
    total: u64,
    target: &Target<'_>,
    progress: &dyn Progress,
) -> StoreResult<u64> {
    let mut part = progress.start("likes to index", total);
    let mut filled = 0;
    let mut after: Option<LikeId> = None;
    loop {
        let page = posts.scan_likes(after, PAGE).await?;
        let Some((last, _)) = page.last() else { break };
        after = Some(last.id);
        let liked: BTreeSet<PostId> = page.iter().map(|(like, _)| like.id.post).collect();
        let changes: Vec<_> =
            page.into_iter().map(|(like, version)| IndexChange::put(IndexDocument::of_like(&like), version)).collect();
        target.apply(&changes).await?;
        let still = posts.posts_by_id(&Vec::from_iter(liked.iter().copied()), PostFields::default()).await?;
        for post in liked.into_iter().filter(|post| !still.contains_key(post)) {
            target.remove_likes_of(post).await?;
        }
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
