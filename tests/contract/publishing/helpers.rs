//! What the tests ask of a store again and again.

use std::future::Future;
use std::time::Duration;

use polygraph::domain::event::Event;
use polygraph::domain::{AuthorStats, Post, PostFields, PostId, UserId};
use polygraph::ports::{
    ErrorKind, Idempotency, Lease, LikeOutcome, LikeWish, LikesSet, Projection, Published, StoreResult,
};
use uuid::Uuid;

use crate::fixture::{Fixture, stamp};
use crate::posts::world::{moment, post};

impl Fixture {
    /// Publishes the post of this number, without a key.
    pub(super) async fn publish(&self, n: u64, author: UserId) -> Post {
        match self.publishing.publish(&post(n, author), None, stamp(n as i64)).await.unwrap() {
            Published::New(post) => post,
            other => panic!("published {other:?}"),
        }
    }

    /// The post as readers see it.
    pub(super) async fn read(&self, id: PostId) -> Option<Post> {
        self.posts.posts_by_id(&[id], PostFields::ALL).await.unwrap().remove(&id)
    }

    /// A user's counts; zero where the store knows none.
    pub(super) async fn stats(&self, user: UserId) -> AuthorStats {
        self.posts.author_stats(&[user]).await.unwrap().remove(&user).unwrap_or_default()
    }

    /// Grants wishes about a post that is there.
    pub(super) async fn set_likes(&self, post: PostId, wishes: &[LikeWish]) -> LikesSet {
        settled(|| self.publishing.set_likes(post, wishes)).await.expect("the post is there")
    }

    /// Grants one wish about a post that is there.
    pub(super) async fn set_like(&self, post: PostId, wish: LikeWish) -> LikeOutcome {
        let set = self.set_likes(post, &[wish]).await;
        assert_eq!(set.outcomes.len(), 1);
        set.outcomes[0]
    }

    /// All events that wait, each aggregate's in order, which wait no more.
    pub(super) async fn events(&self) -> Vec<Event> {
        let lease = Lease { worker: Uuid::from_u128(1), now: moment(1_000_000_000), length: Duration::from_secs(60) };
        let mut events = Vec::new();
        loop {
            let claims = self.outbox.claim(Projection::Index, 100, lease).await.unwrap();
            if claims.is_empty() {
                return events;
            }
            let claimed: Vec<Event> = claims.into_iter().flat_map(|claim| claim.events).map(|w| w.event).collect();
            let ids: Vec<Uuid> = claimed.iter().map(|event| event.id).collect();
            self.outbox.finish(Projection::Index, &ids).await.unwrap();
            events.extend(claimed);
        }
    }
}

/// A user's wish to like.
pub(super) fn like(user: UserId, seconds: i64) -> LikeWish {
    LikeWish { user, like: true, stamp: stamp(seconds) }
}

/// A user's wish to like no more.
pub(super) fn unlike(user: UserId, seconds: i64) -> LikeWish {
    LikeWish { user, like: false, stamp: stamp(seconds) }
}

/// A key with a hash made of one byte, with keys from before these seconds forgotten.
pub(super) fn key(key: &str, fingerprint: u8, not_before: i64) -> Idempotency {
    Idempotency { key: key.to_owned(), fingerprint: [fingerprint; 32], not_before: moment(not_before) }
}

/// A write that lost against another may be tried again: a store may say so rather than try for ever.
pub(super) async fn settled<T, F>(write: impl Fn() -> F) -> T
where
    F: Future<Output = StoreResult<T>>,
{
    for _ in 0..1_000 {
        match write().await {
            Err(error) if error.kind == ErrorKind::Conflict => tokio::task::yield_now().await,
            done => return done.unwrap(),
        }
    }
    panic!("a write met others a thousand times")
}
