//! Inserts, and the counts that they keep.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use futures::future::join_all;
use polygraph::domain::{Timestamp, User, UserId};
use polygraph::ports::{ErrorKind, NewFollow, NewUser, StoreError, UserStore};
use uuid::Uuid;

use super::model::Model;
use crate::fixture::stamp;

async fn user(store: &dyn UserStore, id: UserId) -> User {
    store.users_by_id(&[id]).await.expect("a user").remove(&id).expect("this user")
}

/// Every count in the store is what the model's follows make it.
async fn assert_counts(store: &dyn UserStore, model: &Model) {
    let users = store.users_by_id(&model.ids()).await.expect("all users");
    for id in model.ids() {
        let counts = (users[&id].followers_count, users[&id].following_count);
        assert_eq!(counts, (model.followers(id).len() as u64, model.following(id).len() as u64));
    }
}

pub(super) async fn counts_are_exact(store: &dyn UserStore) {
    let mut model = Model::stored(store, 51, 30, 100).await;
    assert_counts(store, &model).await;
    let more = model.add_follows(150);
    assert_eq!(store.insert_follows(&more).await.expect("more follows"), 150);
    assert_counts(store, &model).await;
}

pub(super) async fn counts_are_counted_again(store: &dyn UserStore) {
    let model = Model::stored(store, 58, 12, 50).await;
    let all: Vec<_> = model.ids().into_iter().map(|id| (id, stamp(1))).collect();
    store.fix_user_counts(&all).await.expect("nothing to fix");
    assert_counts(store, &model).await;
    let counts = store.recount_users(&model.ids()).await.expect("counts");
    assert_eq!(counts.len(), 2 * 12);
    for count in counts {
        let actual = match count.name {
            "followersCount" => model.followers(count.id).len(),
            _ => model.following(count.id).len(),
        };
        assert_eq!((count.stored, count.counted), (actual as u64, actual as u64), "{} of {}", count.name, count.id);
    }
    assert!(store.recount_users(&[]).await.expect("none").is_empty());
}

pub(super) async fn inserting_again_changes_nothing(store: &dyn UserStore) {
    let model = Model::stored(store, 52, 10, 40).await;
    let before = store.scan_users(None, 100).await.expect("all");
    let mut renamed = model.users.clone();
    renamed[0].name = "Somebody else".into();
    assert_eq!(store.insert_users(&renamed).await.expect("nothing new"), 0);
    assert_eq!(store.insert_follows(&model.follows).await.expect("nothing new"), 0);
    assert_eq!(store.scan_users(None, 100).await.expect("all"), before);
}

pub(super) async fn a_key_twice_in_one_call_counts_once(store: &dyn UserStore) {
    let mut model = Model::new(53);
    let users = model.add_users(2);
    let twice: Vec<NewUser> = users.iter().chain(&users).cloned().collect();
    assert_eq!(store.insert_users(&twice).await.expect("two users"), 2);
    let follow = NewFollow { follower: users[0].id, followed: users[1].id, created_at: Timestamp::from_millis(1) };
    let later = NewFollow { created_at: Timestamp::from_millis(2), ..follow };
    assert_eq!(store.insert_follows(&[follow, later]).await.expect("one follow"), 1);
    model.follows.push(follow);
    assert_counts(store, &model).await;
}

pub(super) async fn follows_of_unknown_users_are_left_out(store: &dyn UserStore) {
    let model = Model::stored(store, 54, 2, 0).await;
    let (known, other, unknown) = (model.users[0].id, model.users[1].id, UserId(Uuid::from_u128(1)));
    let follow = |follower, followed| NewFollow { follower, followed, created_at: Timestamp::from_millis(0) };
    let follows = [follow(known, unknown), follow(unknown, known), follow(known, other)];
    assert_eq!(store.insert_follows(&follows).await.expect("one of them"), 1);
    assert_eq!(user(store, known).await.following_count, 1);
    assert_eq!(user(store, known).await.followers_count, 0);
}

/// Overlapping calls, each with its follows in another order, all at once: none is lost, none is counted twice.
pub(super) async fn counts_are_exact_after_concurrent_inserts(store: &dyn UserStore) {
    let mut model = Model::new(55);
    model.add_users(20);
    model.add_follows(200);
    let inserted = join_all((0..4).map(|_| store.insert_users(&model.users))).await;
    assert_eq!(inserted.into_iter().map(|new| new.expect("inserted")).sum::<u64>(), 20);

    let calls: Vec<Vec<NewFollow>> = (0..12)
        .map(|call| {
            let mut follows: Vec<NewFollow> = model.follows.iter().cycle().skip(call * 17).take(80).copied().collect();
            if call % 2 == 0 {
                follows.reverse();
            }
            follows
        })
        .collect();
    let inserted = join_all(calls.iter().map(|follows| store.insert_follows(follows))).await;
    assert_eq!(inserted.into_iter().map(|new| new.expect("inserted")).sum::<u64>(), 200);
    assert_counts(store, &model).await;
}

/// Callers may lose interest at any moment, and the next ones must not notice.
pub(super) async fn a_cancelled_insert_is_made_wholly_or_not_at_all(store: &dyn UserStore) {
    let mut model = Model::stored(store, 59, 20, 0).await;
    let mut cancelled = 0;
    // On a busy machine an insert may be done before it is polled twice; one that is polled once is not.
    for polls in [1; 5].into_iter().chain(2..40) {
        let follows = model.add_follows(5);
        let first = only_polled(polls, store.insert_follows(&follows)).await;
        cancelled += u32::from(first.is_none());
        // Whatever became of the first attempt, the second completes it.
        let new = store.insert_follows(&follows).await.expect("inserted");
        assert!(new == 0 || (new == 5 && first.is_none()), "{new} of 5 were new after {polls} polls");
    }
    assert!(cancelled > 1, "some attempts were cut short");
    assert_counts(store, &model).await;
}

/// What the future gives, unless it wants to be polled more than `polls` times: then it is dropped half-way.
async fn only_polled<T>(polls: u32, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut polled = 0;
    poll_fn(|context| {
        polled += 1;
        if polled > polls { Poll::Ready(None) } else { future.as_mut().poll(context).map(Some) }
    })
    .await
}

pub(super) async fn a_taken_handle_or_email_refuses_the_whole_call(store: &dyn UserStore) {
    let mut model = Model::stored(store, 56, 1, 0).await;
    let moment = Timestamp::from_millis(0);
    let innocent = model.user("innocent", moment);
    let mut same_handle = model.user("other", moment);
    same_handle.handle = model.users[0].handle.clone();
    let mut same_email = model.user("another", moment);
    same_email.email = model.users[0].email.to_uppercase();
    for taken in [same_handle, same_email] {
        let refused = store.insert_users(&[innocent.clone(), taken]).await;
        assert_eq!(refused.map_err(|error: StoreError| error.kind), Err(ErrorKind::Internal));
    }
    assert_eq!(store.count_users().await.expect("a number"), 1);
}

pub(super) async fn versions_grow(store: &dyn UserStore) {
    let mut model = Model::stored(store, 57, 5, 0).await;
    let before = store.users_by_id(&model.ids()).await.expect("all users");
    let follow = model.add_follows(1)[0];
    store.insert_follows(&[follow]).await.expect("one follow");
    let after = store.users_by_id(&model.ids()).await.expect("all users");
    for id in model.ids() {
        let changed = id == follow.follower || id == follow.followed;
        assert_eq!(after[&id].version > before[&id].version, changed);
    }
}

pub(super) async fn a_thousand_at_once(store: &dyn UserStore) {
    let mut model = Model::stored(store, 58, 1_000, 1_000).await;
    let more = model.add_follows(1_000);
    assert_eq!(store.insert_follows(&more).await.expect("a thousand follows"), 1_000);
    assert_counts(store, &model).await;
}
