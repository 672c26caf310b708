//! MongoDB alone: connecting lazily, and saying what is wrong.

use std::time::{Duration, Instant};

use polygraph::domain::{Page, PostFields};
use polygraph::ports::{Backend as _, ErrorKind, PostStore as _};
use polygraph::stores::mongo::{Mongo, MongoOptions};

use super::{mongo_options, mongo_server, mongo_url};

#[tokio::test]
async fn a_server_that_is_down_is_unavailable_and_soon() {
    let soon = Duration::from_millis(300);
    // Port 1 of this machine: nothing listens there.
    let options = MongoOptions {
        connect_timeout: soon,
        server_selection_timeout: soon,
        ..mongo_options("mongodb://127.0.0.1:1/?directConnection=true".to_owned())
    };
    let server = Mongo::connect_lazy(options).expect("connecting does no I/O");
    let asked = Instant::now();
    let error = server.posts().posts_newest(&Page::first(1), PostFields::ALL).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error:?}");
    assert_eq!(server.posts().check().await.unwrap_err().kind, ErrorKind::Unavailable);
    assert_eq!(server.migrate().await.unwrap_err().kind, ErrorKind::Unavailable);
    assert!(asked.elapsed() < 10 * soon, "three calls took {:?}", asked.elapsed());
}

#[tokio::test]
async fn a_server_that_was_not_migrated_is_not_ready() {
    let server = mongo_server(mongo_options(mongo_url()));
    assert_eq!(server.posts().check().await.unwrap_err().kind, ErrorKind::NotReady);
    assert!(!server.migrate().await.unwrap().is_empty());
    assert!(server.migrate().await.unwrap().is_empty());
    assert!(server.posts().check().await.unwrap().starts_with(|c: char| c.is_ascii_digit()));
}

#[test]
fn a_url_of_something_else_is_refused() {
    assert!(Mongo::connect_lazy(mongo_options("postgres://localhost/posts".to_owned())).is_err());
}
