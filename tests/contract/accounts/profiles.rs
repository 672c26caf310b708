//! Signing up, signing in, and profiles.

use futures::future::join_all;
use polygraph::domain::UserId;
use polygraph::domain::event::Happened;
use polygraph::ports::{Login, ProfileChanges, Taken};
use uuid::Uuid;

use super::world::{World, handle, new_user, stamp};

pub(super) async fn a_new_account_is_there_and_told_of(world: &World) {
    let (new, stamp) = (new_user("ada"), stamp());
    let created = world.accounts.create_account(&new, stamp).await.expect("it answers").expect("a free handle");
    assert_eq!((created.id, &created.handle, &created.name), (new.id, &new.handle, &new.name));
    assert_eq!(created.email.reveal_internally(), &new.email);
    assert_eq!(created, world.user(new.id).await);
    assert_eq!(world.events().await, [stamp.event(new.id, created.version, Happened::UserCreated)]);
}

pub(super) async fn a_handle_or_an_address_in_use_is_refused(world: &World) {
    world.sign_up("ada").await;
    world.events().await;
    for (same_handle, same_email) in [(true, false), (false, true), (true, true)] {
        let mut wish = new_user("bob");
        if same_handle {
            wish.handle = handle("ada");
        }
        if same_email {
            wish.email = "ADA@example.ORG".into();
        }
        let refused = world.accounts.create_account(&wish, stamp()).await.expect("it answers");
        assert_eq!(refused, Err(Taken { handle: same_handle, email: same_email }));
    }
    assert_eq!(world.users.count_users().await.expect("a number"), 1);
    assert_eq!(world.events().await, []);
}

pub(super) async fn of_many_who_want_one_handle_one_gets_it(world: &World) {
    let wishes: Vec<_> = (0..16)
        .map(|n| {
            let mut wish = new_user(&format!("user_{n}"));
            wish.handle = handle("wanted");
            if n % 2 == 0 {
                wish.email = "wanted@example.org".into();
            }
            wish
        })
        .collect();
    let answers = join_all(wishes.iter().map(|wish| world.accounts.create_account(wish, stamp()))).await;
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.expect("it answers")).collect();
    let winner = answers.iter().flatten().next().expect("one of them got it").clone();
    assert_eq!(answers.iter().flatten().count(), 1);
    let shared = winner.email.reveal_internally() == "wanted@example.org";
    for (wish, answer) in wishes.iter().zip(&answers).filter(|(wish, _)| wish.id != winner.id) {
        let email = shared && wish.email == "wanted@example.org";
        assert_eq!(answer, &Err(Taken { handle: true, email }));
    }
    let events: Vec<_> = world.events().await.iter().map(|event| event.aggregate.uuid()).collect();
    assert_eq!(events, [winner.id.0]);
}

pub(super) async fn credentials_are_found_by_handle_and_address(world: &World) {
    let ada = world.sign_up("ada").await;
    let mut silent = new_user("silent");
    silent.password_hash = None;
    world.accounts.create_account(&silent, stamp()).await.expect("it answers").expect("a free handle");

    let find = async |login: Login| {
        let found = world.accounts.credentials(&login).await.expect("it answers");
        found.map(|found| (found.user, found.password_hash))
    };
    let expected = Some((ada.id, Some("hash of ada".to_owned())));
    assert_eq!(find(Login::Handle(handle("ada"))).await, expected);
    assert_eq!(find(Login::Email("ada@example.org".into())).await, expected);
    assert_eq!(find(Login::Handle(handle("silent"))).await, Some((silent.id, None)));
    assert_eq!(find(Login::Handle(handle("nobody"))).await, None);
    assert_eq!(find(Login::Email("ada".into())).await, None);
    let of = world.accounts.credentials_of(ada.id).await.expect("it answers");
    assert_eq!(of.map(|found| (found.user, found.password_hash)), expected);
    assert!(world.accounts.credentials_of(UserId(Uuid::nil())).await.expect("it answers").is_none());
}

pub(super) async fn a_profile_is_changed_where_it_is_told_to(world: &World) {
    let mut expected = world.sign_up("ada").await;
    world.events().await;
    let steps = [
        ProfileChanges { handle: Some(handle("countess")), ..ProfileChanges::default() },
        ProfileChanges { name: Some("Ada \"Lovelace\"".into()), ..ProfileChanges::default() },
        ProfileChanges { email: Some("Countess@Example.org".into()), ..ProfileChanges::default() },
        ProfileChanges { email: Some("countess@example.org".into()), ..ProfileChanges::default() },
        ProfileChanges { bio: Some(Some("Engines".into())), ..ProfileChanges::default() },
        ProfileChanges { bio: Some(None), name: Some("Ada".into()), ..ProfileChanges::default() },
    ];
    for changes in steps {
        let stamp = stamp();
        let changed = world.accounts.update_profile(expected.id, &changes, stamp).await.expect("it answers");
        let changed = changed.expect("this user").expect("free names");
        assert!(changed.version > expected.version);
        expected.version = changed.version;
        let ProfileChanges { handle, name, email, bio } = changes;
        expected.handle = handle.unwrap_or(expected.handle);
        expected.name = name.unwrap_or(expected.name);
        expected.bio = bio.unwrap_or(expected.bio);
        if let Some(email) = email {
            expected.email = polygraph::domain::Confidential::new(expected.id, email);
        }
        assert_eq!(changed, expected);
        assert_eq!(world.user(expected.id).await, expected);
        assert_eq!(world.events().await, [stamp.event(expected.id, expected.version, Happened::UserUpdated)]);
    }
    let by_email = world.accounts.credentials(&Login::Email("countess@example.org".into())).await.expect("it answers");
    assert_eq!(by_email.map(|found| found.user), Some(expected.id));
    assert!(world.sign_up("ada").await.id != expected.id, "the former handle and address are free");
}

pub(super) async fn a_change_to_what_is_already_so_is_none(world: &World) {
    let ada = world.sign_up("ada").await;
    world.events().await;
    let same = ProfileChanges {
        handle: Some(ada.handle.clone()),
        name: Some(ada.name.clone()),
        email: Some(ada.email.reveal_internally().clone()),
        bio: Some(ada.bio.clone()),
    };
    for changes in [same, ProfileChanges::default()] {
        let unchanged = world.accounts.update_profile(ada.id, &changes, stamp()).await.expect("it answers");
        assert_eq!(unchanged, Some(Ok(ada.clone())));
    }
    assert_eq!(world.events().await, []);
}

pub(super) async fn another_ones_handle_or_address_is_refused(world: &World) {
    let (ada, bob) = (world.sign_up("ada").await, world.sign_up("bob").await);
    world.events().await;
    let email = Some("ADA@example.org".to_owned());
    let cases = [
        (Some(handle("ada")), None, Taken { handle: true, email: false }),
        (None, email.clone(), Taken { handle: false, email: true }),
        (Some(handle("ada")), email.clone(), Taken { handle: true, email: true }),
        (Some(handle("free")), email, Taken { handle: false, email: true }),
    ];
    for (handle, email, taken) in cases {
        let changes = ProfileChanges { handle, email, name: Some("Bobby".into()), bio: None };
        let refused = world.accounts.update_profile(bob.id, &changes, stamp()).await.expect("it answers");
        assert_eq!(refused, Some(Err(taken)));
    }
    assert_eq!(world.user(bob.id).await, bob);
    assert_eq!(world.user(ada.id).await, ada);
    assert_eq!(world.events().await, []);
}

pub(super) async fn of_many_who_rename_themselves_alike_one_succeeds(world: &World) {
    let crowd = world.crowd("user", 8).await;
    world.events().await;
    let changes = ProfileChanges { handle: Some(handle("wanted")), ..ProfileChanges::default() };
    let answers = join_all(crowd.iter().map(|&user| world.accounts.update_profile(user, &changes, stamp()))).await;
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.expect("it answers").expect("a user")).collect();
    assert_eq!(answers.iter().flatten().count(), 1);
    let refused = Err(Taken { handle: true, email: false });
    assert_eq!(answers.iter().filter(|&answer| *answer == refused).count(), 7);
    assert_eq!(world.events().await.len(), 1);
}

pub(super) async fn nobody_has_no_profile(world: &World) {
    let changes = ProfileChanges { name: Some("Nobody".into()), ..ProfileChanges::default() };
    let nobody = world.accounts.update_profile(UserId(Uuid::nil()), &changes, stamp()).await.expect("it answers");
    assert_eq!(nobody, None);
    assert_eq!(world.events().await, []);
}
