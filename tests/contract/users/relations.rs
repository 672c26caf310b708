//! Followers and followed: pages of them for many users at once.

use std::collections::{BTreeMap, HashMap, HashSet};

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

pub(super) async fn relations_of_thousands_at_once(store: &dyn UserStore) {
    let model = Model::stored(store, 36, 1_000, 3_000).await;
    let viewer = model.follows[0].follower;
    // Between any two users stand strangers: six thousand keys in all.
    let strangers = (0..).map(|n| UserId(Uuid::from_u128(n)));
    let known = model.ids();
    let users: Vec<UserId> = strangers
        .zip(known.iter().flat_map(|user| [Some(*user), None, None, None, None, None]))
        .map(|(stranger, user)| user.unwrap_or(stranger))
        .collect();
    assert_eq!(users.len(), 6_000);

    let of = |pages: Pages| -> BTreeMap<UserId, (Vec<Relation>, bool)> {
        let pages = pages.into_iter().filter(|(_, slice)| !slice.items.is_empty());
        pages.map(|(user, slice)| (user, (slice.items.iter().map(relation).collect(), slice.has_more))).collect()
    };
    let expected = |all: &dyn Fn(UserId) -> Vec<Relation>| -> BTreeMap<UserId, (Vec<Relation>, bool)> {
        let lists = known.iter().map(|&user| (user, all(user))).filter(|(_, list)| !list.is_empty());
        lists.map(|(user, list)| (user, (list[..list.len().min(2)].to_vec(), list.len() > 2))).collect()
    };
    let page = Page::first(2);
    let followers = store.followers(&users, &page).await.expect("pages");
    assert_eq!(of(followers), expected(&|user| model.followers(user)));
    let following = store.following(&users, &page).await.expect("pages");
    assert_eq!(of(following), expected(&|user| model.following(user)));
    let mutual = store.mutual_followers(viewer, &users, &page).await.expect("pages");
    assert_eq!(of(mutual), expected(&|user| model.mutual_followers(viewer, user)));

    let counted = store.count_mutual_followers(viewer, &users).await.expect("counts");
    let counted: BTreeMap<UserId, u64> = counted.into_iter().filter(|(_, count)| *count > 0).collect();
    let mutuals = known.iter().map(|&user| (user, model.mutual_followers(viewer, user).len() as u64));
    assert_eq!(counted, mutuals.filter(|(_, count)| *count > 0).collect());
    let followed = store.followed_by(viewer, &users).await.expect("users");
    assert_eq!(followed, model.following(viewer).into_iter().map(|(_, user)| user).collect());
    let following = store.followers_among(viewer, &users).await.expect("users");
    assert_eq!(following, model.followers(viewer).into_iter().map(|(_, user)| user).collect());
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
