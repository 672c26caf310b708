//! Likes: wishes granted one by one and in groups.

use polygraph::domain::event::{Event, Happened};
use polygraph::domain::{LikeId, Page, Post, UserId};
use polygraph::ports::{LikeOutcome, LikeWish};

use super::fixture::{Fixture, like, stamp, unlike};
use crate::posts::world::{moment, post, user, with_likes};

/// The event that granting this wish leaves.
fn told(post: &Post, wish: LikeWish, version: u64) -> Event {
    let (author, user) = (post.author.0, wish.user.0);
    let happened =
        if wish.like { Happened::PostLiked { author, user } } else { Happened::PostUnliked { author, user } };
    wish.stamp.event(post.id, version, happened)
}

pub(super) async fn a_like_again_is_the_same_like(store: Fixture) {
    let before = store.publish(1, user(1)).await;
    let (id, liker) = (LikeId { post: before.id, user: user(2) }, user(2));
    store.events().await;
    let first = like(liker, 10);
    let set = store.set_likes(before.id, &[first]).await;
    assert_eq!(set.outcomes, [LikeOutcome::Liked(moment(10))]);
    assert_eq!(set.post, Post { like_count: 1, version: set.post.version, ..before.clone() });
    assert!(set.post.version > before.version);
    assert_eq!(store.events().await, [told(&before, first, set.post.version)]);

    let again = store.set_likes(before.id, &[like(liker, 20)]).await;
    assert_eq!(again.outcomes, [LikeOutcome::Liked(moment(10))], "since when it was first liked");
    assert_eq!(again.post, set.post, "nothing changed");
    assert_eq!(store.events().await, []);
    let stored = store.posts.likes_by_id(&[id]).await.unwrap()[&id];
    assert_eq!((stored.author, stored.created_at), (user(1), moment(10)));
    assert_eq!(store.read(before.id).await, Some(set.post));
    assert_eq!(store.stats(liker).await.likes, 1);
    assert_eq!(store.stats(user(1)).await.likes, 0, "counted for who gave it");
}

pub(super) async fn an_unlike_takes_back_what_was_liked(store: Fixture) {
    let before = store.publish(1, user(1)).await;
    let id = LikeId { post: before.id, user: user(1) };
    store.events().await;
    assert_eq!(store.set_like(before.id, unlike(user(1), 5)).await, LikeOutcome::WasNotLiked);
    assert_eq!(store.read(before.id).await, Some(before.clone()));
    assert_eq!(store.set_like(before.id, like(user(1), 10)).await, LikeOutcome::Liked(moment(10)), "one's own");
    let liked = store.read(before.id).await.unwrap();
    store.events().await;

    let wish = unlike(user(1), 20);
    let set = store.set_likes(before.id, &[wish]).await;
    assert_eq!(set.outcomes, [LikeOutcome::Unliked(id)]);
    assert_eq!(set.post, Post { version: set.post.version, ..before.clone() });
    assert!(set.post.version > liked.version, "taking back is a change, too");
    assert_eq!(store.events().await, [told(&before, wish, set.post.version)]);
    assert_eq!(store.set_like(before.id, unlike(user(1), 30)).await, LikeOutcome::WasNotLiked);
    assert_eq!(store.read(before.id).await, Some(set.post));
    assert_eq!(store.events().await, []);
    assert!(store.posts.likes_by_id(&[id]).await.unwrap().is_empty());
    assert_eq!(store.stats(user(1)).await.likes, 0);
    assert_eq!(store.set_like(before.id, like(user(1), 40)).await, LikeOutcome::Liked(moment(40)), "liked anew");
}

pub(super) async fn a_group_of_a_hundred_is_granted_at_once(store: Fixture) {
    let before = store.publish(1, user(1)).await;
    store.events().await;
    let users: Vec<UserId> = (0..100).map(user).collect();
    // Every second one likes it already.
    let earlier: Vec<_> = users.iter().step_by(2).map(|&user| like(user, 10)).collect();
    let liked = store.set_likes(before.id, &earlier).await.post;
    assert_eq!(liked.like_count, 50);
    assert_eq!(store.events().await.len(), 50);

    // Of every four: an unlike, a like, a like again, an unlike of nothing.
    let wish = |(n, &user): (usize, &UserId)| if matches!(n % 4, 1 | 2) { like(user, 20) } else { unlike(user, 20) };
    let wishes: Vec<LikeWish> = users.iter().enumerate().map(wish).collect();
    let set = store.set_likes(before.id, &wishes).await;
    for (n, outcome) in set.outcomes.iter().enumerate() {
        let expected = match n % 4 {
            0 => LikeOutcome::Unliked(LikeId { post: before.id, user: users[n] }),
            1 => LikeOutcome::Liked(moment(20)),
            2 => LikeOutcome::Liked(moment(10)),
            _ => LikeOutcome::WasNotLiked,
        };
        assert_eq!(*outcome, expected, "wish {n}");
    }
    assert_eq!(set.outcomes.len(), 100);
    assert_eq!((set.post.like_count, set.post.revision), (50, 1));
    assert_eq!(store.read(before.id).await.as_ref(), Some(&set.post));
    let likes = store.posts.likes_of_posts(&[with_likes(before.id)], &Page::first(100)).await.unwrap();
    assert_eq!(likes[&before.id].items.len(), 50);
    for (n, &user) in users.iter().enumerate() {
        assert_eq!(store.stats(user).await.likes, u64::from(matches!(n % 4, 1 | 2)), "user {n}");
    }

    let mut events = store.events().await;
    assert!(events.is_sorted_by_key(|event| event.version), "in the order of what they tell");
    assert!(events.iter().all(|event| event.version > liked.version));
    assert_eq!(events.last().map(|event| event.version), Some(set.post.version));
    let mut expected: Vec<Event> =
        (0..).zip(&wishes).filter(|(n, _)| n % 4 < 2).map(|(_, &wish)| told(&before, wish, 0)).collect();
    events.iter_mut().for_each(|event| event.version = 0);
    events.sort_by_key(|event| event.id);
    expected.sort_by_key(|event| event.id);
    assert_eq!(events, expected, "one for each wish that changed something");
}

pub(super) async fn a_post_that_is_not_there_is_not_liked(store: Fixture) {
    let absent = post(9, user(1)).id;
    let wishes = [like(user(2), 10), unlike(user(3), 10)];
    assert_eq!(store.publishing.set_likes(absent, &wishes).await.unwrap(), None);
    assert_eq!(store.stats(user(2)).await.likes, 0);
    let id = store.publish(1, user(1)).await.id;
    store.publishing.delete(id, user(1), stamp(20)).await.unwrap();
    store.events().await;
    assert_eq!(store.publishing.set_likes(id, &wishes).await.unwrap(), None, "nor one that is gone");
    assert_eq!(store.events().await, []);
}

pub(super) async fn likes_of_a_closed_account_are_left_alone(store: Fixture) {
    let before = store.publish(1, user(1)).await;
    let (liker, closed) = (user(2), user(3));
    store.set_like(before.id, like(closed, 5)).await;
    store.publishing.close_author(closed).await.unwrap();
    store.publishing.close_author(user(4)).await.unwrap();
    store.events().await;
    let group = [like(closed, 10), like(liker, 10), like(user(4), 10)];
    let set = store.set_likes(before.id, &group).await;
    let expected = [LikeOutcome::UserClosed, LikeOutcome::Liked(moment(10)), LikeOutcome::UserClosed];
    assert_eq!(set.outcomes, expected, "the others of the group are granted theirs");
    assert_eq!(set.post.like_count, 2);
    assert_eq!(store.events().await, [told(&before, group[1], set.post.version)]);
    assert_eq!((store.stats(closed).await.likes, store.stats(user(4)).await.likes), (1, 0));
}
