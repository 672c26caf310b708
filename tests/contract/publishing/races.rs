//! Likes that meet each other and deletions: every count stays that of what is stored.

use std::collections::HashMap;

use futures::future::join_all;
use polygraph::domain::event::Happened;
use polygraph::domain::{Like, PostId, UserId};
use polygraph::ports::{LikeOutcome, LikeWish};

use super::helpers::{like, settled, unlike};
use crate::fixture::{Fixture, stamp};
use crate::posts::world::user;

const USERS: u64 = 24;

/// Every count is that of the likes stored.
async fn assert_counted(store: &Fixture, posts: &[PostId]) -> Vec<Like> {
    let likes: Vec<Like> =
        store.posts.scan_likes(None, 10_000).await.unwrap().into_iter().map(|(like, _)| like).collect();
    for &post in posts {
        if let Some(stored) = store.read(post).await {
            let of_post = likes.iter().filter(|like| like.id.post == post).count() as u64;
            assert_eq!(stored.like_count, of_post, "likes of {post}");
        }
    }
    for user in (0..USERS).map(user) {
        let by_user = likes.iter().filter(|like| like.id.user == user).count() as u64;
        assert_eq!(store.stats(user).await.likes, by_user, "likes by {user}");
    }
    likes
}

/// The wishes of one group: some likes, some unlikes, by users that other groups have, too.
fn group(n: u64) -> Vec<LikeWish> {
    let wish = |k: u64| {
        let who: UserId = user((5 * n + k) % USERS);
        if (n + k).is_multiple_of(3) { unlike(who, 10) } else { like(who, 10) }
    };
    (0..10).map(wish).collect()
}

pub(super) async fn counts_are_exact_when_groups_race(store: Fixture) {
    let posts = [store.publish(1, user(0)).await.id, store.publish(2, user(1)).await.id];
    store.events().await;
    let groups = (0..16).map(|n: u64| {
        let store = &store;
        async move { (posts[(n % 2) as usize], store.set_likes(posts[(n % 2) as usize], &group(n)).await) }
    });
    let sets = join_all(groups).await;
    let likes = assert_counted(&store, &posts).await;
    assert!(!likes.is_empty());

    let events = store.events().await;
    let mut balance: HashMap<(PostId, UserId), i32> = HashMap::new();
    for event in &events {
        let (step, user) = match event.happened {
            Happened::PostLiked { user, .. } => (1, user),
            Happened::PostUnliked { user, .. } => (-1, user),
            other => panic!("{other:?}"),
        };
        *balance.entry((PostId(event.aggregate.uuid()), UserId(user))).or_default() += step;
    }
    balance.retain(|_, balance| *balance != 0);
    let stored: HashMap<(PostId, UserId), i32> = likes.iter().map(|like| ((like.id.post, like.id.user), 1)).collect();
    assert_eq!(balance, stored, "events tell of just what is stored");
    let unlikes = sets.iter().flat_map(|(_, set)| &set.outcomes);
    let unlikes = unlikes.filter(|outcome| matches!(outcome, LikeOutcome::Unliked(_))).count();
    assert_eq!(events.len(), likes.len() + 2 * unlikes, "an event for each change");
    for post in posts {
        let last = sets.iter().filter(|(of, _)| *of == post).map(|(_, set)| &set.post).max_by_key(|post| post.version);
        assert_eq!(store.read(post).await.as_ref(), last, "the group of the highest version came last");
    }
}

pub(super) async fn counts_are_exact_when_likes_race_a_deletion(store: Fixture) {
    let (gone, kept) = (store.publish(1, user(0)).await.id, store.publish(2, user(0)).await.id);
    let deletion = async {
        let stamp = stamp(100);
        settled(|| store.publishing.delete(gone, user(0), stamp)).await;
    };
    let groups = (0..8).map(|n| {
        let store = &store;
        async move {
            for post in [gone, kept] {
                let wishes = group(n);
                settled(|| store.publishing.set_likes(post, &wishes)).await;
            }
        }
    });
    futures::join!(join_all(groups), deletion);
    let likes = assert_counted(&store, &[gone, kept]).await;
    assert_eq!(store.read(gone).await, None);
    assert!(likes.iter().all(|like| like.id.post == kept), "no like is left of a post that is gone");
    assert_eq!(store.stats(user(0)).await.posts, 1);
    let events = store.events().await;
    let last = events.iter().rfind(|event| event.aggregate.uuid() == gone.0).unwrap();
    assert_eq!(last.happened.name(), "post.deleted", "nothing is told of it after its deletion");
}
