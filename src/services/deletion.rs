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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;

    use super::*;
    use crate::domain::text::Handle;
    use crate::domain::{PostId, Timestamp};
    use crate::ports::{Clock as _, NewUser};
    use crate::services::testing::{MemoryAccounts, MemoryPosts, TurnedClock, stamps};

    struct World {
        accounts: Arc<MemoryAccounts>,
        posts: Arc<MemoryPosts>,
        publishing: Publishing,
        stamps: Stamps,
    }

    const LEAVES: UserId = UserId(Uuid::from_u128(1));
    const STAYS: UserId = UserId(Uuid::from_u128(2));

    fn new_user(id: UserId, handle: &str) -> NewUser {
        let created_at: Timestamp = TurnedClock::default().now();
        let handle = Handle::parse(handle).expect("a handle");
        let email = format!("{handle}@example.org");
        NewUser { id, handle, name: "A name".to_owned(), bio: None, email, password_hash: None, created_at }
    }

    impl World {
        /// Two users with so many posts and likes each, on each other's posts and their own; one account is closed.
        async fn of(posts_each: u128) -> Self {
            let (accounts, posts) = (Arc::new(MemoryAccounts::default()), Arc::new(MemoryPosts::default()));
            let stamps = stamps();
            for user in [new_user(LEAVES, "leaves"), new_user(STAYS, "stays")] {
                let created = accounts.create_account(&user, stamps.stamp()).await.expect("memory answers");
                created.expect("nothing is taken");
            }
            for n in 0..posts_each {
                for (author, id) in [(LEAVES, 2 * n), (STAYS, 2 * n + 1)] {
                    let post = posts.add_post(id, author);
                    posts.add_like(post, LEAVES);
                    posts.add_like(post, STAYS);
                }
            }
            for (follower, followed) in [(LEAVES, STAYS), (STAYS, LEAVES)] {
                accounts.follow(follower, followed, stamps.stamp()).await.expect("memory answers");
            }
            accounts.close_account(LEAVES, stamps.stamp()).await.expect("memory answers");
            let publishing = Publishing::new(posts.clone(), stamps.clone());
            Self { accounts, posts, publishing, stamps }
        }

        async fn go_on(&self) -> StoreResult<Deletion> {
            finish_closed_account(LEAVES, &*self.accounts, &*self.posts, &self.publishing, &self.stamps).await
        }

        /// Nothing of one is left, and all of the other.
        fn is_as_it_should_be(&self, posts_each: u128) -> bool {
            let kept = (0..posts_each).map(|n| PostId(Uuid::from_u128(2 * n + 1)));
            !self.accounts.knows(LEAVES)
                && !self.posts.knows(LEAVES)
                && self.accounts.knows(STAYS)
                && kept.into_iter().all(|post| self.posts.likers(post) == [STAYS])
        }
    }

    #[tokio::test]
    async fn everything_of_a_closed_account_goes_and_nothing_else() {
        let world = World::of(3).await;
        assert_eq!(world.go_on().await.expect("memory answers"), Deletion::Done);
        assert!(world.is_as_it_should_be(3));
        assert_eq!(world.go_on().await.expect("memory answers"), Deletion::Done, "done again it changes nothing");
        assert!(world.is_as_it_should_be(3));
    }

    #[tokio::test]
    async fn one_call_does_a_bounded_part() {
        let world = World::of(1_050).await;
        let mut calls = 1;
        while world.go_on().await.expect("memory answers") == Deletion::Unfinished {
            calls += 1;
        }
        assert!((3..=8).contains(&calls), "{calls}");
        assert!(world.is_as_it_should_be(1_050));
    }

    #[tokio::test]
    async fn a_failure_at_any_point_is_made_good_by_going_on() {
        for (in_posts, calls) in [true, false].into_iter().flat_map(|store| (0..25).map(move |n| (store, n))) {
            let world = World::of(2).await;
            let faults = if in_posts { &world.posts.faults } else { &world.accounts.faults };
            faults.fail_after(calls);
            let first = world.go_on().await;
            if faults.are_over() {
                first.expect_err("the failure is told");
                assert!(world.accounts.knows(LEAVES), "the account itself goes last");
                assert_eq!(world.go_on().await.expect("memory answers"), Deletion::Done);
            }
            assert!(world.is_as_it_should_be(2));
        }
    }

    #[tokio::test]
    async fn a_like_whose_post_is_gone_holds_nothing_up() {
        let world = World::of(1).await;
        for n in 0..250 {
            world.posts.add_like(PostId(Uuid::from_u128(10_000 + n)), LEAVES);
        }
        assert_eq!(world.go_on().await.expect("memory answers"), Deletion::Done);
        assert!(!world.accounts.knows(LEAVES));
    }
}
