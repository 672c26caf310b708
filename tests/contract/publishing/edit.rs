//! Edits: what they change, and when they are refused.

use futures::future::join_all;
use polygraph::domain::event::Happened;
use polygraph::domain::{Post, PostId};
use polygraph::ports::{Changed, PostChanges};

use super::helpers::{like, settled, unlike};
use crate::fixture::{Fixture, stamp};
use crate::posts::world::{moment, post, user};

fn title(title: &str) -> PostChanges {
    PostChanges { title: Some(title.to_owned()), content: None }
}

pub(super) async fn an_edit_changes_what_it_names(store: Fixture) {
    let (author, other) = (user(1), store.publish(2, user(1)).await);
    let before = store.publish(1, author).await;
    store.events().await;

    let (first, second) = (stamp(100), stamp(200));
    let edited = store.publishing.edit(before.id, author, &title("Ünïcödé"), Some(1), first).await.unwrap();
    let Changed::Done(edited) = edited else { panic!("{edited:?}") };
    let expected = Post {
        title: "Ünïcödé".to_owned(),
        updated_at: moment(100),
        revision: 2,
        version: edited.version,
        ..before.clone()
    };
    assert_eq!(edited, expected);
    assert!(edited.version > before.version);
    assert_eq!(store.read(before.id).await, Some(edited.clone()), "readers see what was answered");

    let both = PostChanges { title: Some("Both".to_owned()), content: Some("Texts".to_owned()) };
    let Changed::Done(again) = store.publishing.edit(before.id, author, &both, None, second).await.unwrap() else {
        panic!("no revision is expected");
    };
    assert_eq!((again.title.as_str(), again.content.as_deref(), again.revision), ("Both", Some("Texts"), 3));
    assert_eq!(store.read(other.id).await, Some(other), "another post is left alone");
    let happened = Happened::PostUpdated { author: author.0 };
    let told = [first.event(before.id, edited.version, happened), second.event(before.id, again.version, happened)];
    assert_eq!(store.events().await, told);
}

pub(super) async fn an_edit_that_is_refused_changes_nothing(store: Fixture) {
    let before = store.publish(1, user(1)).await;
    store.events().await;
    let edit = async |id: PostId, author, revision| {
        store.publishing.edit(id, author, &title("Other"), revision, stamp(100)).await.unwrap()
    };
    assert_eq!(edit(post(9, user(1)).id, user(1), None).await, Changed::NotFound);
    assert_eq!(edit(before.id, user(2), None).await, Changed::NotTheirs);
    assert_eq!(edit(before.id, user(2), Some(7)).await, Changed::NotTheirs, "others don't learn its revision");
    assert_eq!(edit(before.id, user(1), Some(2)).await, Changed::OtherRevision);
    assert_eq!(edit(before.id, user(1), Some(0)).await, Changed::OtherRevision);
    assert_eq!(store.read(before.id).await, Some(before));
    assert_eq!(store.events().await, []);
}

pub(super) async fn an_edit_that_changes_nothing_is_none(store: Fixture) {
    let before = store.publish(1, user(1)).await;
    store.events().await;
    let same = PostChanges { title: Some(before.title.clone()), content: before.content.clone() };
    for changes in [PostChanges::default(), title(&before.title), same] {
        let unchanged = store.publishing.edit(before.id, user(1), &changes, Some(1), stamp(100)).await.unwrap();
        assert_eq!(unchanged, Changed::Done(before.clone()), "{changes:?}");
    }
    assert_eq!(store.read(before.id).await, Some(before.clone()));
    let behind = store.publishing.edit(before.id, user(1), &PostChanges::default(), Some(2), stamp(100)).await;
    assert_eq!(behind.unwrap(), Changed::OtherRevision, "what is expected is checked all the same");
    assert_eq!(store.events().await, []);
}

pub(super) async fn revision_grows_by_edits_alone_and_version_by_everything(store: Fixture) {
    let mut last = store.publish(1, user(1)).await;
    let mut now = async |revision: u32| {
        let post = store.read(last.id).await.unwrap();
        assert_eq!(post.revision, revision);
        assert!(post.version > last.version, "version {} is not above {}", post.version, last.version);
        last = post;
    };
    let id = post(1, user(1)).id;
    store.set_like(id, like(user(2), 10)).await;
    now(1).await;
    store.publishing.edit(id, user(1), &title("A"), None, stamp(20)).await.unwrap();
    now(2).await;
    store.set_like(id, unlike(user(2), 30)).await;
    now(2).await;
    store.publishing.edit(id, user(1), &title("B"), Some(2), stamp(40)).await.unwrap();
    now(3).await;
    store.set_likes(id, &[like(user(2), 50), like(user(3), 50)]).await;
    now(3).await;
    assert_eq!(store.read(id).await.unwrap().updated_at, moment(40), "of the last edit");
}

pub(super) async fn of_edits_that_expect_one_revision_one_is_made(store: Fixture) {
    let id = store.publish(1, user(1)).await.id;
    store.events().await;
    let racers = (0..8).map(|n| {
        let store = &store;
        async move {
            let (changes, stamp) = (title(&format!("Edit {n}")), stamp(100));
            settled(|| store.publishing.edit(id, user(1), &changes, Some(1), stamp)).await
        }
    });
    let outcomes = join_all(racers).await;
    let done: Vec<&Post> =
        outcomes.iter().filter_map(|o| if let Changed::Done(post) = o { Some(post) } else { None }).collect();
    assert_eq!(done.len(), 1, "{outcomes:?}");
    assert!(outcomes.iter().all(|o| matches!(o, Changed::Done(_) | Changed::OtherRevision)), "{outcomes:?}");
    assert_eq!(store.read(id).await.as_ref(), Some(done[0]));
    assert_eq!(store.events().await.len(), 1);
}
