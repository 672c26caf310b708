//! Nothing that users are read by shows a closed account.

use polygraph::domain::{Direction, Page, UserId};
use polygraph::ports::NewFollow;

use super::world::{World, at, handle, stamp};

/// Some users, every other one of them closed: first the open, then the closed ones.
async fn half_closed(world: &World, count: usize) -> (Vec<UserId>, Vec<UserId>) {
    let all = world.crowd("user", count).await;
    let (open, closed): (Vec<_>, Vec<_>) = all.chunks(2).map(|pair| (pair[0], pair[1])).unzip();
    for &user in &closed {
        world.close(user).await;
    }
    (open, closed)
}

fn sorted(mut ids: Vec<UserId>) -> Vec<UserId> {
    ids.sort_unstable();
    ids
}

pub(super) async fn keys_do_not_find_closed_accounts(world: &World) {
    let (open, closed) = half_closed(world, 2).await;
    let found = world.users.users_by_id(&[open[0], closed[0]]).await.expect("one");
    assert_eq!(found.into_keys().collect::<Vec<_>>(), open);
    let found = world.users.users_by_handle(&[handle("user_0"), handle("user_1")]).await.expect("one");
    assert_eq!(found.into_keys().collect::<Vec<_>>(), [handle("user_0")]);
}

pub(super) async fn lists_leave_closed_accounts_out(world: &World) {
    let (open, _) = half_closed(world, 12).await;
    assert_eq!(world.users.count_users().await.expect("a number"), 6);
    let all = world.users.scan_users(None, 6).await.expect("all");
    assert_eq!(all.iter().map(|user| user.id).collect::<Vec<_>>(), open);
    let rest = world.users.scan_users(Some(open[1]), 3).await.expect("three");
    assert_eq!(rest.iter().map(|user| user.id).collect::<Vec<_>>(), open[2..5]);
    for direction in [Direction::Forward, Direction::Backward] {
        for (limit, has_more) in [(5, true), (6, false)] {
            let newest = world.users.users_newest(&Page { limit, direction, cursor: None }).await.expect("a page");
            let by_handle =
                world.users.users_by_handle_order(&Page { limit, direction, cursor: None }).await.expect("a page");
            let followed =
                world.users.users_most_followed(&Page { limit, direction, cursor: None }).await.expect("a page");
            for page in [newest, by_handle, followed] {
                assert_eq!((page.items.len(), page.has_more), (limit as usize, has_more), "pages are full");
                assert!(page.items.iter().all(|user| open.contains(&user.id)));
            }
        }
    }
}

pub(super) async fn relations_leave_closed_accounts_out(world: &World) {
    let (star, viewer) = (world.sign_up("star").await.id, world.sign_up("viewer").await.id);
    let all = world.crowd("user", 8).await;
    for &user in &all {
        world.follow(user, star).await;
        world.follow(star, user).await;
        world.follow(viewer, user).await;
        world.follow(user, viewer).await;
    }
    let (open, closed): (Vec<_>, Vec<_>) = all.chunks(2).map(|pair| (pair[0], pair[1])).unzip();
    for &user in &closed {
        world.close(user).await;
    }
    for direction in [Direction::Forward, Direction::Backward] {
        for (limit, has_more) in [(3, true), (4, false)] {
            let page = Page { limit, direction, cursor: None };
            let asked = [star, closed[0]];
            let followers = world.users.followers(&asked, &page).await.expect("pages");
            let following = world.users.following(&asked, &page).await.expect("pages");
            let mutual = world.users.mutual_followers(viewer, &asked, &page).await.expect("pages");
            for mut pages in [followers, following, mutual] {
                let page = pages.remove(&star).expect("a page");
                assert_eq!((page.items.len(), page.has_more), (limit as usize, has_more), "pages are full");
                assert!(page.items.iter().all(|relation| open.contains(&relation.user.id)));
                assert!(pages.is_empty(), "a closed account has no relations");
            }
        }
    }
    let followed = world.users.followed_by(viewer, &all).await.expect("some");
    assert_eq!(sorted(followed.into_iter().collect()), open);
    let followers = world.users.followers_among(viewer, &all).await.expect("some");
    assert_eq!(sorted(followers.into_iter().collect()), open);
    assert_eq!(sorted(world.users.followees(viewer).await.expect("some")), open);
    assert_eq!(world.counts(star).await, (8, 8), "until the follows are removed");
}

pub(super) async fn closed_accounts_are_neither_suggested_nor_mutual(world: &World) {
    let viewer = world.sign_up("viewer").await.id;
    let (friends, strangers) = (world.crowd("friend", 3).await, world.crowd("stranger", 3).await);
    for &friend in &friends {
        world.follow(viewer, friend).await;
        for &stranger in &strangers {
            world.follow(friend, stranger).await;
        }
    }
    world.close(friends[0]).await;
    world.close(strangers[2]).await;
    let suggested = world.users.suggestions(viewer, 2).await.expect("suggestions");
    let suggested: Vec<_> = suggested.iter().map(|suggestion| (suggestion.user.id, suggestion.mutual_count)).collect();
    assert_eq!(suggested, [(strangers[1], 2), (strangers[0], 2)], "as many as were asked for");
    let counts = world.users.count_mutual_followers(viewer, &strangers).await.expect("counts");
    assert_eq!(counts, strangers[..2].iter().map(|&stranger| (stranger, 2)).collect());
    let mutuals = world.users.mutuals(viewer, &strangers, 3).await.expect("mutuals");
    assert_eq!(mutuals.len(), 2);
    for users in mutuals.into_values() {
        assert_eq!(sorted(users.iter().map(|user| user.id).collect()), friends[1..]);
    }
}

pub(super) async fn closed_accounts_get_no_new_relations(world: &World) {
    let (open, closed) = half_closed(world, 2).await;
    let (open, closed) = (open[0], closed[0]);
    let before = world.user(open).await;
    for (follower, followed) in [(open, closed), (closed, open)] {
        assert_eq!(world.accounts.follow(follower, followed, stamp()).await.expect("it answers"), None);
        let follow = NewFollow { follower, followed, created_at: at(0) };
        assert_eq!(world.users.insert_follows(&[follow]).await.expect("none"), 0);
    }
    assert_eq!(world.accounts.unfollow(open, closed, stamp()).await.expect("it answers"), None);
    assert_eq!(world.accounts.unfollow(closed, open, stamp()).await.expect("it answers"), Some(before.clone()));
    assert_eq!(world.user(open).await, before);
}
