//! Every paged list, against the model: each item once, forth and back, with ties by id.

use std::sync::Arc;

use polygraph::domain::{ByCount, Page, Post, PostFields, PostId, Slice, UserId};
use polygraph::ports::{LikedPost, PostStore};

use super::walk::assert_pages;
use super::world::{World, by_likes, by_time_and_post, by_time_and_user, post};

pub(super) async fn posts_newest(store: Arc<dyn PostStore>) {
    let world = World::small().fill(&*store).await;
    let fetch = async |page| store.posts_newest(&page, PostFields::ALL).await.unwrap();
    assert_pages(&world.newest(&[]), |post| post.id, fetch).await;
}

pub(super) async fn newest_is_stable_while_posts_are_added(store: Arc<dyn PostStore>) {
    let world = World::small().fill(&*store).await;
    let expected = world.newest(&[]);
    let mut page = Page::<PostId>::first(9);
    let mut met = Vec::new();
    for n in 1_000.. {
        let Slice { items, has_more } = store.posts_newest(&page, PostFields::ALL).await.unwrap();
        page.cursor = items.last().map(|post| post.id);
        met.extend(items);
        assert_eq!(store.insert_posts(&[post(n, world.users[0])]).await.unwrap(), 1);
        if !has_more {
            break;
        }
    }
    assert_eq!(met, expected, "what is added at the start does not move what follows");
}

pub(super) async fn posts_most_liked(store: Arc<dyn PostStore>) {
    let world = World::small().fill(&*store).await;
    let fetch = async |page| store.posts_most_liked(None, &page, PostFields::ALL).await.unwrap();
    assert_pages(&world.most_liked(&[]), by_likes, fetch).await;
}

pub(super) async fn posts_most_liked_of_an_author(store: Arc<dyn PostStore>) {
    let world = World::small().fill(&*store).await;
    for author in [world.users[0], world.users[3], world.users[11]] {
        let fetch = async |page| store.posts_most_liked(Some(author), &page, PostFields::ALL).await.unwrap();
        assert_pages(&world.most_liked(&[author]), by_likes, fetch).await;
    }
}

pub(super) async fn posts_of_authors(store: Arc<dyn PostStore>) {
    let world = World::small().fill(&*store).await;
    for &author in &world.users {
        let fetch = async |page| {
            let mut pages = store.posts_of_authors(&world.users, &page, PostFields::ALL).await.unwrap();
            pages.remove(&author).unwrap_or(Slice::empty())
        };
        assert_pages(&world.newest(&[author]), |post| post.id, fetch).await;
    }
}

pub(super) async fn a_feed_of_few_authors(store: Arc<dyn PostStore>) {
    let world = World::small().fill(&*store).await;
    assert_feed(&*store, &world, &world.users[1..4]).await;
    assert_feed(&*store, &world, &[world.users[2], world.users[11], world.users[2]]).await;
}

pub(super) async fn a_feed_of_many_authors(store: Arc<dyn PostStore>) {
    let world = World::of_authors(460).fill(&*store).await;
    let (limit, authors) = (100, &world.users[..450]);
    let (expected, asked) = (world.newest(authors), [authors, authors].concat());
    let mut page = Page::first(limit);
    for (n, expected) in expected.chunks(limit as usize).enumerate() {
        let slice = store.feed(&asked, &page, PostFields::ALL).await.unwrap();
        assert_eq!(slice.items, expected, "page {n}, each author asked for twice");
        assert_eq!(slice.has_more, n < 8, "page {n}");
        page.cursor = expected.last().map(|post| post.id);
    }
}

async fn assert_feed(store: &dyn PostStore, world: &World, authors: &[UserId]) {
    let fetch = async |page| store.feed(authors, &page, PostFields::ALL).await.unwrap();
    assert_pages(&world.newest(authors), |post| post.id, fetch).await;
}

pub(super) async fn recommended(store: Arc<dyn PostStore>) {
    let world = World::small().fill(&*store).await;
    let by_count = |(post, count): &(Post, u64)| ByCount { count: *count, id: post.id.0 };
    for (viewer, likers) in [(0, 1..7), (5, 3..11), (11, 0..11), (4, 3..6)] {
        let (viewer, likers) = (world.users[viewer], &world.users[likers]);
        let expected = world.recommended(viewer, likers);
        assert!(expected.len() > 3, "the world recommends something");
        let fetch = async |page| store.recommended(viewer, likers, &page, PostFields::ALL).await.unwrap();
        assert_pages(&expected, by_count, fetch).await;
    }
}

pub(super) async fn likes_of_posts(store: Arc<dyn PostStore>) {
    let world = World::small().fill(&*store).await;
    let ids: Vec<PostId> = world.posts[..12].iter().map(|post| post.id).collect();
    // However many likes a store is told that there are, those that there are come.
    for like_count in [|n| n, |_| 0, |_| u64::MAX, |n| if n % 2 == 0 { n } else { 1_000 }] {
        let post = |id: &PostId| LikedPost { id: *id, like_count: like_count(world.likes_of(*id).len() as u64) };
        let posts: Vec<LikedPost> = ids.iter().map(post).collect();
        for id in &ids {
            let fetch =
                async |page| store.likes_of_posts(&posts, &page).await.unwrap().remove(id).unwrap_or(Slice::empty());
            assert_pages(&world.likes_of(*id), by_time_and_user, fetch).await;
        }
    }
}

pub(super) async fn likes_by_users(store: Arc<dyn PostStore>) {
    let world = World::small().fill(&*store).await;
    for &user in &world.users {
        let fetch = async |page| {
            let mut pages = store.likes_by_users(&world.users, &page).await.unwrap();
            pages.remove(&user).unwrap_or(Slice::empty())
        };
        assert_pages(&world.likes_by(user), by_time_and_post, fetch).await;
    }
}

pub(super) async fn those_who_write_and_like_much(store: Arc<dyn PostStore>) {
    let world = World::of_the_busy().fill(&*store).await;
    for author in &world.users {
        let fetch = async |page| {
            let mut pages = store.posts_of_authors(&world.users, &page, PostFields::default()).await.unwrap();
            pages.remove(author).unwrap_or(Slice::empty())
        };
        let without_content = |post| Post { content: None, ..post };
        let expected: Vec<Post> = world.newest(&[*author]).into_iter().map(without_content).collect();
        assert_pages(&expected, |post| post.id, fetch).await;
    }
    for user in &world.users {
        let fetch = async |page| {
            let mut pages = store.likes_by_users(&world.users, &page).await.unwrap();
            pages.remove(user).unwrap_or(Slice::empty())
        };
        assert_pages(&world.likes_by(*user), by_time_and_post, fetch).await;
    }
}

pub(super) async fn scans_walk_everything_in_order(store: Arc<dyn PostStore>) {
    let world = World::small().fill(&*store).await;
    let mut posts = Vec::new();
    loop {
        let some = store.scan_posts(posts.last().map(|post: &Post| post.id), 10).await.unwrap();
        assert!(some.len() <= 10);
        if some.is_empty() {
            break;
        }
        posts.extend(some);
    }
    let mut expected = world.newest(&[]);
    expected.reverse();
    assert_eq!(posts, expected);

    let mut likes = Vec::new();
    loop {
        let some =
            store.scan_likes(likes.last().map(|(like, _): &(polygraph::domain::Like, u64)| like.id), 50).await.unwrap();
        assert!(some.len() <= 50);
        if some.is_empty() {
            break;
        }
        likes.extend(some);
    }
    let version_of = |id| posts.iter().find(|post| post.id == id).unwrap().version;
    let mut expected: Vec<_> = world.likes.iter().map(|like| (*like, version_of(like.id.post))).collect();
    expected.sort_by_key(|(like, _)| like.id);
    assert_eq!(likes, expected);
}
