//! Claims: the line of those that are due, then the events of each aggregate in it.

use std::time::Duration;

use polygraph::domain::UserId;
use polygraph::domain::event::Stamp;
use polygraph::ports::{Lease, LikeWish, Outbox as _, Projection, PublishingStore as _};
use polygraph::stores::mongo::outbox_query;
use uuid::Uuid;

use super::{Explainer, keys_examined, plan, stages};
use crate::posts::world::{World, moment, user};

/// Likes of each of the first posts by as many users: an event for each.
async fn leave_events(explainer: &Explainer, posts: u64, users: u64) {
    let publishing = explainer.server.publishing();
    for (n, post) in (0..posts).zip(&explainer.world.posts) {
        let wish = |(k, user): (u64, UserId)| {
            let mut random = [0; 10];
            random[2..].copy_from_slice(&(n * users + k).to_be_bytes());
            LikeWish { user, like: true, stamp: Stamp::new(moment(n as i64), random) }
        };
        let wishes: Vec<LikeWish> = (0..users).map(|k| wish((k, user(k)))).collect();
        publishing.set_likes(post.id, &wishes).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn claims_walk_the_line_and_the_events_of_each_aggregate() {
    let explainer = Explainer::new(World::of_authors(10)).await;
    leave_events(&explainer, 10, 20).await;
    let outbox = explainer.server.outbox();
    let (worker, now, length) = (Uuid::from_u128(1), moment(100), Duration::from_secs(60));
    let claims = outbox.claim(Projection::Index, 3, Lease { worker, now, length }).await.unwrap();
    assert_eq!(claims.iter().map(|claim| claim.events.len()).collect::<Vec<_>>(), [20, 20, 20]);
    let events: Vec<Uuid> = claims[0].events.iter().map(|waiting| waiting.event.id).collect();
    outbox.park(Projection::Index, &events, "to be seen").await.unwrap();

    for projection in Projection::ALL {
        let line = outbox_query::line(projection, now, 5);
        explainer.assert_walks(&explainer.outbox, vec![line], 0).await;
        let of_aggregate = outbox_query::of_aggregate(projection, claims[1].aggregate.uuid());
        let mut command = of_aggregate.command(&explainer.outbox);
        command.insert("hint", of_aggregate.index);
        let explained = explainer.explained(command).await;
        assert!(!stages(plan(&explained)).contains(&"SORT"), "{explained}");
        assert!(keys_examined(&explained) <= 20, "one aggregate's events alone: {explained}");
        explainer.assert_walks(&explainer.outbox, vec![outbox_query::parked(projection, 5)], 0).await;
    }
}
