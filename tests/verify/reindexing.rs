//! Building the index anew while everything goes on.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use polygraph::app::OpenStores;
use polygraph::domain::Page;
use polygraph::domain::search::{
    IndexChange, IndexDocument, SearchExtras, SearchFilter, SearchPage, SearchRequest, SearchTarget, SearchText,
};
use polygraph::domain::{Post, PostId};
use polygraph::services::progress::NoProgress;
use polygraph::services::reindex::{Rebuilt, rebuild_index};
use serde_json::Value;

use crate::gateway::{Tasks, assert_clean, stamps};
use crate::on_all_stores;
use crate::world::{Which, World};

/// The stores of the job: its own, as another process has them, but for an embedded index, which only one can have.
fn job(world: &World, gateway: &Arc<OpenStores>) -> Arc<OpenStores> {
    if world.has_mongodb() { Arc::new(world.open()) } else { Arc::clone(gateway) }
}

async fn rebuild(stores: &OpenStores) {
    let rebuilt = rebuild_index(&stores.unlayered(), &NoProgress, std::future::pending()).await.expect("built");
    assert!(matches!(rebuilt, Rebuilt::Done(report) if report.documents() > 300), "{rebuilt:?}");
}

/// A search that finds the post, among others.
fn search_for(post: &Post) -> SearchRequest {
    SearchRequest {
        text: SearchText::parse(&post.title).expect("words"),
        filter: SearchFilter::default(),
        page: SearchPage::Relevance(Page::first(100)),
        extras: SearchExtras::default(),
    }
}

/// The names of the indexes that there are on the server.
async fn index_names(world: &World) -> Vec<String> {
    let (url, namespace) = (world.setting("ELASTICSEARCH_URL"), &world.namespace);
    let listed = reqwest::get(format!("{url}/{namespace}-*/_alias")).await.expect("an answer");
    let listed: Value = listed.json().await.expect("JSON");
    listed.as_object().expect("indexes").keys().cloned().collect()
}

async fn nothing_is_lost_of_what_is_written_throughout(which: Which) {
    let world = World::seeded(which);
    let stores = Arc::new(world.open());
    let job = job(&world, &stores);
    let relay = Tasks::relay(&stores);
    let written = Arc::new(AtomicU64::new(0));
    let writers = Tasks::writers(&stores, &written).await;
    let sought = stores.posts.scan_posts(None, 60).await.expect("posts").pop().expect("a post that only likes change");
    let (searching, searched) = (Arc::clone(&stores), Arc::new(AtomicU64::new(0)));
    let count = Arc::clone(&searched);
    let searcher = Tasks::repeat(move || {
        let (stores, request, id, count) =
            (Arc::clone(&searching), search_for(&sought), SearchTarget::Post(sought.id), Arc::clone(&count));
        async move {
            let answer = stores.search.search(&request).await.expect("search works all along");
            assert!(answer.hits.iter().any(|hit| hit.target == id), "the post is found all along");
            count.fetch_add(1, Ordering::Relaxed);
        }
    });

    // Where the old index is kept for a while, fewer turns have as many writes.
    let turns = if world.has_mongodb() { 2 } else { 5 };
    let mut rebuilt = 0;
    while rebuilt < turns || written.load(Ordering::Relaxed) < 300 || searched.load(Ordering::Relaxed) < 20 {
        let before = written.load(Ordering::Relaxed);
        rebuild(&job).await;
        rebuilt += 1;
        assert!(rebuilt < 500, "writes and searches go on: {before} writes");
    }
    writers.end().await;
    searcher.end().await;
    assert_clean(&stores).await;
    relay.end().await;
    if world.has_mongodb() {
        let (namespace, n) = (&world.namespace, rebuilt + 1);
        let mut names = index_names(&world).await;
        names.sort();
        assert_eq!(names, [format!("{namespace}-likes-v{n}"), format!("{namespace}-search-v{n}")]);
    }
}

/// Publishes a post and deletes another.
async fn write_some(stores: &OpenStores) {
    let (stamps, posts) = (stamps(), stores.posts.scan_posts(None, 1).await.expect("posts"));
    let post = posts.first().expect("a post");
    let new = polygraph::ports::NewPost {
        id: PostId(stamps.id(stamps.now())),
        author: post.author,
        title: "Written after the crash".to_owned(),
        content: "x".to_owned(),
        created_at: stamps.now(),
    };
    stores.publishing.publish(&new, None, stamps.stamp()).await.expect("published");
    stores.publishing.delete(post.id, post.author, stamps.stamp()).await.expect("deleted");
}

async fn one_that_was_interrupted_is_begun_anew(which: Which) {
    let world = World::seeded(which);
    let stores = Arc::new(world.open());
    let job = job(&world, &stores);
    let relay = Tasks::relay(&stores);

    // As after SIGKILL: half of it is there, and takes changes.
    let build = job.search.begin_build().await.expect("begun");
    let users = stores.users.scan_users(None, 10).await.expect("users");
    let half: Vec<_> = users.iter().map(|user| IndexChange::put(IndexDocument::of_user(user), user.version)).collect();
    build.apply(&half).await.expect("applied");
    drop(build);
    write_some(&stores).await;
    assert_clean(&stores).await;

    // As after SIGINT.
    let stopped = rebuild_index(&job.unlayered(), &NoProgress, std::future::ready(())).await.expect("stopped");
    assert_eq!(stopped, Rebuilt::Stopped);
    write_some(&stores).await;
    assert_clean(&stores).await;

    if world.which == Which::Embedded {
        let refused = world.run(&["reindex"]);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.err.contains("in use by another process"), "{refused:?}");
    }
    relay.end().await;
    drop((stores, job));
    let rebuilt = world.run(&["reindex"]);
    assert_eq!(rebuilt.code, Some(0), "{rebuilt:?}");
    assert!(rebuilt.out.starts_with("The index is new. Documents: "), "{rebuilt:?}");
    let clean = world.run(&["verify"]);
    assert_eq!((clean.code, clean.out.as_str()), (Some(0), "No difference.\n"), "{clean:?}");
    if world.has_mongodb() {
        assert_eq!(index_names(&world).await.len(), 2);
    }
}

async fn an_interruption_leaves_the_index_as_it_was(which: Which) {
    let world = World::seeded(which);
    // One that is quicker than the signal is done, and no less right; another is interrupted.
    for _ in 0..50 {
        let mut command = world.command(&["reindex"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the binary runs");
        let mut log = BufReader::new(child.stderr.take().expect("its log")).lines().map_while(Result::ok);
        // It says so when the users are in the new index; posts and likes are still to come.
        let mut said = log.by_ref().find(|line| line.contains("done")).expect("it says how far it is");
        // It may have ended by now.
        let _ = Command::new("kill").args(["-INT", &child.id().to_string()]).stderr(Stdio::null()).status();
        said.extend(log);
        let code = child.wait().expect("it ends").code();
        if code == Some(0) {
            continue;
        }
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("Stopped. What was built is removed, and the index is as it was."), "{said}");
        match world.has_mongodb() {
            true => assert_eq!(index_names(&world).await.len(), 2),
            false => assert!(!world.directory.path().join("search/index.next").exists()),
        }
        let clean = world.run(&["verify"]);
        assert_eq!((clean.code, clean.out.as_str()), (Some(0), "No difference.\n"), "{clean:?}");
        return;
    }
    panic!("none was interrupted");
}

on_all_stores! {
    an_interruption_leaves_the_index_as_it_was,
    nothing_is_lost_of_what_is_written_throughout,
    one_that_was_interrupted_is_begun_anew,
}
