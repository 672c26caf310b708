//! A store of posts behind its three ports, empty, migrated, and no other test's, on each backend.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use polygraph::domain::event::Stamp;
use polygraph::ports::{Outbox, PostStore, PublishingStore, Role};
use polygraph::stores::sql::{Sql, SqlOutbox, SqlPosts, SqlPublishing};

use crate::posts::world::moment;
use crate::posts::{mongo_options, mongo_server, mongo_url};
use crate::sql;

/// A store as those who write, those who read and the relay see it. What suites ask of it again and again, they add.
#[derive(Clone)]
pub(crate) struct Fixture {
    pub(crate) publishing: Arc<dyn PublishingStore>,
    pub(crate) posts: Arc<dyn PostStore>,
    pub(crate) outbox: Arc<dyn Outbox>,
}

pub(crate) async fn mongodb() -> Fixture {
    let server = mongo_server(mongo_options(mongo_url()));
    server.migrate().await.unwrap();
    Fixture {
        publishing: Arc::new(server.publishing()),
        posts: Arc::new(server.posts()),
        outbox: Arc::new(server.outbox()),
    }
}

pub(crate) async fn postgresql() -> Fixture {
    over(sql::postgresql().await)
}

/// The directory stays behind: a store has no say in when its file may go.
pub(crate) async fn sqlite() -> Fixture {
    let (sql, directory) = sql::sqlite().await;
    let _ = directory.keep();
    over(sql)
}

/// Over a pool of a test's own.
pub(crate) fn over(sql: Arc<Sql>) -> Fixture {
    Fixture {
        publishing: Arc::new(SqlPublishing::new(Arc::clone(&sql))),
        posts: Arc::new(SqlPosts::new(Arc::clone(&sql))),
        outbox: Arc::new(SqlOutbox::new(sql, Role::Posts)),
    }
}

/// A stamp that no other write has.
pub(crate) fn stamp(second: i64) -> Stamp {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut random = [0; 10];
    random[2..].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    Stamp::new(moment(second), random)
}
