//! The lists of all users, in each order.

use polygraph::domain::{ByCount, ByHandle, Direction, Page, Slice, Timestamp, User, UserId};
use polygraph::ports::{StoreResult, UserStore};
use uuid::Uuid;

use super::model::Model;
use super::walk::assert_walks_to;

/// What of a user decides their place in any order.
type Place = (UserId, String, u64);

fn place(user: User) -> Place {
    (user.id, user.handle.into(), user.followers_count)
}

fn places(slice: StoreResult<Slice<User>>) -> StoreResult<Slice<Place>> {
    slice.map(|slice| slice.map(place))
}

pub(super) async fn every_order_is_walked_both_ways(store: &dyn UserStore) {
    let model = Model::stored(store, 11, 58, 150).await;
    let users = store.users_by_id(&model.ids()).await.expect("all users");
    let in_order = |ids: Vec<UserId>| -> Vec<Place> { ids.iter().map(|id| place(users[id].clone())).collect() };

    let newest = async |page: &Page<UserId>| places(store.users_newest(page).await);
    assert_walks_to(&in_order(model.newest()), |(id, ..)| *id, newest).await;
    let by_handle = async |page: &Page<ByHandle>| places(store.users_by_handle_order(page).await);
    assert_walks_to(&in_order(model.by_handle()), |(_, handle, _)| ByHandle(handle.clone()), by_handle).await;
    let most_followed = async |page: &Page<ByCount>| places(store.users_most_followed(page).await);
    let by_count = |&(id, _, count): &Place| ByCount { count, id: id.0 };
    assert_walks_to(&in_order(model.most_followed()), by_count, most_followed).await;
}

pub(super) async fn an_empty_list_has_no_page(store: &dyn UserStore) {
    assert_eq!(store.users_newest(&Page::first(10)).await.expect("nothing"), Slice::empty());
    let last = Page { direction: Direction::Backward, ..Page::first(10) };
    assert_eq!(store.users_by_handle_order(&last).await.expect("nothing"), Slice::empty());
    let from = Page { cursor: Some(ByCount { count: 3, id: Uuid::nil() }), ..Page::first(10) };
    assert_eq!(store.users_most_followed(&from).await.expect("nothing"), Slice::empty());
    assert_eq!(store.count_users().await.expect("a number"), 0);
    assert_eq!(store.scan_users(None, 10).await.expect("nothing"), Vec::new());
}

/// Whoever is there at the start is met once, whatever is added around them meanwhile.
pub(super) async fn lists_are_stable_while_users_are_added(store: &dyn UserStore) {
    for direction in [Direction::Forward, Direction::Backward] {
        let (by_id, by_handle) = match direction {
            Direction::Forward => (21, 22),
            Direction::Backward => (23, 24),
        };
        let cursor = |user: &User| user.id;
        walk_while_adding(store, by_id, direction, cursor, async |page| store.users_newest(page).await).await;
        let cursor = |user: &User| ByHandle(user.handle.to_string());
        walk_while_adding(store, by_handle, direction, cursor, async |page| store.users_by_handle_order(page).await)
            .await;
    }
}

async fn walk_while_adding<C>(
    store: &dyn UserStore,
    seed: u64,
    direction: Direction,
    cursor: impl Fn(&User) -> C,
    fetch: impl AsyncFn(&Page<C>) -> StoreResult<Slice<User>>,
) {
    let taken = store.scan_users(None, 1_000).await.expect("those of earlier walks");
    let mut model = Model::new(seed);
    // Their handles end differently for each seed: earlier walks have left theirs.
    let mut batch = |count: usize| -> Vec<_> {
        let mut users = model.add_users(count);
        for user in &mut users {
            user.handle = handle(&format!("{}_{seed}", user.handle));
            user.email = format!("{}@example.org", user.handle);
        }
        users
    };
    store.insert_users(&batch(31)).await.expect("users");
    let at_start: Vec<UserId> = store.scan_users(None, 1_000).await.expect("all").iter().map(|user| user.id).collect();
    assert_eq!(at_start.len(), taken.len() + 31);

    let mut met: Vec<UserId> = Vec::new();
    let mut page = Page { limit: 4, direction, cursor: None };
    loop {
        let slice = fetch(&page).await.expect("a page");
        met.extend(slice.items.iter().map(|user| user.id));
        let next = if page.is_forward() { slice.items.last() } else { slice.items.first() };
        page.cursor = next.map(&cursor);
        if !slice.has_more {
            break;
        }
        // Only a while: the list must not grow as fast as it is walked.
        if met.len() < 60 {
            store.insert_users(&batch(2)).await.expect("more users");
        }
    }
    for id in &at_start {
        assert_eq!(met.iter().filter(|met| *met == id).count(), 1, "{id} is met once");
    }
    let mut once = met.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), met.len(), "nobody is met twice");
}

fn handle(text: &str) -> polygraph::domain::text::Handle {
    polygraph::domain::text::Handle::parse(text).expect("a handle")
}

/// A cursor is a place between users: no user need be there.
pub(super) async fn a_cursor_outlives_its_user(store: &dyn UserStore) {
    let mut model = Model::new(13);
    let users: Vec<_> =
        ["anna", "berta", "dora"].map(|name| model.user(name, Timestamp::from_millis(0))).into_iter().collect();
    store.insert_users(&users).await.expect("three users");
    let after = Page { cursor: Some(ByHandle("carla".into())), ..Page::first(10) };
    let handles = |slice: Slice<User>| slice.items.iter().map(|user| user.handle.to_string()).collect::<Vec<_>>();
    assert_eq!(handles(store.users_by_handle_order(&after).await.expect("a page")), ["dora"]);
    let before = Page { direction: Direction::Backward, ..after };
    assert_eq!(handles(store.users_by_handle_order(&before).await.expect("a page")), ["anna", "berta"]);
    let most_followed = Page { cursor: Some(ByCount { count: i64::MAX as u64, id: Uuid::max() }), ..Page::first(10) };
    assert_eq!(store.users_most_followed(&most_followed).await.expect("a page").items.len(), 3);
}

pub(super) async fn all_users_are_scanned_in_order_of_id(store: &dyn UserStore) {
    let model = Model::stored(store, 14, 25, 0).await;
    let mut scanned = Vec::new();
    loop {
        let users = store.scan_users(scanned.last().copied(), 7).await.expect("users");
        if users.is_empty() {
            break;
        }
        scanned.extend(users.iter().map(|user| user.id));
    }
    let mut ids = model.ids();
    ids.sort();
    assert_eq!(scanned, ids);
}
