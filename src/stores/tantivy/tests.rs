//! What the contract suite can't see: restarts, the lock, sweeping, and indexes of other versions.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use uuid::Uuid;

use super::{OpenError, TantivyIndex};
use crate::domain::Timestamp;
use crate::domain::search::{IndexChange, IndexDocument, IndexKey, SuggestRequest};
use crate::domain::{PostId, UserId};
use crate::ports::{Clock, SearchIndex as _};

const HOUR: i64 = 3_600_000;

/// A clock that is put on by hand.
#[derive(Default)]
struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

fn open(directory: &Path) -> TantivyIndex {
    open_at(directory, Arc::default())
}

fn open_at(directory: &Path, clock: Arc<Hands>) -> TantivyIndex {
    TantivyIndex::open(directory.into(), clock).expect("an index")
}

fn put(n: u128, version: u64) -> IndexChange {
    let (id, author) = (PostId(Uuid::from_u128(n)), UserId(Uuid::from_u128(1)));
    let (title, content) = ("Title".to_owned(), "content".to_owned());
    IndexChange::put(IndexDocument::Post { id, author, title, content, created_at: Timestamp::from_millis(0) }, version)
}

fn delete(n: u128, version: u64) -> IndexChange {
    IndexChange { key: IndexKey::Post(PostId(Uuid::from_u128(n))), version, document: None }
}

async fn found(index: &TantivyIndex) -> usize {
    let request = SuggestRequest { prefix: "title".into(), only: None, limit: 100 };
    index.suggest(&request).await.expect("suggestions").len()
}

#[tokio::test]
async fn documents_and_deletions_outlive_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let index = open(directory.path());
    assert!(index.was_created());
    index.apply(&[put(1, 5), put(2, 5)]).await.expect("applied");
    index.apply(&[delete(2, 6)]).await.expect("applied");
    drop(index);

    let index = open(directory.path());
    assert!(index.was_created(), "a filling that was not finished begins again");
    index.mark_filled().await.expect("marked");
    index.apply(&[put(1, 5), put(2, 5)]).await.expect("applied");
    assert_eq!(found(&index).await, 1);
    drop(index);
    assert!(!open(directory.path()).was_created());
}

#[tokio::test]
async fn a_second_one_is_told_who_has_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let first = open(directory.path());
    let refused = TantivyIndex::open(directory.path().into(), Arc::new(Hands::default()));
    let error = refused.err().expect("a refusal");
    assert!(matches!(error, OpenError::InUse(_)));
    assert!(error.to_string().contains("in use by another process"), "{error}");
    drop(first);
    open(directory.path());
}

#[tokio::test]
async fn an_index_of_another_version_is_moved_away() {
    let directory = tempfile::tempdir().expect("a directory");
    for (file, content) in [("schema", "0"), ("meta.json", "{}")] {
        let index = open(directory.path());
        index.apply(&[put(1, 1)]).await.expect("applied");
        index.mark_filled().await.expect("marked");
        drop(index);
        std::fs::write(directory.path().join("index").join(file), content).expect("written");
        let index = open(directory.path());
        assert!(index.was_created(), "{file}");
        assert_eq!(index.count_documents().await.expect("a count"), 0);
        assert!(directory.path().join("index.old/meta.json").exists());
    }
}

#[tokio::test]
async fn deletions_are_forgotten_after_an_hour() {
    let directory = tempfile::tempdir().expect("a directory");
    let clock = Arc::new(Hands::default());
    let index = open_at(directory.path(), Arc::clone(&clock));
    index.apply(&[delete(1, 9)]).await.expect("applied");
    clock.0.store(HOUR, Ordering::Relaxed);
    index.apply(&[put(2, 1), put(1, 8)]).await.expect("applied");
    assert_eq!(found(&index).await, 1, "not before the hour is over");
    clock.0.store(2 * HOUR, Ordering::Relaxed);
    index.apply(&[put(3, 1)]).await.expect("applied");
    assert_eq!(index.inner.searcher().num_docs(), 2, "the tombstone is swept out with a later commit");
    index.apply(&[put(1, 8)]).await.expect("applied");
    assert_eq!(found(&index).await, 3);
}

#[tokio::test]
async fn a_write_that_fails_leaves_no_trace() {
    let directory = tempfile::tempdir().expect("a directory");
    let index = open(directory.path());
    index.apply(&[put(1, 1)]).await.expect("applied");
    let hidden = directory.path().join("hidden");
    std::fs::rename(directory.path().join("index"), &hidden).expect("moved");
    index.apply(&[put(2, 1)]).await.expect_err("its directory is gone");
    std::fs::rename(&hidden, directory.path().join("index")).expect("moved back");
    assert_eq!(found(&index).await, 1);
    index.apply(&[put(2, 1), put(3, 1)]).await.expect("it heals");
    assert_eq!(found(&index).await, 3);
}

fn beside(directory: &Path, name: &str) -> std::path::PathBuf {
    directory.join("index").with_extension(name)
}

#[tokio::test]
async fn an_index_takes_the_place_of_another_and_keeps_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let index = open(directory.path());
    index.apply(&[put(1, 1), put(2, 1)]).await.expect("applied");
    let searching = index.inner.searcher();
    let build = index.begin_build().await.expect("begun");
    build.apply(&[put(1, 1), put(2, 1), put(3, 1)]).await.expect("applied");
    assert_eq!(found(&index).await, 2, "nothing is seen of it before its time");
    build.swap().await.expect("swapped");
    assert_eq!(found(&index).await, 3);
    assert!(!index.was_created(), "it is full");
    assert_eq!(searching.num_docs(), 2, "who is searching goes on in the old one");
    assert!(!beside(directory.path(), "next").exists() && !beside(directory.path(), "replaced").exists());
    index.apply(&[delete(3, 2), put(4, 1)]).await.expect("applied");
    drop((build, index, searching));
    assert_eq!(found(&open(directory.path())).await, 3);
}

#[tokio::test]
async fn a_crash_while_an_index_takes_its_place_is_made_good() {
    let directory = tempfile::tempdir().expect("a directory");
    let (live, next, replaced) =
        (directory.path().join("index"), beside(directory.path(), "next"), beside(directory.path(), "replaced"));
    let index = open(directory.path());
    let build = index.begin_build().await.expect("begun");
    build.apply(&[put(1, 1)]).await.expect("applied");
    drop((build, index));
    assert!(next.exists(), "as after a crash");
    let index = open(directory.path());
    assert!(!next.exists() && found(&index).await == 0, "what was not finished is removed");

    let build = index.begin_build().await.expect("begun");
    build.apply(&[put(1, 1)]).await.expect("applied");
    drop((build, index));
    std::fs::write(next.join("filled"), "").expect("written");
    std::fs::rename(&live, &replaced).expect("renamed");
    let index = open(directory.path());
    assert_eq!(found(&index).await, 1, "the second renaming is made up for");
    assert!(!next.exists() && !replaced.exists() && !index.was_created());
}
