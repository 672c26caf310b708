//! Follows and the counts of both sides.

use futures::future::join_all;
use polygraph::domain::{Page, UserId};
use uuid::Uuid;

use super::world::{World, stamp};

pub(super) async fn a_follow_counts_on_both_sides(world: &World) {
    let (ada, bob) = (world.sign_up("ada").await, world.sign_up("bob").await);
    let stamp = stamp();
    let followed = world.accounts.follow(ada.id, bob.id, stamp).await.expect("it answers").expect("both are there");
    assert_eq!(followed, world.user(bob.id).await);
    assert_eq!((world.counts(ada.id).await, world.counts(bob.id).await), ((0, 1), (1, 0)));
    let page = world.users.followers(&[bob.id], &Page::first(10)).await.expect("a page").remove(&bob.id);
    let relations: Vec<_> = page.expect("followers").items.iter().map(|f| (f.user.id, f.followed_at)).collect();
    assert_eq!(relations, [(ada.id, stamp.at)]);
    let (after_ada, after_bob) = (world.user(ada.id).await.version, followed.version);
    assert!(after_ada > ada.version && after_bob > bob.version);

    let left = world.accounts.unfollow(ada.id, bob.id, super::world::stamp()).await.expect("it answers");
    assert_eq!(left, Some(world.user(bob.id).await));
    assert_eq!((world.counts(ada.id).await, world.counts(bob.id).await), ((0, 0), (0, 0)));
    assert!(world.user(ada.id).await.version > after_ada && world.user(bob.id).await.version > after_bob);
    assert_eq!(world.users.followees(ada.id).await.expect("nobody"), []);
}

pub(super) async fn to_follow_again_changes_nothing(world: &World) {
    let (ada, bob) = (world.sign_up("ada").await.id, world.sign_up("bob").await.id);
    let nothing = world.accounts.unfollow(ada, bob, stamp()).await.expect("it answers");
    assert_eq!(nothing, Some(world.user(bob).await));
    world.follow(ada, bob).await;
    let before = (world.user(ada).await, world.user(bob).await);
    let again = world.accounts.follow(ada, bob, stamp()).await.expect("it answers");
    assert_eq!(again.as_ref(), Some(&before.1));
    assert_eq!((world.user(ada).await, world.user(bob).await), before);
}

pub(super) async fn strangers_are_not_followed(world: &World) {
    let (ada, nobody) = (world.sign_up("ada").await, UserId(Uuid::nil()));
    for (follower, followed) in [(ada.id, nobody), (nobody, ada.id)] {
        assert_eq!(world.accounts.follow(follower, followed, stamp()).await.expect("it answers"), None);
    }
    assert_eq!(world.accounts.unfollow(ada.id, nobody, stamp()).await.expect("it answers"), None);
    assert_eq!(world.user(ada.id).await, ada);
}

/// Sixteen clients, each following and unfollowing everybody in another order: counts are what the follows say.
pub(super) async fn a_storm_of_follows_leaves_exact_counts(world: &World) {
    let users = world.crowd("user", 6).await;
    let client = async |client: usize| {
        for step in 0..12 {
            let follower = users[(client + step * 5) % users.len()];
            let followed = users[(client * 7 + step + 1) % users.len()];
            if follower == followed {
                continue;
            }
            let done = if (client + step).is_multiple_of(3) {
                world.accounts.unfollow(follower, followed, stamp()).await
            } else {
                world.accounts.follow(follower, followed, stamp()).await
            };
            assert_eq!(done.expect("it answers").map(|user| user.id), Some(followed));
        }
    };
    join_all((0..16).map(client)).await;
    for &user in &users {
        let followees = world.users.followees(user).await.expect("followees").len() as u64;
        let followers = world.users.followers_among(user, &users).await.expect("followers").len() as u64;
        assert_eq!(world.counts(user).await, (followers, followees));
    }
}
