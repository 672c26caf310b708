//! Comparing while others write: what is on its way is no difference.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use polygraph::domain::PostId;
use polygraph::ports::{Lease, NewPost, Projection};
use polygraph::services::verify::DifferenceKind;
use uuid::Uuid;

use crate::gateway::{Tasks, assert_clean, differences, stamps};
use crate::on_all_stores;
use crate::world::{Which, World};

async fn what_is_on_its_way_is_no_difference(which: Which) {
    let world = World::seeded(which);
    let stores = Arc::new(world.open());
    let relay = Tasks::relay(&stores);
    let written = Arc::new(AtomicU64::new(0));
    let writers = Tasks::writers(&stores, &written).await;
    let mut looks = 0;
    while looks < 3 || written.load(Ordering::Relaxed) < 200 {
        assert_clean(&stores).await;
        looks += 1;
    }
    writers.end().await;
    assert_clean(&stores).await;
    relay.end().await;
}

async fn what_nobody_carries_is_told_with_its_event(which: Which) {
    let world = World::seeded(which);
    let (stores, stamps) = (world.open(), stamps());
    let author = stores.users.scan_users(None, 1).await.expect("users")[0].id;
    let (at, title) = (stamps.now(), "Waits".to_owned());
    let post = NewPost { id: PostId(stamps.id(at)), author, title, content: "x".to_owned(), created_at: at };
    stores.publishing.publish(&post, None, stamps.stamp()).await.expect("published");

    let found = differences(&stores, Duration::from_millis(300)).await;
    let [difference] = found.as_slice() else { panic!("one difference, not {found:?}") };
    assert_eq!((difference.kind, difference.is_waiting), (DifferenceKind::MissingDocument, true));
    assert_eq!(difference.id, format!("post {}", post.id));
    assert!(difference.to_string().ends_with("(its event waits)"), "{difference}");

    if which == Which::Embedded {
        // Nobody else can: the command does, also where a gateway had claimed the event when it was killed.
        let lease = Lease { worker: Uuid::from_u128(1), now: stamps.now(), length: Duration::from_secs(3_600) };
        let claims = stores.outboxes[0].claim(Projection::Index, 10, lease).await.expect("claimed");
        assert_eq!(claims.len(), 1);
        drop(stores);
        let clean = world.run(&["verify"]);
        assert_eq!((clean.code, clean.out.as_str()), (Some(0), "No difference.\n"), "{clean:?}");
        return;
    }
    let relay = Tasks::relay(&stores);
    assert_clean(&stores).await;
    relay.end().await;
}

async fn likes_of_an_account_that_is_being_deleted_are_no_orphans(which: Which) {
    let world = World::seeded(which);
    let stores = world.open();
    let liker = stores.posts.scan_likes(None, 1).await.expect("likes")[0].0.id.user;
    assert!(stores.accounts.close_account(liker, stamps().stamp()).await.expect("closed"));
    assert!(stores.users.users_by_id(&[liker]).await.expect("users").is_empty(), "nobody sees it any more");
    // Nobody finishes the deletion here; the likes stay.
    let relay = Tasks::relay(&stores);
    assert_clean(&stores).await;
    relay.end().await;
}

on_all_stores! {
    what_is_on_its_way_is_no_difference,
    what_nobody_carries_is_told_with_its_event,
    likes_of_an_account_that_is_being_deleted_are_no_orphans,
}
