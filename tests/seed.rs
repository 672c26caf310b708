//! Sowing demo data in stores: all of it arrives, twice is as good as once, and a failure is made up for.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use polygraph::domain::search::{
    ActivityCount, DocumentKind, Hit, IndexChange, IndexDocument, IndexKey, Indexed, SearchAnswer, SearchRequest,
    SuggestRequest,
};
use polygraph::domain::text::Handle;
use polygraph::domain::{Interval, Period, PostId, Timestamp, UserId};
use polygraph::ports::{
    Backend, Clock, ErrorKind, IndexBuild, PostStore, Role, SearchIndex, StoreError, StoreResult, UserStore,
};
use polygraph::services::progress::NoProgress;
use polygraph::services::reindex::{IndexReport, fill_index};
use polygraph::services::seed::{SeedError, SeedPlan, SeedReport, run};
use polygraph::stores::sql::{Sql, SqlOptions, SqlPosts, SqlUsers};
use tempfile::TempDir;

const DOCUMENTS: u64 = 100 + 1_000 + 10_000;

#[tokio::test]
async fn the_default_plan_arrives_and_a_second_run_changes_nothing() {
    let world = World::new().await;

    let first = world.seed(SeedPlan::default()).await.expect("demo data");
    let all_new =
        [("users", 100, 0), ("follows", 2_000, 0), ("posts", 1_000, 0), ("likes", 10_000, 0), ("index", DOCUMENTS, 0)];
    assert_eq!(numbers(&first), all_new);
    assert!(first.stages.iter().all(|stage| stage.elapsed > Duration::ZERO), "measured by the clock handed in");
    assert_eq!(world.users.count_users().await.expect("a count"), 100);
    assert_eq!(world.posts.count_posts().await.expect("a count"), 1_000);

    let demo = Handle::parse("demo").expect("a handle");
    let found = world.users.users_by_handle(std::slice::from_ref(&demo)).await.expect("users");
    assert_eq!(found[&demo].following_count, 20);

    let second = world.seed(SeedPlan::default()).await.expect("demo data again");
    assert_eq!(numbers(&second), all_new.map(|(stage, added, _)| (stage, 0, added)));
    assert!(second.changed_nothing());
}

#[tokio::test]
async fn stores_of_their_own_are_filled_side_by_side() {
    let plan = SeedPlan { users: 1_200, posts: 1_200, likes: 2_500, follows: 2_500, seed: 42 };
    let world = World::with_users_in_postgresql().await;
    assert_ne!(world.users.kind(), world.posts.kind());

    let report = world.seed(plan).await.expect("demo data");
    let all_new =
        [("users", 1_200, 0), ("follows", 2_500, 0), ("posts", 1_200, 0), ("likes", 2_500, 0), ("index", 4_900, 0)];
    assert_eq!(numbers(&report), all_new);
    assert!(world.seed(plan).await.expect("demo data again").changed_nothing());
}

#[tokio::test]
async fn counts_kept_by_the_stores_are_those_of_the_plan() {
    let plan = SeedPlan { users: 40, posts: 60, likes: 500, follows: 300, seed: 5 };
    let world = World::new().await;
    world.seed(plan).await.expect("demo data");

    let users = world.users.scan_users(None, 100).await.expect("users");
    assert_eq!(users.iter().map(|user| user.followers_count).sum::<u64>(), plan.follows);
    assert_eq!(users.iter().map(|user| user.following_count).sum::<u64>(), plan.follows);
    let posts = world.posts.scan_posts(None, 100).await.expect("posts");
    assert_eq!(posts.iter().map(|post| post.like_count).sum::<u64>(), plan.likes);
    let ids: Vec<_> = users.iter().map(|user| user.id).collect();
    let stats = world.posts.author_stats(&ids).await.expect("counts");
    assert_eq!(stats.values().map(|stats| stats.posts).sum::<u64>(), u64::from(plan.posts));
    assert_eq!(stats.values().map(|stats| stats.likes).sum::<u64>(), plan.likes);
}

#[tokio::test]
async fn another_plan_is_refused_before_anything_is_written() {
    let world = World::new().await;
    let plan = SeedPlan { users: 30, posts: 10, likes: 20, follows: 50, seed: 42 };
    world.seed(plan).await.expect("demo data");

    for other in [SeedPlan { seed: 43, ..plan }, SeedPlan { likes: 21, ..plan }, SeedPlan { users: 31, ..plan }] {
        let error = world.seed(other).await.expect_err("a refusal");
        assert!(matches!(error, SeedError::OtherDemo), "{error}");
    }
    assert_eq!(world.users.count_users().await.expect("a count"), 30);
}

#[tokio::test]
async fn an_impossible_plan_is_refused_with_a_sentence() {
    let world = World::new().await;
    let error = world.seed(SeedPlan { likes: 1_000_000, ..SeedPlan::default() }).await.expect_err("a refusal");
    assert!(error.to_string().starts_with("1000000 likes are too many"), "{error}");
    assert_eq!(world.users.count_users().await.expect("a count"), 0);
}

#[tokio::test]
async fn a_run_that_failed_half_way_is_completed_by_the_next() {
    let plan = SeedPlan { users: 30, posts: 50, likes: 200, follows: 100, seed: 42 };
    let world = World::new().await;
    world.index.fails.store(true, Ordering::Relaxed);
    let error = world.seed(plan).await.expect_err("the index is down");
    assert!(matches!(error, SeedError::Store(StoreError { role: Role::Search, .. })), "{error}");

    world.index.fails.store(false, Ordering::Relaxed);
    let report = world.seed(plan).await.expect("demo data");
    let expected = [("users", 0, 30), ("follows", 0, 100), ("posts", 0, 50), ("likes", 0, 200), ("index", 280, 0)];
    assert_eq!(numbers(&report), expected);
}

#[tokio::test]
async fn an_index_is_filled_from_the_truth_with_its_versions() {
    let plan = SeedPlan { users: 30, posts: 1_200, likes: 2_500, follows: 100, seed: 42 };
    let world = World::new().await;
    world.seed(plan).await.expect("demo data");

    let index = RecordingIndex::default();
    let report = fill_index(&world.users, &world.posts, &index, &NoProgress).await.expect("a full index");
    assert_eq!(report, IndexReport { users: 30, posts: 1_200, likes: 2_500 });
    assert!(index.refreshed.load(Ordering::Relaxed), "made searchable");

    let documents = index.documents.into_inner().expect("no panic while it was locked");
    for user in world.users.scan_users(None, 100).await.expect("users") {
        let (version, document) = &documents[&IndexKey::User(user.id)];
        assert_eq!(*version, user.version);
        let IndexDocument::User { handle, name, bio, .. } = document else { panic!("a user's document") };
        assert_eq!((handle.as_str(), name, bio), (user.handle.as_str(), &user.name, &user.bio));
    }
    for post in world.posts.scan_posts(None, 1_000).await.expect("posts") {
        let (version, document) = &documents[&IndexKey::Post(post.id)];
        assert_eq!(*version, post.version);
        let IndexDocument::Post { author, title, content, .. } = document else { panic!("a post's document") };
        assert_eq!((*author, title, Some(content)), (post.author, &post.title, post.content.as_ref()));
    }
    for (like, version) in world.posts.scan_likes(None, 1_000).await.expect("likes") {
        let document = IndexDocument::Like { id: like.id, author: like.author, created_at: like.created_at };
        assert_eq!(documents[&IndexKey::Like(like.id)], (version, document));
    }
}

fn numbers(report: &SeedReport) -> Vec<(&'static str, u64, u64)> {
    report.stages.iter().map(|stage| (stage.stage, stage.added, stage.already_there)).collect()
}

/// SQLite in a directory of its own, and an index that remembers.
struct World {
    users: SqlUsers,
    posts: SqlPosts,
    index: RecordingIndex,
    clock: Ticking,
    _directory: TempDir,
}

impl World {
    async fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let sqlite = sqlite(&directory).await;
        Self::of(Arc::clone(&sqlite), sqlite, directory)
    }

    async fn with_users_in_postgresql() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        Self::of(postgresql(&directory).await, sqlite(&directory).await, directory)
    }

    fn of(users: Arc<Sql>, posts: Arc<Sql>, directory: TempDir) -> Self {
        Self {
            users: SqlUsers::new(users),
            posts: SqlPosts::new(posts),
            index: RecordingIndex::default(),
            clock: Ticking::default(),
            _directory: directory,
        }
    }

    async fn seed(&self, plan: SeedPlan) -> Result<SeedReport, SeedError> {
        sendable(run(plan, &self.users, &self.posts, &self.index, &self.clock, &NoProgress)).await
    }
}

async fn sqlite(directory: &TempDir) -> Arc<Sql> {
    let file = directory.path().join("truth.sqlite");
    migrated(format!("sqlite://{}", file.display()), "polygraph".into()).await
}

/// The schema is named after the directory, whose name nothing else has.
async fn postgresql(directory: &TempDir) -> Arc<Sql> {
    let url =
        std::env::var("POLYGRAPH_TEST_POSTGRES_URL").expect("set POLYGRAPH_TEST_POSTGRES_URL: run `scripts/stores up`");
    let name = directory.path().file_name().and_then(OsStr::to_str).expect("a name");
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    migrated(url, format!("seed_{}_{:x}", name.to_lowercase(), std::process::id())).await
}

async fn migrated(url: String, schema: String) -> Arc<Sql> {
    let acquire_timeout = Duration::from_secs(5);
    let options = SqlOptions { url, schema, max_connections: 4, acquire_timeout, statement_timeout: None };
    let sql = Sql::connect_lazy(options).expect("a URL of a SQL store");
    sql.migrate().await.expect("tables");
    sql
}

/// The gateway may sow in a task of its own.
fn sendable<F: Future + Send>(future: F) -> F {
    future
}

/// Each look at the clock is a millisecond after the last.
#[derive(Default)]
struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// Remembers what it was fed; nothing can be asked of it.
#[derive(Default)]
struct RecordingIndex {
    documents: Mutex<HashMap<IndexKey, (u64, IndexDocument)>>,
    refreshed: AtomicBool,
    fails: AtomicBool,
}

#[async_trait]
impl Backend for RecordingIndex {
    fn kind(&self) -> &'static str {
        "memory"
    }

    async fn check(&self) -> StoreResult<String> {
        Ok("1".into())
    }
}

#[async_trait]
impl SearchIndex for RecordingIndex {
    async fn search(&self, _: &SearchRequest) -> StoreResult<SearchAnswer> {
        Err(not_asked())
    }

    async fn suggest(&self, _: &SuggestRequest) -> StoreResult<Vec<Hit>> {
        Err(not_asked())
    }

    async fn top_authors(&self, _: Period, _: u32) -> StoreResult<Vec<(UserId, u64)>> {
        Err(not_asked())
    }

    async fn top_posts(&self, _: Period, _: u32) -> StoreResult<Vec<(PostId, u64)>> {
        Err(not_asked())
    }

    async fn activity(&self, _: Period, _: Interval) -> StoreResult<Vec<ActivityCount>> {
        Err(not_asked())
    }

    async fn apply(&self, changes: &[IndexChange]) -> StoreResult<()> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(StoreError::new(Role::Search, ErrorKind::Unavailable, "out of order"));
        }
        let mut documents = self.documents.lock().expect("no panic while it was locked");
        for change in changes {
            let document = change.document.clone().expect("nothing is deleted");
            documents.insert(change.key, (change.version, document));
        }
        Ok(())
    }

    async fn remove_likes_of(&self, _: PostId) -> StoreResult<()> {
        Err(not_asked())
    }

    async fn scan_documents(&self, _: DocumentKind, _: Option<IndexKey>, _: u32) -> StoreResult<Vec<Indexed>> {
        Err(not_asked())
    }

    async fn documents_by_key(&self, _: &[IndexKey]) -> StoreResult<HashMap<IndexKey, Indexed>> {
        Err(not_asked())
    }

    async fn refresh(&self) -> StoreResult<()> {
        self.refreshed.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn begin_build(&self) -> StoreResult<Box<dyn IndexBuild>> {
        Err(not_asked())
    }

    async fn count_documents(&self) -> StoreResult<u64> {
        Ok(self.documents.lock().expect("no panic while it was locked").len() as u64)
    }
}

fn not_asked() -> StoreError {
    StoreError::internal(Role::Search, "sowing asks nothing of the index")
}
