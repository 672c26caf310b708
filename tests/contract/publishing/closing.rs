//! Closing an account: nothing of its is written after, whatever was under way.

use futures::future::join_all;
use polygraph::domain::AuthorStats;
use polygraph::ports::{Changed, LikeOutcome, PostChanges, Published};

use super::helpers::{key, like, settled, unlike};
use crate::fixture::{Fixture, stamp};
use crate::posts::world::{post, user};

pub(super) async fn a_closed_author_publishes_edits_and_likes_no_more(store: Fixture) {
    let (author, other) = (user(1), store.publish(1, user(2)).await);
    let own = store.publish(2, author).await;
    store.publishing.close_author(author).await.unwrap();
    store.events().await;

    for used in [None, Some(key("k", 1, 0))] {
        let refused = store.publishing.publish(&post(3, author), used.as_ref(), stamp(10)).await.unwrap();
        assert_eq!(refused, Published::AuthorClosed);
    }
    let changes = PostChanges { title: Some("Other".to_owned()), content: None };
    let refused = store.publishing.edit(own.id, author, &changes, Some(1), stamp(10)).await.unwrap();
    assert_eq!(refused, Changed::AuthorClosed);
    assert_eq!(store.set_like(other.id, like(author, 10)).await, LikeOutcome::UserClosed);
    assert_eq!(store.read(own.id).await, Some(own));
    assert_eq!(store.read(other.id).await, Some(other));
    assert_eq!(store.posts.count_posts().await.unwrap(), 2);
    assert_eq!(store.stats(author).await, AuthorStats { posts: 1, likes: 0 });
    assert_eq!(store.events().await, []);
}

pub(super) async fn a_closed_author_takes_back_likes_and_deletes_posts(store: Fixture) {
    let (author, other) = (user(1), store.publish(1, user(2)).await.id);
    let own = store.publish(2, author).await.id;
    for id in [own, other] {
        store.set_likes(id, &[like(author, 10), like(user(3), 10)]).await;
    }
    store.publishing.close_author(author).await.unwrap();
    store.events().await;
    assert!(matches!(store.set_like(other, unlike(author, 20)).await, LikeOutcome::Unliked(_)));
    assert_eq!(store.publishing.delete(own, author, stamp(30)).await.unwrap(), Changed::Done(()));
    assert_eq!(store.stats(author).await, AuthorStats::default());
    assert_eq!(store.stats(user(3)).await.likes, 1);
    assert_eq!(store.read(other).await.unwrap().like_count, 1);
    assert_eq!(store.events().await.len(), 2);
    let still = store.publishing.publish(&post(3, author), None, stamp(40)).await.unwrap();
    assert_eq!(still, Published::AuthorClosed, "closed for good");
}

pub(super) async fn closing_leaves_no_event_and_counts_nothing(store: Fixture) {
    // Of one who has written, and of one whom this store does not know yet; twice each.
    store.publish(1, user(1)).await;
    store.events().await;
    for user in [user(1), user(2), user(1), user(2)] {
        store.publishing.close_author(user).await.unwrap();
    }
    assert_eq!(store.stats(user(1)).await, AuthorStats { posts: 1, likes: 0 });
    assert_eq!(store.stats(user(2)).await, AuthorStats::default());
    assert_eq!(store.events().await, []);
}

pub(super) async fn what_was_under_way_is_there_before_closing_returns_or_never(store: Fixture) {
    let liked = store.publish(0, user(9)).await.id;
    for round in 1..=4 {
        let author = user(100 + round);
        // In two of the rounds the store knows the author before; in the others the writes must agree on that, too.
        let known = u64::from(round % 2 == 0);
        if known == 1 {
            store.publish(100 * round, author).await;
        }
        let publishing = (1..=6).map(|n| {
            let store = &store;
            async move {
                let (new, stamp) = (post(100 * round + n, author), stamp(10));
                settled(|| store.publishing.publish(&new, None, stamp)).await
            }
        });
        let liking = async {
            let wishes = [like(author, 10)];
            settled(|| store.publishing.set_likes(liked, &wishes)).await
        };
        let closing = async {
            settled(|| store.publishing.close_author(author)).await;
            (store.stats(author).await, posts_of(&store, round).await)
        };
        let (published, likes, (stats, posts)) = futures::join!(join_all(publishing), liking, closing);

        let new = published.iter().filter(|published| matches!(published, Published::New(_))).count() as u64;
        assert!(published.iter().all(|p| matches!(p, Published::New(_) | Published::AuthorClosed)), "{published:?}");
        assert_eq!(store.stats(author).await, stats, "nothing came after closing returned");
        assert_eq!(posts_of(&store, round).await, posts, "nothing came after closing returned");
        assert_eq!((stats.posts, posts), (known + new, known + new));
        let like = u64::from(matches!(likes.unwrap().outcomes[0], LikeOutcome::Liked(_)));
        assert_eq!(stats.likes, like);
    }
}

/// How many of the round's posts are there.
async fn posts_of(store: &Fixture, round: u64) -> u64 {
    let ids: Vec<_> = (0..=6).map(|n| post(100 * round + n, user(100 + round)).id).collect();
    store.posts.posts_by_id(&ids, Default::default()).await.unwrap().len() as u64
}
