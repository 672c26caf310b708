//! Publishing: once, again, and at once.

use std::collections::HashSet;

use futures::future::join_all;
use polygraph::domain::event::Happened;
use polygraph::domain::{AuthorStats, PostId};
use polygraph::ports::{Changed, PostChanges, Published};

use super::helpers::{key, settled};
use crate::fixture::{Fixture, stamp};
use crate::posts::world::{post, user};

pub(super) async fn a_new_post_is_stored_counted_and_told_of(store: Fixture) {
    let (new, author, stamp) = (post(3, user(1)), user(1), stamp(7));
    let Published::New(published) = store.publishing.publish(&new, None, stamp).await.unwrap() else {
        panic!("it is new");
    };
    assert_eq!((published.id, published.author), (new.id, author));
    assert_eq!((&published.title, published.content.as_ref()), (&new.title, Some(&new.content)));
    assert_eq!((published.created_at, published.updated_at), (new.created_at, new.created_at));
    assert_eq!((published.revision, published.like_count), (1, 0));
    assert_eq!(store.read(new.id).await, Some(published.clone()), "readers see what was answered");
    assert_eq!(store.stats(author).await, AuthorStats { posts: 1, likes: 0 });
    let created = stamp.event(new.id, published.version, Happened::PostCreated { author: author.0 });
    assert_eq!(store.events().await, [created]);

    store.publish(4, author).await;
    assert_eq!(store.stats(author).await, AuthorStats { posts: 2, likes: 0 });
}

pub(super) async fn the_same_key_again_finds_the_post_of_before(store: Fixture) {
    let (author, used) = (user(1), key("k", 1, 0));
    let new = post(1, author);
    let first = store.publishing.publish(&new, Some(&used), stamp(10)).await.unwrap();
    assert!(matches!(first, Published::New(_)), "{first:?}");
    store.events().await;

    // A client that asks again gets a new id made for it, which is not used.
    let again = post(2, author);
    let found = store.publishing.publish(&again, Some(&used), stamp(20)).await.unwrap();
    assert_eq!(found, Published::Before(store.read(new.id).await.unwrap()));
    let changes = PostChanges { title: Some("Edited".to_owned()), content: None };
    store.publishing.edit(new.id, author, &changes, None, stamp(30)).await.unwrap();
    let found = store.publishing.publish(&again, Some(&used), stamp(40)).await.unwrap();
    assert_eq!(found, Published::Before(store.read(new.id).await.unwrap()), "as it is now");
    assert_eq!(store.read(again.id).await, None);
    assert_eq!(store.stats(author).await.posts, 1);

    assert_eq!(store.publishing.delete(new.id, author, stamp(50)).await.unwrap(), Changed::Done(()));
    let gone = store.publishing.publish(&again, Some(&used), stamp(60)).await.unwrap();
    assert_eq!(gone, Published::Gone);
    assert_eq!(store.stats(author).await.posts, 0);
    let events = store.events().await;
    let names: Vec<_> = events.iter().map(|event| event.happened.name()).collect();
    assert_eq!(names, ["post.updated", "post.deleted"], "publishing again leaves none");
}

pub(super) async fn a_key_with_other_content_is_in_use(store: Fixture) {
    let author = user(1);
    store.publishing.publish(&post(1, author), Some(&key("k", 1, 0)), stamp(10)).await.unwrap();
    store.events().await;
    let other = store.publishing.publish(&post(2, author), Some(&key("k", 2, 0)), stamp(20)).await.unwrap();
    assert_eq!(other, Published::KeyInUse);
    assert_eq!((store.read(post(2, author).id).await, store.stats(author).await.posts), (None, 1));
    assert_eq!(store.events().await, []);
}

pub(super) async fn a_key_is_the_authors_own(store: Fixture) {
    for (n, author) in [(1, user(1)), (2, user(2))] {
        let published = store.publishing.publish(&post(n, author), Some(&key("k", n as u8, 0)), stamp(10)).await;
        assert!(matches!(published.unwrap(), Published::New(_)), "user {n}");
    }
    let other_key = store.publishing.publish(&post(3, user(1)), Some(&key("K", 1, 0)), stamp(10)).await.unwrap();
    assert!(matches!(other_key, Published::New(_)), "keys differ by case");
}

pub(super) async fn old_keys_are_forgotten(store: Fixture) {
    let author = user(1);
    store.publishing.publish(&post(1, author), Some(&key("k", 1, 0)), stamp(100)).await.unwrap();
    let kept = store.publishing.publish(&post(2, author), Some(&key("k", 2, 100)), stamp(200)).await.unwrap();
    assert_eq!(kept, Published::KeyInUse, "a key of that very moment is not from before it");
    let new = store.publishing.publish(&post(2, author), Some(&key("k", 2, 101)), stamp(200)).await.unwrap();
    assert!(matches!(new, Published::New(_)), "{new:?}");
    // From now on the key is the later post's.
    let before = store.publishing.publish(&post(3, author), Some(&key("k", 2, 200)), stamp(300)).await.unwrap();
    assert!(matches!(&before, Published::Before(found) if found.id == post(2, author).id), "{before:?}");
    assert_eq!(store.stats(author).await.posts, 2);
}

pub(super) async fn old_keys_are_swept(store: Fixture) {
    let author = user(1);
    for n in 0..5 {
        let used = key(&format!("k{n}"), 1, 0);
        store.publishing.publish(&post(n, author), Some(&used), stamp(n as i64)).await.unwrap();
    }
    let two = stamp(2).at;
    assert_eq!(store.publishing.sweep_keys(two).await.unwrap(), 2, "those of seconds 0 and 1");
    assert_eq!(store.publishing.sweep_keys(two).await.unwrap(), 0);
    let swept = store.publishing.publish(&post(8, author), Some(&key("k1", 2, 0)), stamp(8)).await.unwrap();
    assert!(matches!(swept, Published::New(_)), "{swept:?}");
    let kept = store.publishing.publish(&post(9, author), Some(&key("k2", 2, 0)), stamp(9)).await.unwrap();
    assert_eq!(kept, Published::KeyInUse);
}

pub(super) async fn one_key_used_at_once_makes_one_post(store: Fixture) {
    let (author, used) = (user(1), key("k", 1, 0));
    let racers = (0..16).map(|n| {
        let (store, used) = (&store, &used);
        async move {
            let (new, stamp) = (post(n, author), stamp(10));
            settled(|| store.publishing.publish(&new, Some(used), stamp)).await
        }
    });
    let (mut new, mut found) = (0, HashSet::<PostId>::new());
    for published in join_all(racers).await {
        match published {
            Published::New(post) => {
                new += 1;
                found.insert(post.id);
            }
            Published::Before(post) => {
                found.insert(post.id);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((new, found.len()), (1, 1), "all were told of one post");
    assert_eq!(store.posts.count_posts().await.unwrap(), 1);
    assert_eq!(store.stats(author).await.posts, 1);
    assert_eq!(store.events().await.len(), 1);
}
