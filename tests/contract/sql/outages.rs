//! A pool whose server is not there: making it succeeds, asking it fails quickly, and it heals.

use std::sync::Arc;
use std::time::Duration;

use polygraph::domain::{Page, PostFields, UserId};
use polygraph::ports::{Backend as _, ErrorKind, PostStore as _, Role, UserStore as _};
use polygraph::stores::sql::{Sql, SqlOptions, SqlPosts, SqlUsers};
use tokio::net::TcpListener;
use uuid::Uuid;

use super::connect;
use crate::support::env_url;

fn pool(url: String) -> Arc<Sql> {
    let (schema, acquire_timeout) = ("outages".to_owned(), Duration::from_millis(300));
    Sql::connect_lazy(SqlOptions { url, schema, max_connections: 1, acquire_timeout, statement_timeout: None })
        .expect("a pool")
}

/// An address of this machine at which nobody listens.
async fn free_address() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    listener.local_addr().expect("its address")
}

#[tokio::test]
async fn no_server_means_unavailable() {
    let sql = pool(format!("postgres://polygraph@{}/polygraph", free_address().await));
    let users = SqlUsers::new(Arc::clone(&sql));
    let error = users.check().await.expect_err("no server");
    assert_eq!((error.kind, error.role), (ErrorKind::Unavailable, Role::Users));
    let error = SqlPosts::new(sql).insert_posts(&[some_post()]).await.expect_err("no server");
    assert_eq!((error.kind, error.role), (ErrorKind::Unavailable, Role::Posts));
}

fn some_post() -> polygraph::ports::NewPost {
    polygraph::ports::NewPost {
        id: Uuid::nil().into(),
        author: Uuid::nil().into(),
        title: "title".into(),
        content: "content".into(),
        created_at: polygraph::domain::Timestamp::from_millis(0),
    }
}

#[tokio::test]
async fn no_file_that_can_be_opened_means_unavailable() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let sql = pool(format!("sqlite://{}/missing/polygraph.db", directory.path().display()));
    let error = SqlUsers::new(sql).count_users().await.expect_err("no directory");
    assert_eq!((error.kind, error.role), (ErrorKind::Unavailable, Role::Users));
}

#[tokio::test]
async fn a_refused_login_means_unavailable_and_tells_no_secret() {
    let url = env_url("POLYGRAPH_TEST_POSTGRES_URL").replacen("polygraph@", "nobody:secret@", 1);
    let error = SqlUsers::new(pool(url)).count_users().await.expect_err("no such role");
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(!format!("{error} {error:?}").contains("secret"));
}

/// The one connection is taken: others wait, but not for ever.
#[tokio::test]
async fn a_full_pool_means_unavailable() {
    use sea_orm::TransactionTrait as _;

    let sql = pool(env_url("POLYGRAPH_TEST_POSTGRES_URL"));
    let taken = sql.connection().begin().await.expect("the only connection");
    let users = SqlUsers::new(Arc::clone(&sql));
    assert_eq!(users.check().await.map_err(|error| error.kind), Err(ErrorKind::Unavailable));
    taken.rollback().await.expect("given back");
    assert_eq!(users.check().await.map_err(|error| error.kind), Err(ErrorKind::NotReady));
}

#[tokio::test]
async fn it_heals_when_the_server_comes_back() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let later = directory.path().join("later");
    let sql = connect(format!("sqlite://{}/polygraph.db", later.display()));
    let users = SqlUsers::new(Arc::clone(&sql));
    assert_eq!(users.count_users().await.map_err(|error| error.kind), Err(ErrorKind::Unavailable));
    std::fs::create_dir(&later).expect("the directory");
    sql.migrate().await.expect("migrated");
    assert_eq!(users.count_users().await.expect("it answers"), 0);
}

/// As when PostgreSQL restarts: what it cut off fails, what comes next does not.
#[tokio::test]
async fn a_connection_that_was_cut_is_not_used_again() {
    use sea_orm::ConnectionTrait as _;

    let sql = crate::sql::postgresql().await;
    let users = SqlUsers::new(Arc::clone(&sql));
    for _ in 0..3 {
        let cut = sql.connection().execute_unprepared("SELECT pg_terminate_backend(pg_backend_pid())").await;
        assert!(cut.is_err(), "the connection that asked for its end has ended");
        assert_eq!(users.count_users().await.expect("another connection"), 0);
    }
}

/// Nobody is asked where nothing is asked for.
#[tokio::test]
async fn empty_keys_are_answered_without_a_server() {
    let sql = pool(format!("postgres://polygraph@{}/polygraph", free_address().await));
    let (users, posts) = (SqlUsers::new(Arc::clone(&sql)), SqlPosts::new(sql));
    let viewer = UserId(Uuid::nil());
    let page = Page::first(10);

    assert!(users.users_by_id(&[]).await.expect("nothing").is_empty());
    assert!(users.users_by_handle(&[]).await.expect("nothing").is_empty());
    assert!(users.followers(&[], &page).await.expect("nothing").is_empty());
    assert!(users.following(&[], &page).await.expect("nothing").is_empty());
    assert!(users.mutual_followers(viewer, &[], &page).await.expect("nothing").is_empty());
    assert!(users.count_mutual_followers(viewer, &[]).await.expect("nothing").is_empty());
    assert!(users.followed_by(viewer, &[]).await.expect("nothing").is_empty());
    assert!(users.followers_among(viewer, &[]).await.expect("nothing").is_empty());
    assert!(users.mutuals(viewer, &[], 3).await.expect("nothing").is_empty());
    assert_eq!(users.insert_users(&[]).await.expect("nothing"), 0);
    assert_eq!(users.insert_follows(&[]).await.expect("nothing"), 0);

    let fields = PostFields::ALL;
    assert!(posts.posts_by_id(&[], fields).await.expect("nothing").is_empty());
    assert!(posts.posts_of_authors(&[], &Page::first(1), fields).await.expect("nothing").is_empty());
    assert!(posts.feed(&[], &Page::first(1), fields).await.expect("nothing").items.is_empty());
    assert!(posts.recommended(viewer, &[], &Page::first(1), fields).await.expect("nothing").items.is_empty());
    assert!(posts.author_stats(&[]).await.expect("nothing").is_empty());
    assert!(posts.likes_by_id(&[]).await.expect("nothing").is_empty());
    assert!(posts.likes_of_posts(&[], &page).await.expect("nothing").is_empty());
    assert!(posts.likes_by_users(&[], &page).await.expect("nothing").is_empty());
    assert!(posts.liked_among(viewer, &[]).await.expect("nothing").is_empty());
    assert_eq!(posts.insert_posts(&[]).await.expect("nothing"), 0);
    assert_eq!(posts.insert_likes(&[]).await.expect("nothing"), 0);
}

#[tokio::test]
async fn another_engine_is_refused_in_a_sentence() {
    for url in ["mysql://root@localhost/polygraph", "polygraph", "postgres://polygraph@:x/", "sqlite::memory:"] {
        let options = SqlOptions {
            url: url.into(),
            schema: "polygraph".into(),
            max_connections: 1,
            acquire_timeout: Duration::from_secs(1),
            statement_timeout: None,
        };
        let refusal = Sql::connect_lazy(options).err().expect("refused").to_string();
        assert!(refusal.ends_with('.') && !refusal.contains("root"), "{refusal}");
    }
}
