//! The writes that leave events, and a worker.

use std::time::Duration;

use polygraph::domain::{PostId, Timestamp};
use polygraph::ports::{Claim, Lease, LikeWish, NewPost, PostChanges, Projection, Published, Waiting};
use uuid::Uuid;

use crate::fixture::{Fixture, stamp};
use crate::posts::world::{moment, post, user};

/// How long a worker keeps what it claims.
pub(super) const LEASE: i64 = 60;

impl Fixture {
    /// Publishes the post of this number at this second.
    pub(super) async fn publish_at(&self, n: u64, second: i64) -> PostId {
        let new = NewPost { created_at: moment(second), ..post(n, user(1)) };
        match self.publishing.publish(&new, None, stamp(second)).await.unwrap() {
            Published::New(post) => post.id,
            other => panic!("published {other:?}"),
        }
    }

    /// Gives a post another title.
    pub(super) async fn edit(&self, post: PostId, title: &str, second: i64) {
        let changes = PostChanges { title: Some(title.to_owned()), content: None };
        self.publishing.edit(post, user(1), &changes, None, stamp(second)).await.unwrap();
    }

    /// Lets users like a post, all at once.
    pub(super) async fn like(&self, post: PostId, users: std::ops::Range<u64>, second: i64) {
        let wish = |n| LikeWish { user: user(n), like: true, stamp: stamp(second) };
        let wishes: Vec<LikeWish> = users.map(wish).collect();
        self.publishing.set_likes(post, &wishes).await.unwrap().unwrap();
    }

    /// What this worker of the index is given at this second, of all that there is.
    pub(super) async fn claim(&self, worker: u128, second: i64) -> Vec<Claim> {
        self.outbox.claim(Projection::Index, 1_000, lease(worker, second)).await.unwrap()
    }

    /// The one claim that there is.
    pub(super) async fn claim_one(&self, worker: u128, second: i64) -> Claim {
        let claims = self.claim(worker, second).await;
        assert_eq!(claims.len(), 1, "{claims:?}");
        claims.into_iter().next().unwrap()
    }

    /// The index is done with a claim.
    pub(super) async fn finish(&self, claim: &Claim) {
        self.outbox.finish(Projection::Index, &ids(&claim.events)).await.unwrap();
    }
}

pub(super) fn lease(worker: u128, second: i64) -> Lease {
    let length = Duration::from_secs(LEASE.unsigned_abs());
    Lease { worker: Uuid::from_u128(worker), now: moment(second), length }
}

pub(super) fn ids(events: &[Waiting]) -> Vec<Uuid> {
    events.iter().map(|waiting| waiting.event.id).collect()
}

/// What events are called, in their order.
pub(super) fn names(events: &[Waiting]) -> Vec<&'static str> {
    events.iter().map(|waiting| waiting.event.happened.name()).collect()
}

pub(super) fn at(events: &[Waiting]) -> Vec<Timestamp> {
    events.iter().map(|waiting| waiting.event.at).collect()
}
