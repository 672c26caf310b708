//! Migrations: recorded, idempotent, safe when several instances run them at once.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use polygraph::ports::{Backend, ErrorKind, UserStore as _};
use polygraph::stores::sql::{Sql, SqlOptions, SqlPosts, SqlUsers};
use polygraph_migrations::sql::{names, pending};

use super::{new_postgresql, new_sqlite};
use crate::support::{env_url, namespace};

/// Four instances with a pool each, as four gateways would start.
async fn four_at_once(url: String) {
    let schema = namespace();
    let instance = || {
        let (url, schema, acquire_timeout) = (url.clone(), schema.clone(), Duration::from_secs(20));
        Sql::connect_lazy(SqlOptions { url, schema, max_connections: 2, acquire_timeout, statement_timeout: None })
            .expect("a pool")
    };
    let instances: Vec<Arc<Sql>> = (0..4).map(|_| instance()).collect();
    let applied = join_all(instances.iter().map(|sql| sql.migrate())).await;
    let applied: Vec<String> = applied.into_iter().flat_map(|names| names.expect("migrated")).collect();
    assert_eq!(applied, names(), "each migration is applied once, by one of the four");
    for sql in instances {
        assert_eq!(pending(sql.connection(), Some(&schema)).await.expect("an answer"), Vec::<String>::new());
        assert_eq!(SqlUsers::new(sql).count_users().await.expect("an empty table"), 0);
    }
}

#[tokio::test]
async fn four_instances_at_once_on_sqlite() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    four_at_once(format!("sqlite://{}/polygraph.db", directory.path().display())).await;
}

#[tokio::test]
async fn four_instances_at_once_on_postgresql() {
    four_at_once(env_url("POLYGRAPH_TEST_POSTGRES_URL")).await;
}

/// A store says that it isn't ready until it has been migrated, and what it is from then on.
async fn readiness(sql: Arc<Sql>, kind: &str) {
    let adapters: [Box<dyn Backend>; 2] =
        [Box::new(SqlUsers::new(Arc::clone(&sql))), Box::new(SqlPosts::new(Arc::clone(&sql)))];
    for adapter in &adapters {
        assert_eq!(adapter.kind(), kind);
        assert_eq!(adapter.check().await.map_err(|error| error.kind), Err(ErrorKind::NotReady));
    }
    let users = SqlUsers::new(Arc::clone(&sql));
    assert_eq!(users.count_users().await.map_err(|error| error.kind), Err(ErrorKind::NotReady));

    assert_eq!(sql.migrate().await.expect("migrated"), names());
    assert_eq!(sql.migrate().await.expect("nothing to do"), Vec::<String>::new());
    for adapter in &adapters {
        let version = adapter.check().await.expect("a version");
        assert!(version.starts_with(|first: char| first.is_ascii_digit()), "{version}");
    }
}

#[tokio::test]
async fn readiness_of_sqlite() {
    let (sql, _directory) = new_sqlite();
    readiness(sql, "sqlite").await;
}

#[tokio::test]
async fn readiness_of_postgresql() {
    readiness(new_postgresql(), "postgresql").await;
}
