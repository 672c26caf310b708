//! Suggestions: whom a viewer might follow.

use polygraph::domain::{Timestamp, UserId};
use polygraph::ports::{NewFollow, UserStore};

use super::model::Model;

async fn suggested(store: &dyn UserStore, viewer: UserId, limit: u32) -> Vec<(u64, UserId)> {
    let suggestions = store.suggestions(viewer, limit).await.expect("suggestions");
    suggestions.iter().map(|suggestion| (suggestion.mutual_count, suggestion.user.id)).collect()
}

pub(super) async fn suggestions_are_followed_by_those_whom_the_viewer_follows(store: &dyn UserStore) {
    let model = Model::stored(store, 41, 40, 160).await;
    for viewer in model.ids() {
        let expected = model.suggestions(viewer);
        assert_eq!(suggested(store, viewer, 100).await, expected);
        let few: Vec<_> = expected.into_iter().take(3).collect();
        assert_eq!(suggested(store, viewer, 3).await, few);
    }
}

pub(super) async fn ties_of_suggestions_go_by_id(store: &dyn UserStore) {
    let mut model = Model::stored(store, 42, 6, 0).await;
    let ids = model.newest();
    let follow = |follower: usize, followed: usize| NewFollow {
        follower: ids[follower],
        followed: ids[followed],
        created_at: Timestamp::from_millis(0),
    };
    // 0 follows 1 and 2; both follow 3, 4 and 5, and 0 itself, whom nobody suggests to themselves.
    model.follows = [(0, 1), (0, 2), (1, 3), (1, 4), (1, 5), (2, 5), (2, 4), (2, 3), (1, 0), (2, 0), (1, 2)]
        .map(|(follower, followed)| follow(follower, followed))
        .to_vec();
    store.insert_follows(&model.follows).await.expect("follows");
    assert_eq!(suggested(store, ids[0], 10).await, [(2, ids[3]), (2, ids[4]), (2, ids[5])]);
}

pub(super) async fn who_follows_nobody_gets_no_suggestions(store: &dyn UserStore) {
    let model = Model::stored(store, 43, 3, 0).await;
    assert_eq!(suggested(store, model.users[0].id, 10).await, []);
}
