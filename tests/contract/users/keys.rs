//! Users by id and by handle.

use polygraph::domain::text::Handle;
use polygraph::domain::{Timestamp, User, UserId};
use polygraph::ports::{NewUser, UserStore};
use uuid::Uuid;

use super::model::Model;

/// What is read of a user who was just stored.
fn expected(user: &NewUser) -> User {
    User {
        id: user.id,
        handle: user.handle.clone(),
        name: user.name.clone(),
        bio: user.bio.clone(),
        email: polygraph::domain::Confidential::new(user.id, user.email.clone()),
        created_at: user.created_at,
        followers_count: 0,
        following_count: 0,
        version: 1,
    }
}

pub(super) async fn a_user_is_read_as_it_was_written(store: &dyn UserStore) {
    let mut model = Model::new(1);
    let moment = Timestamp::from_millis(1_767_225_600_123);
    let mut user = model.user("demo", moment);
    user.name = "Zoë \"quoted\" \\ O'Neill 😀".into();
    user.bio = Some("two\nlines\tand a tab".into());
    user.email = "Zoë.O'Neill@Example.org".into();
    let mut silent = model.user("silent", Timestamp::from_millis(-1));
    silent.bio = None;
    store.insert_users(&[user.clone(), silent.clone()]).await.expect("two users");

    let by_id = store.users_by_id(&[user.id, silent.id]).await.expect("both");
    assert_eq!(by_id[&user.id], expected(&user));
    assert_eq!(by_id[&silent.id], expected(&silent));
    let by_handle = store.users_by_handle(std::slice::from_ref(&user.handle)).await.expect("one");
    assert_eq!(by_handle[&user.handle], expected(&user));
}

pub(super) async fn unknown_keys_are_left_out(store: &dyn UserStore) {
    let model = Model::stored(store, 2, 3, 0).await;
    let unknown = UserId(Uuid::from_u128(7));
    let found = store.users_by_id(&[unknown, model.users[0].id]).await.expect("one");
    assert_eq!(found.into_keys().collect::<Vec<_>>(), [model.users[0].id]);
    assert!(store.users_by_id(&[unknown]).await.expect("none").is_empty());
    let nobody = Handle::parse("nobody_here").expect("a handle");
    assert!(store.users_by_handle(&[nobody]).await.expect("none").is_empty());
}

pub(super) async fn keys_may_repeat(store: &dyn UserStore) {
    let model = Model::stored(store, 3, 2, 0).await;
    let id = model.users[0].id;
    assert_eq!(store.users_by_id(&[id, id, id]).await.expect("one").len(), 1);
    let handle = model.users[1].handle.clone();
    assert_eq!(store.users_by_handle(&[handle.clone(), handle]).await.expect("one").len(), 1);
}

pub(super) async fn thousands_of_keys_at_once(store: &dyn UserStore) {
    let model = Model::stored(store, 4, 1_500, 0).await;
    let mut ids = model.ids();
    ids.extend((0..40_000).map(|n| UserId(Uuid::from_u128(n))));
    assert_eq!(store.users_by_id(&ids).await.expect("all").len(), 1_500);
    let handles: Vec<Handle> = model.users.iter().map(|user| user.handle.clone()).collect();
    assert_eq!(store.users_by_handle(&handles).await.expect("all").len(), 1_500);
    assert_eq!(store.count_users().await.expect("a number"), 1_500);
}
