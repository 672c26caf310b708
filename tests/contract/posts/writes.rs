//! Inserts: idempotent, and exactly counted whatever happens at the same time.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use futures::future::try_join_all;
use polygraph::domain::{Like, LikeId, Page, PostFields};
use polygraph::ports::{ErrorKind, NewPost, PostStore, StoreResult};

use super::world::{World, post, user, with_likes};

pub(super) async fn inserting_again_changes_nothing(store: Arc<dyn PostStore>) {
    let world = World::small().fill(&*store).await;
    assert_eq!(store.insert_posts(&world.posts).await.unwrap(), 0);
    let later = world.likes.iter().map(|like| Like { created_at: super::world::moment(900_000), ..*like });
    assert_eq!(store.insert_likes(&later.collect::<Vec<_>>()).await.unwrap(), 0);
    assert_model(&*store, &world).await;

    let mut more = world;
    more.posts.push(post(500, more.users[11]));
    more.likes.push(Like {
        id: LikeId { post: more.posts[61].id, user: more.users[11] },
        author: more.users[11],
        ..more.likes[0]
    });
    assert_eq!(store.insert_posts(&more.posts).await.unwrap(), 1, "only what is new is added");
    assert_eq!(store.insert_likes(&more.likes).await.unwrap(), 1, "only what is new is added");
    assert_model(&*store, &more).await;
}

pub(super) async fn what_is_given_twice_is_added_once(store: Arc<dyn PostStore>) {
    let world = World::small();
    let posts: Vec<NewPost> = [&world.posts[..], &world.posts[..]].concat();
    assert_eq!(store.insert_posts(&posts).await.unwrap(), world.posts.len() as u64);
    let likes: Vec<Like> = [&world.likes[..], &world.likes[..]].concat();
    assert_eq!(store.insert_likes(&likes).await.unwrap(), world.likes.len() as u64);
    assert_model(&*store, &world).await;
}

pub(super) async fn a_like_of_an_absent_post_is_left_out(store: Arc<dyn PostStore>) {
    let world = World::small().fill(&*store).await;
    let absent = post(5_000, world.users[0]).id;
    let like = Like { id: LikeId { post: absent, user: world.users[11] }, ..world.likes[0] };
    assert_eq!(store.insert_likes(&[like]).await.unwrap(), 0);
    assert_eq!(store.insert_likes(&[world.likes[0], like]).await.unwrap(), 0);
    assert!(store.likes_by_id(&[like.id]).await.unwrap().is_empty());
    assert_model(&*store, &world).await;
}

pub(super) async fn a_thousand_likes_go_in_at_once(store: Arc<dyn PostStore>) {
    let world = World::of_one_post(1_000).fill(&*store).await;
    let post = world.posts[0].id;
    assert_eq!(store.posts_by_id(&[post], PostFields::ALL).await.unwrap()[&post].like_count, 1_000);
    let page = store.likes_of_posts(&[with_likes(post)], &Page::first(100)).await.unwrap();
    assert_eq!(page[&post].items, world.likes_of(post)[..100]);
    assert!(page[&post].has_more);
}

pub(super) async fn counts_are_exact_when_likes_race(store: Arc<dyn PostStore>) {
    let world = World::small();
    store.insert_posts(&world.posts).await.unwrap();
    let part = world.likes.len() / 4;
    let racers = (0..16).map(|n| {
        let likes: Vec<Like> = world.likes.iter().cycle().skip(n * part / 2).take(part).copied().collect();
        let store = &store;
        async move { until_settled(|| store.insert_likes(&likes)).await }
    });
    let added: u64 = try_join_all(racers).await.unwrap().into_iter().sum();
    assert_eq!(added, world.likes.len() as u64, "each like is new to one of the racers");
    assert_model(&*store, &world).await;
}

pub(super) async fn counts_are_exact_when_posts_race(store: Arc<dyn PostStore>) {
    let mut world = World::small();
    world.likes.clear();
    let racers = (0..8).map(|n| {
        let posts: Vec<NewPost> = world.posts.iter().cycle().skip(n * 10).take(20).cloned().collect();
        let store = &store;
        async move { until_settled(|| store.insert_posts(&posts)).await }
    });
    let added: u64 = try_join_all(racers).await.unwrap().into_iter().sum();
    assert_eq!(added, world.posts.len() as u64, "each post is new to one of the racers");
    assert_model(&*store, &world).await;
}

/// A write that lost against another may be tried again: a store may say so rather than try for ever.
async fn until_settled<'a, F>(write: impl Fn() -> F) -> StoreResult<u64>
where
    F: Future<Output = StoreResult<u64>> + Send + 'a,
{
    loop {
        match write().await {
            Err(error) if error.kind == ErrorKind::Conflict => tokio::task::yield_now().await,
            settled => return settled,
        }
    }
}

/// The store holds the model, every count included, and nothing else.
async fn assert_model(store: &dyn PostStore, world: &World) {
    let mut expected = world.newest(&[]);
    expected.reverse();
    assert_eq!(store.scan_posts(None, 1_000).await.unwrap(), expected);
    let mut likes = world.likes.clone();
    likes.sort_by_key(|like| like.id);
    let stored: Vec<Like> = store.scan_likes(None, 10_000).await.unwrap().into_iter().map(|(like, _)| like).collect();
    assert_eq!(stored, likes);
    let strangers = [user(5_000)];
    let stats = store.author_stats(&[&world.users[..], &strangers].concat()).await.unwrap();
    assert_eq!(stats.into_iter().collect::<BTreeMap<_, _>>(), world.stats());
}
