//! Deletions: all that belongs to a post goes with it.

use polygraph::domain::event::Happened;
use polygraph::domain::{AuthorStats, LikeId, Page};
use polygraph::ports::Changed;

use super::fixture::{Fixture, like, stamp};
use crate::posts::world::{post, user, with_likes};

pub(super) async fn a_post_goes_with_all_that_was_counted(store: Fixture) {
    let author = user(1);
    let (gone, kept) = (store.publish(1, author).await.id, store.publish(2, author).await.id);
    // The author is among the likers.
    let likers: Vec<_> = (1..=5).map(user).collect();
    let wishes = |seconds| likers.iter().map(|&user| like(user, seconds)).collect::<Vec<_>>();
    let before = store.set_likes(gone, &wishes(10)).await.post;
    store.set_likes(kept, &wishes(20)).await;
    store.events().await;

    let stamp = stamp(100);
    assert_eq!(store.publishing.delete(gone, author, stamp).await.unwrap(), Changed::Done(()));
    assert_eq!(store.read(gone).await, None);
    let likes: Vec<LikeId> = likers.iter().map(|&user| LikeId { post: gone, user }).collect();
    assert!(store.posts.likes_by_id(&likes).await.unwrap().is_empty());
    assert!(!store.posts.likes_of_posts(&[with_likes(gone)], &Page::first(10)).await.unwrap().contains_key(&gone));
    assert_eq!(store.stats(author).await, AuthorStats { posts: 1, likes: 1 });
    for &liker in &likers[1..] {
        assert_eq!(store.stats(liker).await, AuthorStats { posts: 0, likes: 1 });
    }
    assert_eq!(store.read(kept).await.unwrap().like_count, 5, "the other post keeps its likes");
    let events = store.events().await;
    assert_eq!(events, [stamp.event(gone, events[0].version, Happened::PostDeleted { author: author.0 })]);
    assert!(events[0].version > before.version, "above any that the post had");
}

pub(super) async fn a_deletion_that_is_refused_changes_nothing(store: Fixture) {
    let id = store.publish(1, user(1)).await.id;
    store.set_like(id, like(user(2), 10)).await;
    let before = store.read(id).await;
    store.events().await;
    assert_eq!(store.publishing.delete(id, user(2), stamp(20)).await.unwrap(), Changed::NotTheirs);
    let absent = post(9, user(1)).id;
    assert_eq!(store.publishing.delete(absent, user(1), stamp(20)).await.unwrap(), Changed::NotFound);
    assert_eq!(store.read(id).await, before);
    assert_eq!((store.stats(user(1)).await.posts, store.stats(user(2)).await.likes), (1, 1));
    assert_eq!(store.events().await, []);
}

pub(super) async fn a_post_is_deleted_once(store: Fixture) {
    let id = store.publish(1, user(1)).await.id;
    store.events().await;
    assert_eq!(store.publishing.delete(id, user(1), stamp(20)).await.unwrap(), Changed::Done(()));
    assert_eq!(store.publishing.delete(id, user(1), stamp(30)).await.unwrap(), Changed::NotFound);
    assert_eq!(store.stats(user(1)).await.posts, 0);
    assert_eq!(store.events().await.len(), 1);
}
