//! Lookups by key, counts, and what is left out.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use polygraph::domain::{LikeId, Page, Post, PostFields, PostId, Slice, UserId};
use polygraph::ports::{LikedPost, PostStore};

use super::world::{World, post, user, with_likes};

pub(super) async fn posts_come_back_as_they_were_stored(store: Arc<dyn PostStore>) {
    let world = World::small().fill(&*store).await;
    let ids: Vec<PostId> = world.posts.iter().chain(&world.posts[..5]).map(|post| post.id).collect();
    let found = store.posts_by_id(&ids, PostFields::ALL).await.unwrap();
    let expected: HashMap<PostId, Post> = world.newest(&[]).into_iter().map(|post| (post.id, post)).collect();
    assert_eq!(found, expected);

    let ids: Vec<LikeId> = world.likes.iter().chain(&world.likes[..5]).map(|like| like.id).collect();
    let found = store.likes_by_id(&ids).await.unwrap();
    assert_eq!(found, world.likes.iter().map(|like| (like.id, *like)).collect());
}

pub(super) async fn content_is_read_where_it_is_asked_for(store: Arc<dyn PostStore>) {
    let world = World::small().fill(&*store).await;
    let (ids, users) = ([world.posts[3].id], &world.users[..]);
    for fields in [PostFields::default(), PostFields::ALL] {
        let mut posts = Vec::new();
        posts.extend(store.posts_by_id(&ids, fields).await.unwrap().into_values());
        posts.extend(store.posts_newest(&Page::first(1), fields).await.unwrap().items);
        posts.extend(store.posts_most_liked(None, &Page::first(1), fields).await.unwrap().items);
        posts.extend(store.posts_most_liked(Some(world.posts[3].author), &Page::first(1), fields).await.unwrap().items);
        let of_authors = store.posts_of_authors(&[world.posts[3].author], &Page::first(1), fields).await.unwrap();
        posts.extend(of_authors.into_values().flat_map(|slice| slice.items));
        posts.extend(store.feed(users, &Page::first(1), fields).await.unwrap().items);
        let recommended = store.recommended(users[11], users, &Page::first(1), fields).await.unwrap();
        posts.extend(recommended.items.into_iter().map(|(post, _)| post));
        assert_eq!(posts.len(), 7, "each way gives a post");
        assert!(posts.iter().all(|post| post.content.is_some() == fields.content), "{fields:?}: {posts:#?}");
    }
}

pub(super) async fn batches_answer_as_single_questions_do(store: Arc<dyn PostStore>) {
    let world = World::small().fill(&*store).await;
    let (users, fields) = (&world.users, PostFields::ALL);
    let posts: Vec<PostId> = world.posts.iter().map(|post| post.id).collect();

    let batch = store.posts_of_authors(users, &Page::first(3), fields).await.unwrap();
    for user in users {
        let single = store.posts_of_authors(&[*user], &Page::first(3), fields).await.unwrap();
        assert_eq!(batch.get(user), single.get(user));
    }
    let asked: Vec<LikedPost> = posts.iter().copied().map(with_likes).collect();
    let batch = store.likes_of_posts(&asked, &Page::first(3)).await.unwrap();
    for post in &posts {
        let single = store.likes_of_posts(&[with_likes(*post)], &Page::first(3)).await.unwrap();
        assert_eq!(batch.get(post), single.get(post));
        let expected = world.likes_of(*post);
        let slice = batch.get(post).cloned().unwrap_or(Slice::empty());
        assert_eq!(slice.items, expected[..expected.len().min(3)]);
        assert_eq!(slice.has_more, expected.len() > 3);
    }
    let batch = store.likes_by_users(users, &Page::first(3)).await.unwrap();
    for user in users {
        let single = store.likes_by_users(&[*user], &Page::first(3)).await.unwrap();
        assert_eq!(batch.get(user), single.get(user));
    }
}

pub(super) async fn which_posts_a_user_likes(store: Arc<dyn PostStore>) {
    let world = World::small().fill(&*store).await;
    let posts: Vec<PostId> = world.posts[..30].iter().map(|post| post.id).collect();
    for &user in &world.users {
        let liked = store.liked_among(user, &posts).await.unwrap();
        let expected: HashSet<PostId> = world.likes_by(user).iter().map(|like| like.id.post).collect();
        assert_eq!(liked, posts.iter().copied().filter(|post| expected.contains(post)).collect());
    }
}

pub(super) async fn counts_are_those_of_the_model(store: Arc<dyn PostStore>) {
    let world = World::small().fill(&*store).await;
    assert_eq!(store.count_posts().await.unwrap(), world.posts.len() as u64);
    let stats = store.author_stats(&world.users).await.unwrap();
    assert_eq!(stats.into_iter().collect::<BTreeMap<_, _>>(), world.stats());
}

pub(super) async fn empty_key_lists_are_answered(store: Arc<dyn PostStore>) {
    let world = World::small().fill(&*store).await;
    let (viewer, fields) = (world.users[0], PostFields::ALL);
    assert!(store.posts_by_id(&[], fields).await.unwrap().is_empty());
    assert!(store.posts_of_authors(&[], &Page::first(3), fields).await.unwrap().is_empty());
    assert_eq!(store.feed(&[], &Page::first(3), fields).await.unwrap(), Slice::empty());
    assert_eq!(store.recommended(viewer, &[], &Page::first(3), fields).await.unwrap(), Slice::empty());
    assert!(store.author_stats(&[]).await.unwrap().is_empty());
    assert!(store.likes_by_id(&[]).await.unwrap().is_empty());
    assert!(store.likes_of_posts(&[], &Page::first(3)).await.unwrap().is_empty());
    assert!(store.likes_by_users(&[], &Page::first(3)).await.unwrap().is_empty());
    assert!(store.liked_among(viewer, &[]).await.unwrap().is_empty());
    assert_eq!(store.insert_posts(&[]).await.unwrap(), 0);
    assert_eq!(store.insert_likes(&[]).await.unwrap(), 0);
}

pub(super) async fn unknown_keys_are_left_out(store: Arc<dyn PostStore>) {
    let world = World::small().fill(&*store).await;
    let stranger = user(5_000);
    let (absent, known) = (post(5_000, stranger).id, world.posts[0].id);
    let found = store.posts_by_id(&[absent, known], PostFields::ALL).await.unwrap();
    assert_eq!(found.into_keys().collect::<Vec<_>>(), [known]);

    let like = world.likes[0].id;
    let unknown = [LikeId { post: absent, ..like }, LikeId { user: stranger, ..like }, like];
    assert_eq!(store.likes_by_id(&unknown).await.unwrap().into_keys().collect::<Vec<_>>(), [like]);
    assert_eq!(store.liked_among(like.user, &[absent, like.post]).await.unwrap(), HashSet::from([like.post]));
    assert!(store.liked_among(stranger, &[like.post]).await.unwrap().is_empty());
    assert_nothing_of(&*store, stranger, absent).await;
}

pub(super) async fn an_empty_store_has_nothing(store: Arc<dyn PostStore>) {
    let stranger = user(0);
    assert!(!store.check().await.unwrap().is_empty(), "it names its version");
    assert_eq!(store.count_posts().await.unwrap(), 0);
    assert_eq!(store.posts_newest(&Page::first(3), PostFields::ALL).await.unwrap(), Slice::empty());
    assert_eq!(store.posts_most_liked(None, &Page::first(3), PostFields::ALL).await.unwrap(), Slice::empty());
    assert!(store.scan_posts(None, 10).await.unwrap().is_empty());
    assert!(store.scan_likes(None, 10).await.unwrap().is_empty());
    assert_nothing_of(&*store, stranger, post(0, stranger).id).await;
}

/// Lists of the unknown are empty, whether they are left out or not.
async fn assert_nothing_of(store: &dyn PostStore, user: UserId, post: PostId) {
    let fields = PostFields::ALL;
    let of_author = store.posts_of_authors(&[user], &Page::first(3), fields).await.unwrap();
    assert!(of_author.values().all(|slice| slice.items.is_empty() && !slice.has_more));
    let of_post = store.likes_of_posts(&[with_likes(post)], &Page::first(3)).await.unwrap();
    assert!(of_post.values().all(|slice| slice.items.is_empty() && !slice.has_more));
    let by_user = store.likes_by_users(&[user], &Page::first(3)).await.unwrap();
    assert!(by_user.values().all(|slice| slice.items.is_empty() && !slice.has_more));
    let stats = store.author_stats(&[user]).await.unwrap();
    assert!(stats.values().all(|stats| stats.posts == 0 && stats.likes == 0));
    assert_eq!(store.posts_most_liked(Some(user), &Page::first(3), fields).await.unwrap(), Slice::empty());
    assert_eq!(store.feed(&[user], &Page::first(3), fields).await.unwrap(), Slice::empty());
    assert_eq!(store.recommended(user, &[user], &Page::first(3), fields).await.unwrap(), Slice::empty());
}
