//! Comparing truth and derived views on the embedded stores: each planted difference is found, and mended.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use polygraph::domain::search::{IndexChange, IndexDocument, IndexKey};
use polygraph::domain::{LikeId, PostId, Timestamp, UserId};
use polygraph::ports::{Clock, Stores};
use polygraph::services::progress::NoProgress;
use polygraph::services::seed::{SeedPlan, run};
use polygraph::services::verify::{Difference, DifferenceKind, Mode, verify};
use polygraph::stores::sql::{Sql, SqlOptions, SqlPosts, SqlUsers};
use polygraph::stores::tantivy::TantivyIndex;
use sea_orm::{ConnectionTrait as _, Database};
use uuid::Uuid;

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::parse("2026-06-01T12:00:00Z").expect("a moment")
    }
}

fn url(directory: &Path) -> String {
    format!("sqlite://{}", directory.join("truth.db").display())
}

/// Seeded stores that agree.
async fn seeded(directory: &Path) -> Stores {
    let options = SqlOptions {
        url: url(directory),
        schema: "polygraph".to_owned(),
        max_connections: 4,
        acquire_timeout: Duration::from_secs(5),
    };
    let sql = Sql::connect_lazy(options).expect("a pool");
    sql.migrate().await.expect("migrated");
    let index = TantivyIndex::open(directory.join("index"), Arc::new(Noon)).expect("an index");
    let stores = Stores {
        users: Arc::new(SqlUsers::new(Arc::clone(&sql))),
        posts: Arc::new(SqlPosts::new(sql)),
        search: Arc::new(index),
    };
    let plan = SeedPlan { users: 30, posts: 700, likes: 1_500, follows: 100, seed: 3 };
    run(plan, &*stores.users, &*stores.posts, &*stores.search, &Noon, &NoProgress).await.expect("seeded");
    stores
}

async fn differences(stores: &Stores, mode: Mode) -> Vec<Difference> {
    let mut found = Vec::new();
    let count = verify(stores, mode, &NoProgress, &mut |difference| found.push(difference.clone())).await;
    assert_eq!(count.expect("compared"), found.len() as u64);
    found
}

#[tokio::test]
async fn each_planted_difference_is_found_and_mended() {
    let directory = tempfile::tempdir().expect("a directory");
    let stores = seeded(directory.path()).await;
    assert_eq!(differences(&stores, Mode::Report).await, []);

    // Behind the stores' backs: an earlier state in the index, wrong counts of each kind, and orphans.
    let raw = Database::connect(url(directory.path())).await.expect("a connection");
    let first = "(SELECT id FROM users ORDER BY id LIMIT 1)";
    let nobody = "x'00000000000000000000000000000001'";
    for planted in [
        "UPDATE posts SET title = 'Another title', version = version + 1 WHERE id = (SELECT min(id) FROM posts)",
        &format!("UPDATE users SET followers_count = followers_count + 1 WHERE id = {first}"),
        &format!("UPDATE users SET following_count = following_count + 1 WHERE id = {first}"),
        "UPDATE posts SET like_count = like_count + 3 WHERE id = (SELECT max(id) FROM posts)",
        &format!("UPDATE author_stats SET posts_count = posts_count + 1 WHERE author_id = {first}"),
        &format!("UPDATE author_stats SET likes_count = likes_count + 1 WHERE author_id = {first}"),
        &format!(
            "INSERT INTO likes (post_id, user_id, author_id, created_at) \
             SELECT id, {nobody}, author_id, 0 FROM posts ORDER BY id LIMIT 1"
        ),
        // It is not counted as liked by anybody else.
        "UPDATE posts SET like_count = like_count + 1 WHERE id = (SELECT min(id) FROM posts)",
    ] {
        raw.execute_unprepared(planted).await.expect("planted");
    }
    // A user and a like that the index lacks, and a post and a like that it should not have.
    let user = stores.users.scan_users(None, 3).await.expect("users")[2].clone();
    let (like, version) = stores.posts.scan_likes(None, 700).await.expect("likes")[650];
    let ghost = PostId(Uuid::from_u128(7));
    let at = Timestamp::from_millis(0);
    let author = UserId(Uuid::from_u128(8));
    let surplus = IndexDocument::Post { id: ghost, author, title: "Ghost".into(), content: "x".into(), created_at: at };
    let ghostly = IndexDocument::Like { id: LikeId { post: ghost, user: user.id }, author, created_at: at };
    stores
        .search
        .apply(&[
            IndexChange::put(surplus, 5),
            IndexChange::put(ghostly, 5),
            IndexChange::delete(IndexKey::User(user.id), user.version + 1),
            IndexChange::delete(IndexKey::Like(like.id), version + 1),
        ])
        .await
        .expect("planted");
    // The index remembers these deletions: only a newer truth comes after them.
    raw.execute_unprepared("UPDATE users SET version = version + 5").await.expect("planted");
    raw.execute_unprepared("UPDATE posts SET version = version + 5").await.expect("planted");

    let found = differences(&stores, Mode::Report).await;
    let mut kinds: BTreeMap<DifferenceKind, usize> = BTreeMap::new();
    for difference in &found {
        *kinds.entry(difference.kind).or_default() += 1;
    }
    let expected = BTreeMap::from([
        // The orphan is missing in the index as well, until it is removed.
        (DifferenceKind::MissingDocument, 3),
        (DifferenceKind::StaleDocument, 1),
        (DifferenceKind::SurplusDocument, 2),
        (DifferenceKind::WrongCount, 5),
        (DifferenceKind::OrphanLike, 1),
    ]);
    assert_eq!(kinds, expected, "{found:#?}");
    let wrong = found.iter().filter(|difference| difference.kind == DifferenceKind::WrongCount);
    let mut names: Vec<_> = wrong.filter_map(|difference| difference.id.rsplit(' ').next()).collect();
    names.sort_unstable();
    assert_eq!(names, ["followersCount", "followingCount", "likeCount", "likesCount", "postsCount"]);

    let mended = differences(&stores, Mode::Repair).await;
    assert_eq!(mended.len(), found.len() - 1, "the orphan is gone before the index is compared");
    assert_eq!(differences(&stores, Mode::Report).await, []);
}
