//! Deleting what belongs to a closed account: a saga over the stores whose state is what is left to be deleted.
//!
//! Every step may be done again, so that after a crash at any point the whole is begun again and ends the same. Their
//! order matters: first nothing new can come into being, then what there is goes, and the account itself, which keeps
//! the handle taken, goes last.

use super::outcome::{Outcome, ServiceError};
use super::publishing::Publishing;
use super::stamps::Stamps;
use crate::domain::{ByTime, Direction, Page, PostFields, SignedIn, UserId};
use crate::ports::{AccountStore, PostStore, Role, StoreError, StoreResult};

/// How many posts, likes or follows are looked up at once.
const PAGE: u32 = 100;
/// How many pages of each kind one call deletes at most, so that it is done before a lease on this work ends.
const PAGES_PER_CALL: usize = 5;

/// How far a deletion has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletion {
    /// Nothing of the account is left.
    Done,
    /// Something is left: call again.
    Unfinished,
}

/// Deletes what belongs to `user`, whose account must be closed: up to some hundred things in one call.
///
/// # Errors
/// That of the first store that failed. Call again: what is done is done.
pub async fn finish_closed_account(
    user: UserId,
    accounts: &dyn AccountStore,
    posts: &dyn PostStore,
    publishing: &Publishing,
    stamps: &Stamps,
) -> StoreResult<Deletion> {
    // Nobody is signed in to a closed account any more; what it has goes in its name.
    let owner = SignedIn::internally(user);
    publishing.close_author(owner).await?;
    let is_done = delete_posts(owner, posts, publishing).await?
        && take_back_likes(owner, posts, publishing).await?
        && remove_follows(user, accounts).await?;
    if !is_done {
        return Ok(Deletion::Unfinished);
    }
    accounts.delete_account(user, stamps.stamp()).await?;
    Ok(Deletion::Done)
}

/// Whether no posts are left.
async fn delete_posts(owner: SignedIn, posts: &dyn PostStore, publishing: &Publishing) -> StoreResult<bool> {
    let page = Page::first(PAGE);
    for _ in 0..PAGES_PER_CALL {
        let found = posts.posts_of_authors(&[owner.id()], &page, PostFields::default()).await?.remove(&owner.id());
        let Some(found) = found.filter(|found| !found.items.is_empty()) else { return Ok(true) };
        for post in found.items {
            // A post that is gone already was deleted by another call.
            expected(publishing.delete_post(owner, post.id).await)?;
        }
    }
    Ok(false)
}

/// Whether no likes are left. It goes on from page to page rather than from the start, since a like whose post is gone
/// can't be taken back, and must not be met for ever.
async fn take_back_likes(owner: SignedIn, posts: &dyn PostStore, publishing: &Publishing) -> StoreResult<bool> {
    let mut page = Page::first(PAGE);
    for _ in 0..PAGES_PER_CALL {
        let Some(found) = posts.likes_by_users(&[owner.id()], &page).await?.remove(&owner.id()) else {
            return Ok(true);
        };
        for like in &found.items {
            expected(publishing.unlike(owner, like.id.post).await)?;
        }
        let Some(last) = found.items.last().filter(|_| found.has_more) else { return Ok(true) };
        let cursor = ByTime { at: last.created_at, id: last.id.post.0 };
        page = Page { limit: PAGE, direction: Direction::Forward, cursor: Some(cursor) };
    }
    Ok(false)
}

/// Whether no follows are left.
async fn remove_follows(user: UserId, accounts: &dyn AccountStore) -> StoreResult<bool> {
    for _ in 0..PAGES_PER_CALL {
        if accounts.remove_follows(user, PAGE).await? == 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A refusal means that the thing is gone already; only a store can fail here.
fn expected<T>(result: Result<Outcome<T>, ServiceError>) -> StoreResult<()> {
    match result {
        Ok(Ok(_) | Err(_)) => Ok(()),
        Err(ServiceError::Store(error)) => Err(error),
        Err(other) => Err(StoreError::internal(Role::Posts, format!("a closed account was refused its end: {other}"))),
    }
}
