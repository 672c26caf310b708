//! Sessions begin, grow longer and end.

use std::collections::HashMap;

use futures::future::join_all;
use polygraph::domain::UserId;
use polygraph::ports::{PasswordHashChange, Session, TokenHash};
use uuid::Uuid;

use super::world::{World, at, hash_of, new_session, stamp};

/// A new session of `user` until the moment `end`.
async fn open(world: &World, user: UserId, end: i64) -> Session {
    let session = new_session(user, end);
    let handle = world.user(user).await.handle;
    assert!(world.open_session(&session, handle.as_str()).await, "there is such a user");
    session
}

/// Whether the session is there at the moment `now`.
async fn lives(world: &World, session: &Session, now: i64) -> bool {
    world.accounts.session(session.token, at(now)).await.expect("it answers").is_some()
}

pub(super) async fn a_session_is_there_until_it_expires(world: &World) {
    let ada = world.sign_up("ada").await.id;
    let session = open(world, ada, 100).await;
    let other = open(world, ada, 200).await;
    assert_eq!(world.accounts.session(session.token, at(99)).await.expect("it answers"), Some(session));
    assert!(!lives(world, &session, 100).await);
    assert!(lives(world, &other, 100).await);
    assert!(!lives(world, &new_session(ada, 100), 0).await, "a token that nobody was given");
}

pub(super) async fn living_sessions_are_told_together_with_when_they_end(world: &World) {
    let (ada, bob) = (world.sign_up("ada").await.id, world.sign_up("bob").await.id);
    let (lives_on, of_bob) = (open(world, ada, 100).await, open(world, bob, 200).await);
    let (expired, ended) = (open(world, ada, 50).await, open(world, bob, 100).await);
    assert!(world.accounts.end_session(ended.token, at(40)).await.expect("it answers"));
    let unknown = new_session(ada, 100);
    let asked = [lives_on, expired, ended, unknown, of_bob].map(|session| session.token);
    let living = world.accounts.living_sessions(&asked, at(50)).await.expect("it answers");
    assert_eq!(living, HashMap::from([(lives_on.token, at(100)), (of_bob.token, at(200))]));
    assert!(world.accounts.living_sessions(&[], at(50)).await.expect("it answers").is_empty());

    // Each gateway asks for all sessions that have a socket: more than one statement's worth of them is no fault.
    let strangers = (0..40_000).map(|_| new_session(ada, 100).token);
    let many: Vec<_> = strangers.chain([of_bob.token]).collect();
    let living = world.accounts.living_sessions(&many, at(50)).await.expect("it answers");
    assert_eq!(living, HashMap::from([(of_bob.token, at(200))]));
}

pub(super) async fn an_ended_session_stays_ended(world: &World) {
    let ada = world.sign_up("ada").await.id;
    let (session, expired) = (open(world, ada, 100).await, open(world, ada, 10).await);
    assert!(world.accounts.end_session(session.token, at(50)).await.expect("it answers"));
    assert!(!world.accounts.end_session(session.token, at(50)).await.expect("it answers"));
    assert!(!world.accounts.end_session(expired.token, at(50)).await.expect("it answers"), "it was over already");
    world.accounts.extend_session(session.token, at(1_000)).await.expect("it answers");
    assert!(!lives(world, &session, 0).await);

    for _ in 0..20 {
        let session = open(world, ada, 100).await;
        let extend = world.accounts.extend_session(session.token, at(1_000));
        let (extended, ended) = tokio::join!(extend, world.accounts.end_session(session.token, at(50)));
        extended.expect("it answers");
        assert!(ended.expect("it answers"));
        assert!(!lives(world, &session, 0).await);
    }
}

pub(super) async fn sessions_only_grow_longer(world: &World) {
    let session = open(world, world.sign_up("ada").await.id, 100).await;
    world.accounts.extend_session(session.token, at(200)).await.expect("it answers");
    world.accounts.extend_session(session.token, at(150)).await.expect("it answers");
    let found = world.accounts.session(session.token, at(150)).await.expect("it answers");
    assert_eq!(found, Some(Session { expires_at: at(200), ..session }));
}

pub(super) async fn all_sessions_of_one_user_end_together(world: &World) {
    let (ada, bob) = (world.sign_up("ada").await.id, world.sign_up("bob").await.id);
    let (first, second) = (open(world, ada, 100).await, open(world, ada, 200).await);
    open(world, ada, 10).await;
    let of_bob = open(world, bob, 100).await;
    assert_eq!(world.accounts.end_sessions(ada, at(50)).await.expect("it answers"), 2);
    assert_eq!(world.accounts.end_sessions(ada, at(50)).await.expect("it answers"), 0);
    assert!(!lives(world, &first, 0).await && !lives(world, &second, 0).await);
    assert!(lives(world, &of_bob, 0).await);
}

pub(super) async fn a_new_password_ends_other_sessions(world: &World) {
    let (ada, bob) = (world.sign_up("ada").await, world.sign_up("bob").await.id);
    let (kept, ended, of_bob) =
        (open(world, ada.id, 100).await, open(world, ada.id, 100).await, open(world, bob, 100).await);
    let from_ada = hash_of("ada");
    let change = PasswordHashChange { checked: &from_ada, new: "another", keep: kept.token };
    assert_eq!(world.accounts.set_password(ada.id, &change).await.expect("it answers"), Some(1));
    assert!(lives(world, &kept, 0).await && !lives(world, &ended, 0).await && lives(world, &of_bob, 0).await);
    let credentials = world.accounts.credentials_of(ada.id).await.expect("it answers").expect("this user");
    assert_eq!(credentials.password_hash.as_deref(), Some("another"));
    for user in [ada.id, UserId(Uuid::nil())] {
        assert_eq!(world.accounts.set_password(user, &change).await.expect("it answers"), None, "not theirs any more");
    }
    assert!(lives(world, &kept, 0).await);
    assert_eq!(world.user(ada.id).await, ada, "nothing that others see has changed");
}

pub(super) async fn expired_sessions_are_swept(world: &World) {
    let ada = world.sign_up("ada").await.id;
    let (long, longest) = (open(world, ada, 100).await, open(world, ada, 200).await);
    for end in 0..5 {
        open(world, ada, end).await;
    }
    assert_eq!(world.accounts.sweep_sessions(at(50)).await.expect("it answers"), 5);
    assert_eq!(world.accounts.sweep_sessions(at(50)).await.expect("it answers"), 0);
    assert!(lives(world, &long, 50).await && lives(world, &longest, 50).await);
}

pub(super) async fn nobody_has_no_session(world: &World) {
    let session = new_session(UserId(Uuid::nil()), 100);
    assert!(!world.open_session(&session, "nobody").await);
    assert!(!lives(world, &session, 0).await);
    world.accounts.extend_session(session.token, at(200)).await.expect("it answers");
    assert_eq!(world.accounts.end_sessions(session.user, at(0)).await.expect("it answers"), 0);
}

/// Whichever of the two is first: afterwards there is no session.
pub(super) async fn no_session_outlives_its_account(world: &World) {
    for n in 0..10 {
        let name = format!("user_{n}");
        let user = world.sign_up(&name).await.id;
        let before = open(world, user, 100).await;
        let sessions: Vec<Session> = (0..4).map(|_| new_session(user, 100)).collect();
        let opening = join_all(sessions.iter().map(|session| world.open_session(session, &name)));
        let (_, closed) = tokio::join!(opening, world.accounts.close_account(user, stamp()));
        assert!(closed.expect("it answers"));
        for session in sessions.iter().chain([&before]) {
            assert!(!lives(world, session, 0).await);
            assert!(!world.accounts.end_session(session.token, at(0)).await.expect("it answers"), "none is left");
        }
        assert!(!world.open_session(&new_session(user, 100), &name).await);
    }
}

/// Whoever knows the old password, and was found to while it was replaced, is not signed in afterwards.
pub(super) async fn no_session_outlives_its_password(world: &World) {
    for n in 0..10 {
        let name = format!("user_{n}");
        let user = world.sign_up(&name).await.id;
        let kept = open(world, user, 100).await;
        let sessions: Vec<Session> = (0..4).map(|_| new_session(user, 100)).collect();
        let opening = join_all(sessions.iter().map(|session| world.open_session(session, &name)));
        let checked = hash_of(&name);
        let change = PasswordHashChange { checked: &checked, new: "another", keep: kept.token };
        let (_, changed) = tokio::join!(opening, world.accounts.set_password(user, &change));
        assert!(changed.expect("it answers").is_some());
        for session in &sessions {
            assert!(!lives(world, session, 0).await);
        }
        assert!(lives(world, &kept, 0).await);
        let late = new_session(user, 100);
        assert!(!world.open_session(&late, &name).await && !lives(world, &late, 0).await);
        assert!(world.accounts.open_session(&late, "another").await.expect("it answers"));
    }
}

/// Two who replace the same password can't both believe that theirs is in force.
pub(super) async fn of_many_who_replace_a_password_one_succeeds(world: &World) {
    let user = world.sign_up("ada").await.id;
    let (checked, keep) = (hash_of("ada"), TokenHash([0; 32]));
    let hashes: Vec<String> = (0..8).map(|n| format!("hash {n}")).collect();
    let replacing = hashes.iter().map(async |new| {
        let change = PasswordHashChange { checked: &checked, new, keep };
        world.accounts.set_password(user, &change).await.expect("it answers").map(|_| new)
    });
    let replaced: Vec<_> = join_all(replacing).await.into_iter().flatten().collect();
    let credentials = world.accounts.credentials_of(user).await.expect("it answers").expect("this user");
    assert_eq!(replaced, [&credentials.password_hash.expect("a hash")]);
}
