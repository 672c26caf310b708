//! Accounts come to their end: closed, emptied, deleted.

use futures::future::join_all;
use polygraph::domain::UserId;
use polygraph::domain::event::Happened;
use polygraph::ports::{Login, PasswordHashChange, ProfileChanges, Projection, Taken, TokenHash};
use uuid::Uuid;

use super::world::{World, at, handle, hash_of, new_session, new_user, stamp};

pub(super) async fn an_account_is_closed_once(world: &World) {
    let ada = world.sign_up("ada").await;
    let session = new_session(ada.id, 100);
    assert!(world.open_session(&session, "ada").await);
    world.events().await;
    world.told(Projection::Bus).await;

    let stamp = stamp();
    assert!(world.accounts.close_account(ada.id, stamp).await.expect("it answers"));
    for projection in Projection::ALL {
        let [event] = world.told(projection).await[..] else { panic!("one event for {projection:?}") };
        assert!(event.version > ada.version);
        assert_eq!(event, stamp.event(ada.id, event.version, Happened::UserClosed));
    }
    assert!(!world.accounts.close_account(ada.id, super::world::stamp()).await.expect("it answers"));
    assert!(!world.accounts.close_account(UserId(Uuid::nil()), super::world::stamp()).await.expect("it answers"));
    assert_eq!(world.events().await, []);

    assert_eq!(world.accounts.session(session.token, at(0)).await.expect("it answers"), None);
    assert!(world.accounts.credentials(&Login::Handle(handle("ada"))).await.expect("it answers").is_none());
    assert!(world.accounts.credentials(&Login::Email("ada@example.org".into())).await.expect("it answers").is_none());
    assert!(world.accounts.credentials_of(ada.id).await.expect("it answers").is_none());
    let changes = ProfileChanges { name: Some("Still here".into()), ..ProfileChanges::default() };
    let unchanged = world.accounts.update_profile(ada.id, &changes, super::world::stamp()).await.expect("it answers");
    assert_eq!(unchanged, None);
    let change = PasswordHashChange { checked: &hash_of("ada"), new: "another", keep: TokenHash([0; 32]) };
    assert_eq!(world.accounts.set_password(ada.id, &change).await.expect("it answers"), None);
}

pub(super) async fn a_closed_account_keeps_its_names_until_it_is_deleted(world: &World) {
    let ada = world.sign_up("ada").await;
    world.close(ada.id).await;
    let refused = world.accounts.create_account(&new_user("ada"), stamp()).await.expect("it answers");
    assert_eq!(refused, Err(Taken { handle: true, email: true }));

    let closed = world.events().await.last().expect("events").version;
    let stamp = stamp();
    assert!(world.accounts.delete_account(ada.id, stamp).await.expect("it answers"));
    let [event] = world.events().await[..] else { panic!("one event") };
    assert!(event.version > closed);
    assert_eq!(event, stamp.event(ada.id, event.version, Happened::UserDeleted));
    assert!(!world.accounts.delete_account(ada.id, super::world::stamp()).await.expect("it answers"));
    assert_eq!(world.events().await, []);
    world.sign_up("ada").await;
}

pub(super) async fn follows_are_removed_step_by_step(world: &World) {
    let (ada, others) = (world.sign_up("ada").await.id, world.crowd("other", 5).await);
    for &other in &others {
        world.follow(ada, other).await;
        world.follow(other, ada).await;
    }
    world.follow(others[0], others[1]).await;
    world.close(ada).await;
    world.events().await;
    assert_eq!(world.counts(others[2]).await, (1, 1), "as long as the follows are there");
    for expected in [4, 4, 2, 0] {
        assert_eq!(world.accounts.remove_follows(ada, 4).await.expect("it answers"), expected);
    }
    assert_eq!(world.counts(others[0]).await, (0, 1));
    assert_eq!(world.counts(others[1]).await, (1, 0));
    for &other in &others[2..] {
        assert_eq!(world.counts(other).await, (0, 0));
    }
    assert_eq!(world.events().await, []);
}

pub(super) async fn an_open_account_is_neither_emptied_nor_deleted(world: &World) {
    let (ada, bob) = (world.sign_up("ada").await.id, world.sign_up("bob").await.id);
    world.follow(ada, bob).await;
    assert_eq!(world.accounts.remove_follows(ada, 10).await.expect("it answers"), 0);
    assert!(!world.accounts.delete_account(ada, stamp()).await.expect("it answers"));
    assert_eq!((world.counts(ada).await, world.counts(bob).await), ((0, 1), (1, 0)));
    assert_eq!(world.accounts.remove_follows(UserId(Uuid::nil()), 10).await.expect("it answers"), 0);
}

pub(super) async fn deleting_takes_follows_that_are_left_off_the_counts(world: &World) {
    let (ada, bob) = (world.sign_up("ada").await.id, world.sign_up("bob").await.id);
    world.follow(ada, bob).await;
    world.follow(bob, ada).await;
    world.close(ada).await;
    assert!(world.accounts.delete_account(ada, stamp()).await.expect("it answers"));
    assert_eq!(world.counts(bob).await, (0, 0));
}

/// Two closed accounts that follow each other and everybody, emptied by several workers while others go on following.
pub(super) async fn many_empty_one_account_at_once(world: &World) {
    let closed = world.crowd("closed", 2).await;
    let others = world.crowd("other", 8).await;
    for &gone in &closed {
        for &other in others.iter().chain(&closed).filter(|&&other| other != gone) {
            world.follow(gone, other).await;
        }
        for &other in &others {
            world.follow(other, gone).await;
        }
    }
    for &gone in &closed {
        world.close(gone).await;
    }
    let worker = async |n: usize| {
        let mut removed = 0;
        loop {
            let step = world.accounts.remove_follows(closed[n % 2], 3).await.expect("it answers");
            removed += step;
            // Another worker may have been quicker with those that were found.
            if step == 0 {
                return removed;
            }
        }
    };
    let follows = (0..8).map(|n| world.follow(others[n], others[(n + 1) % 8]));
    let (removed, _) = tokio::join!(join_all((0..6).map(worker)), join_all(follows));
    let mut removed: u64 = removed.into_iter().sum();
    for &gone in &closed {
        removed += world.accounts.remove_follows(gone, 100).await.expect("it answers");
    }
    assert_eq!(removed, 34, "each is removed once");
    for &other in &others {
        assert_eq!(world.counts(other).await, (1, 1));
    }
}
