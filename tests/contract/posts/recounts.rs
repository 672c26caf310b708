//! Counting again what is kept as counts, and removing likes that should not be.

use std::sync::Arc;

use polygraph::domain::event::Stamp;
use polygraph::domain::{LikeId, PostFields, PostId};
use polygraph::ports::{PostStore, Recount};

use super::world::{World, user};
use crate::fixture::stamp;

fn ids(world: &World) -> Vec<PostId> {
    world.posts.iter().map(|post| post.id).collect()
}

/// Each with a stamp that no other write has.
fn stamped<I>(ids: impl IntoIterator<Item = I>) -> Vec<(I, Stamp)> {
    ids.into_iter().map(|id| (id, stamp(1))).collect()
}

/// Every recount agrees with what is kept, and with the model.
async fn assert_counted(store: &dyn PostStore, world: &World) {
    let mut posts = store.recount_posts(&ids(world)).await.unwrap();
    posts.sort_by_key(|count| count.id);
    let likes = |post| world.likes.iter().filter(|like| like.id.post == post).count() as u64;
    let mut expected: Vec<_> = ids(world)
        .into_iter()
        .map(|id| Recount { id, name: "likeCount", stored: likes(id), counted: likes(id) })
        .collect();
    expected.sort_by_key(|count| count.id);
    assert_eq!(posts, expected);

    let authors = store.recount_authors(&world.users).await.unwrap();
    assert_eq!(authors.len(), 2 * world.users.len(), "both counts of each, also where nothing is kept");
    for Recount { id, name, stored, counted } in authors {
        let actual = match name {
            "postsCount" => world.posts.iter().filter(|post| post.author == id).count(),
            "likesCount" => world.likes.iter().filter(|like| like.id.user == id).count(),
            other => panic!("no count of authors is called {other}"),
        };
        assert_eq!((stored, counted), (actual as u64, actual as u64), "{name} of {id}");
    }
}

pub(super) async fn what_is_kept_is_what_is_counted(store: Arc<dyn PostStore>) {
    let world = World::small().fill(&*store).await;
    assert_counted(&*store, &world).await;
    assert_eq!(store.recount_posts(&[]).await.unwrap(), []);
    assert_eq!(store.recount_authors(&[]).await.unwrap(), []);
}

pub(super) async fn fixing_what_is_right_changes_no_count(store: Arc<dyn PostStore>) {
    let world = World::small().fill(&*store).await;
    store.fix_post_counts(&stamped(ids(&world))).await.unwrap();
    store.fix_author_counts(&stamped(world.users.clone())).await.unwrap();
    store.fix_author_counts(&stamped([user(777)])).await.unwrap();
    assert_counted(&*store, &world).await;
}

pub(super) async fn likes_are_removed_with_their_counts(store: Arc<dyn PostStore>) {
    let mut world = World::small().fill(&*store).await;
    let before = store.posts_by_id(&ids(&world), PostFields::default()).await.unwrap();
    let removed: Vec<LikeId> = world.likes.iter().step_by(3).map(|like| like.id).collect();
    let absent = LikeId { post: world.posts[0].id, user: user(777) };
    store.remove_likes(&stamped(removed.iter().copied().chain([absent]))).await.unwrap();
    world.likes.retain(|like| !removed.contains(&like.id));
    assert_counted(&*store, &world).await;
    assert!(store.likes_by_id(&removed).await.unwrap().is_empty());
    let after = store.posts_by_id(&ids(&world), PostFields::default()).await.unwrap();
    for id in removed {
        assert!(after[&id.post].version > before[&id.post].version, "the removal is a change");
    }
}
