//! Followers and followed: pages of them for many users at once.

use std::collections::{HashMap, HashSet};

use polygraph::domain::{ByTime, Direction, FollowedUser, Page, Slice, UserId};
use polygraph::ports::{StoreResult, UserStore};
use uuid::Uuid;

use super::model::{Model, Relation, cursor, relation};
use super::walk::assert_walks_to;

type Pages = HashMap<UserId, Slice<FollowedUser>>;

/// The one page that was asked for; those without any may be left out.
fn only(pages: StoreResult<Pages>, user: UserId) -> StoreResult<Slice<Relation>> {
    pages.map(|mut pages| pages.remove(&user).unwrap_or_else(Slice::empty).map(|found| relation(&found)))
}

pub(super) async fn relations_are_walked_both_ways(store: &dyn UserStore) {
    let model = Model::stored(store, 31, 40, 700).await;
    for user in model.ids().into_iter().take(4) {
        let followers = async |page: &Page<ByTime>| only(store.followers(&[user], page).await, user);
        assert_walks_to(&model.followers(user), cursor, followers).await;
        let following = async |page: &Page<ByTime>| only(store.following(&[user], page).await, user);
        assert_walks_to(&model.following(user), cursor, following).await;
        let viewer = model.users[17].id;
        let mutual = async |page: &Page<ByTime>| only(store.mutual_followers(viewer, &[user], page).await, user);
        assert_walks_to(&model.mutual_followers(viewer, user), cursor, mutual).await;
    }
}

/// A batch must give each user what asking for them alone gives, wherever the page begins.
pub(super) async fn a_batch_equals_its_singles(store: &dyn UserStore) {
    let model = Model::stored(store, 32, 30, 400).await;
    let viewer = model.users[3].id;
    let mut users = model.ids();
    users.extend([UserId(Uuid::from_u128(1)), users[0]]);
    let somewhere = model.followers(users[0])[5];
    let start = Page::first(6);
    let end = Page { direction: Direction::Backward, ..Page::first(6) };
    let after = Page { cursor: Some(cursor(&somewhere)), ..Page::first(6) };
    let before = Page { cursor: Some(cursor(&somewhere)), ..end.clone() };
    for page in [start, end, after, before] {
        let followers = store.followers(&users, &page).await.expect("pages");
        let following = store.following(&users, &page).await.expect("pages");
        let mutual = store.mutual_followers(viewer, &users, &page).await.expect("pages");
        for &user in &users {
            let single = store.followers(&[user], &page).await.expect("a page");
            assert_eq!(followers.get(&user), single.get(&user), "followers, {page:?}");
            let single = store.following(&[user], &page).await.expect("a page");
            assert_eq!(following.get(&user), single.get(&user), "following, {page:?}");
            let single = store.mutual_followers(viewer, &[user], &page).await.expect("a page");
            assert_eq!(mutual.get(&user), single.get(&user), "mutual followers, {page:?}");
        }
    }
}

pub(super) async fn those_without_relations_have_no_page(store: &dyn UserStore) {
    let model = Model::stored(store, 33, 2, 0).await;
    let unknown = UserId(Uuid::from_u128(1));
    for user in [model.users[0].id, unknown] {
        let page = Page::first(5);
        assert_eq!(only(store.followers(&[user], &page).await, user).expect("nothing"), Slice::empty());
        assert_eq!(only(store.following(&[user], &page).await, user).expect("nothing"), Slice::empty());
        assert_eq!(store.followees(user).await.expect("nothing"), Vec::new());
    }
}

pub(super) async fn mutual_followers_are_those_whom_the_viewer_follows(store: &dyn UserStore) {
    let model = Model::stored(store, 34, 25, 200).await;
    let users = model.ids();
    for &viewer in users.iter().take(5) {
        let counts = store.count_mutual_followers(viewer, &users).await.expect("counts");
        let mutuals = store.mutuals(viewer, &users, 2).await.expect("mutuals");
        for &user in &users {
            let expected = model.mutual_followers(viewer, user);
            assert_eq!(counts.get(&user).copied().unwrap_or_default(), expected.len() as u64);
            let found: Vec<UserId> =
                mutuals.get(&user).map(|users| users.iter().map(|user| user.id).collect()).unwrap_or_default();
            assert_eq!(found, expected.iter().take(2).map(|&(_, id)| id).collect::<Vec<_>>());
        }
        assert!(counts.values().all(|&count| count > 0), "users without any are left out");
    }
}

pub(super) async fn who_follows_whom(store: &dyn UserStore) {
    let model = Model::stored(store, 35, 20, 120).await;
    let users = model.ids();
    for &viewer in &users {
        let followed: HashSet<UserId> = users.iter().copied().filter(|&user| model.follows(viewer, user)).collect();
        assert_eq!(store.followed_by(viewer, &users).await.expect("some"), followed);
        let followees = store.followees(viewer).await.expect("all");
        assert_eq!(followees.len(), followed.len());
        assert_eq!(followees.into_iter().collect::<HashSet<_>>(), followed);
        let followers: HashSet<UserId> = users.iter().copied().filter(|&user| model.follows(user, viewer)).collect();
        assert_eq!(store.followers_among(viewer, &users).await.expect("some"), followers);
    }
}
