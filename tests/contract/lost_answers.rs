//! Writes whose answers are lost on the way: what callers are told, and what was written all the same.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod proxy;

use std::sync::Arc;
use std::time::Duration;

use polygraph::domain::event::Stamp;
use polygraph::domain::text::Handle;
use polygraph::domain::{PostFields, PostId};
use polygraph::ports::{
    AccountStore as _, ErrorKind, NewUser, PostStore, Published, PublishingStore, Session, TokenHash, UserStore as _,
};
use polygraph::stores::mongo::MongoOptions;
use polygraph::stores::sql::{Sql, SqlAccounts, SqlOptions, SqlPosts, SqlPublishing, SqlUsers};
use url::Url;

use crate::posts::world::{moment, post, user};
use crate::posts::{mongo_options, mongo_server, mongo_url};
use crate::support::{env_url, namespace};
use proxy::{Lost, Proxy};

/// A store of posts behind a proxy, and the same one without it.
struct World {
    proxy: Proxy,
    publishing: Arc<dyn PublishingStore>,
    posts: Arc<dyn PostStore>,
    /// What the message has in it that commits.
    commit: &'static [u8],
    /// What a message before it has.
    statement: &'static [u8],
}

impl World {
    /// Publishes, and returns the kind of failure, if it is one. Each post has an author of its own: a transaction
    /// that was neither committed nor aborted goes on to hold what it wrote, until MongoDB takes it for abandoned.
    async fn publish(&self, n: u64) -> (PostId, Option<ErrorKind>) {
        let (new, stamp) = (post(n, user(n)), Stamp::new(moment(1), [n as u8; 10]));
        let published = self.publishing.publish(&new, None, stamp).await;
        assert!(!matches!(&published, Ok(other) if !matches!(other, Published::New(_))), "{published:?}");
        (new.id, published.err().map(|error| error.kind))
    }

    async fn is_there(&self, post: PostId) -> bool {
        !self.posts.posts_by_id(&[post], PostFields::ALL).await.unwrap().is_empty()
    }
}

async fn of_a_lost_commit_the_outcome_is_unknown(world: World) {
    assert_eq!(world.publish(1).await.1, None);
    for (n, lost) in [(2, Lost::Answer), (3, Lost::Request)] {
        world.proxy.lose(lost, world.commit);
        let (id, told) = world.publish(n).await;
        assert_eq!(told, Some(ErrorKind::OutcomeUnknown), "{lost:?}");
        assert_eq!(world.is_there(id).await, lost == Lost::Answer, "{lost:?}");
        world.proxy.mend();
    }
    let told = world.publish(4).await.1;
    assert_eq!(told, None, "the next write has another connection");
}

async fn what_was_lost_before_the_commit_was_not_made(world: World) {
    for (n, lost) in [(1, Lost::Answer), (2, Lost::Request)] {
        world.proxy.lose(lost, world.statement);
        let (id, told) = world.publish(n).await;
        assert_eq!(told, Some(ErrorKind::Unavailable), "{lost:?}");
        world.proxy.mend();
        assert!(!world.is_there(id).await, "{lost:?}");
    }
}

macro_rules! on_servers {
    ($($test:ident),+ $(,)?) => {
        mod mongodb {
            $(#[tokio::test] async fn $test() { super::$test(super::mongodb().await).await; })+
        }
        mod postgresql {
            $(#[tokio::test] async fn $test() { super::$test(super::postgresql().await).await; })+
        }
    };
}

on_servers!(of_a_lost_commit_the_outcome_is_unknown, what_was_lost_before_the_commit_was_not_made);

/// A statement in a transaction of its own is asked and committed by one message.
#[tokio::test]
async fn a_single_statement_whose_answer_is_lost_may_have_been_made() {
    let (proxy, options, behind) = sql_behind_a_proxy().await;
    let accounts = SqlAccounts::new(Sql::connect_lazy(options).unwrap());
    let owner = NewUser {
        id: user(1),
        handle: Handle::parse("owner").unwrap(),
        name: "Owner".to_owned(),
        bio: None,
        email: "owner@example.org".to_owned(),
        password_hash: Some("hash".to_owned()),
        created_at: moment(0),
    };
    SqlUsers::new(Arc::clone(&behind)).insert_users(&[owner]).await.unwrap();
    let session =
        |n| Session { token: TokenHash([n; 32]), user: user(1), created_at: moment(1), expires_at: moment(100) };
    assert!(accounts.open_session(&session(1), "hash").await.unwrap());
    // The token is in the message that runs the statement, not in the one that prepares it.
    proxy.lose(Lost::Answer, &[2; 32]);
    let told = accounts.open_session(&session(2), "hash").await.unwrap_err();
    assert_eq!(told.kind, ErrorKind::OutcomeUnknown);
    let found = SqlAccounts::new(behind).session(TokenHash([2; 32]), moment(2)).await.unwrap();
    assert_eq!(found, Some(session(2)), "it was made");
}

async fn postgresql() -> World {
    let (proxy, options, behind) = sql_behind_a_proxy().await;
    World {
        proxy,
        publishing: Arc::new(SqlPublishing::new(Sql::connect_lazy(options).unwrap())),
        posts: Arc::new(SqlPosts::new(behind)),
        commit: b"COMMIT",
        statement: b"INSERT INTO",
    }
}

/// A proxy, how to connect through it, and a migrated database behind it.
async fn sql_behind_a_proxy() -> (Proxy, SqlOptions, Arc<Sql>) {
    let url = env_url("POLYGRAPH_TEST_POSTGRES_URL");
    let (proxy, through) = behind_a_proxy(&url).await;
    let (schema, acquire_timeout) = (namespace(), Duration::from_secs(20));
    let options =
        |url| SqlOptions { url, schema: schema.clone(), max_connections: 4, acquire_timeout, statement_timeout: None };
    let behind = Sql::connect_lazy(options(url)).unwrap();
    behind.migrate().await.unwrap();
    (proxy, options(through), behind)
}

async fn mongodb() -> World {
    let options = mongo_options(mongo_url());
    let behind = mongo_server(options.clone());
    behind.migrate().await.unwrap();
    let (proxy, url) = behind_a_proxy(&options.url).await;
    World {
        proxy,
        publishing: Arc::new(mongo_server(MongoOptions { url, ..options }).publishing()),
        posts: Arc::new(behind.posts()),
        commit: b"commitTransaction",
        statement: b"insert",
    }
}

/// A proxy before the server at this URL, and its own URL.
async fn behind_a_proxy(url: &str) -> (Proxy, String) {
    let mut url = Url::parse(url).expect("a URL");
    let server = format!("{}:{}", url.host_str().expect("a host"), url.port().expect("a port"));
    let proxy = Proxy::before(server).await;
    url.set_host(Some("127.0.0.1")).expect("a host");
    url.set_port(Some(proxy.address.port())).expect("a port");
    (proxy, url.to_string())
}
