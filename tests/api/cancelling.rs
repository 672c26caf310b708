//! A client that hangs up: its request is dropped where it stands, and the calls of stores that are in flight with it.

use std::collections::BTreeSet;
use std::future::{Future, pending};
use std::sync::Arc;
use std::time::Duration;

use polygraph::http::Gateway;
use polygraph::ports::{StoreResult, Stores};
use polygraph::stores::layer::{Call, Layered, Policy, Rows};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::support::{Served, World, clock, on_both};

on_both!(
    hanging_up_drops_a_call_that_is_no_batch,
    hanging_up_drops_all_batches_of_a_level,
    hanging_up_drops_the_batch_of_a_later_level,
    hanging_up_on_one_request_leaves_the_others_alone,
);

/// Far longer than a call takes to be dropped: only a gateway that does not drop it at all gets here.
const PATIENCE: Duration = Duration::from_secs(60);

/// Makes the calls of some methods, and never gives their answers; tells of each call.
#[derive(Clone)]
struct Holding {
    methods: &'static [&'static str],
    told: UnboundedSender<Told>,
}

/// What became of a call.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    Began(&'static str),
    /// It was held, and its future is no more.
    Dropped(&'static str),
}

/// Tells when the call that it is in is dropped.
struct Guard<'a> {
    method: &'static str,
    told: &'a UnboundedSender<Told>,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        // Whoever listened may be gone, once the test has ended.
        let _ = self.told.send(Told::Dropped(self.method));
    }
}

impl Policy for Holding {
    async fn around<T, F>(&self, call: Call, attempt: impl Fn() -> F + Send + Sync) -> StoreResult<T>
    where
        T: Rows + Send,
        F: Future<Output = StoreResult<T>> + Send,
    {
        let method = call.method;
        let _ = self.told.send(Told::Began(method));
        if self.methods.contains(&method) {
            let _guard = Guard { method, told: &self.told };
            let (answer, ()) = futures::future::join(attempt(), pending()).await;
            return answer;
        }
        attempt().await
    }
}

/// A gateway on the world's stores that holds the calls of these methods.
async fn holding(world: &World, methods: &'static [&'static str]) -> (Served, UnboundedReceiver<Told>) {
    let (told, tells) = unbounded_channel();
    let holding = Holding { methods, told };
    let stores = Stores {
        users: Layered::new(Arc::clone(&world.stores.users), holding.clone()),
        posts: Layered::new(Arc::clone(&world.stores.posts), holding.clone()),
        search: Layered::new(Arc::clone(&world.stores.search), holding),
    };
    let gateway = Gateway { stores, results: None, ..polygraph::app::gateway(&world.config, &world.stores, &clock()) };
    (world.serve(gateway).await, tells)
}

/// Sends a query on a connection of its own, which is open for as long as it is kept. Nothing is read from it.
async fn send(served: &Served, query: &str) -> TcpStream {
    let body = json!({ "query": query }).to_string();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: gateway\r\naccept: application/json\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut connection = TcpStream::connect(served.address).await.expect("the gateway listens");
    connection.write_all(request.as_bytes()).await.expect("it reads");
    connection
}

/// The next tidings, as many as are expected; sorted, since calls of one level begin and end in any order.
async fn next(tells: &mut UnboundedReceiver<Told>, count: usize) -> BTreeSet<Told> {
    let mut told = BTreeSet::new();
    while told.len() < count {
        let next = tokio::time::timeout(PATIENCE, tells.recv()).await;
        let next = next.unwrap_or_else(|_| panic!("of {count} calls only {told:?}"));
        told.insert(next.expect("the gateway holds the sender"));
    }
    told
}

/// Hangs up when all that is `held` is in flight, after the calls in `before`: then those are dropped, and none follows.
async fn assert_dropped(world: &World, query: &str, before: &[&'static str], held: &'static [&'static str]) {
    let (served, mut tells) = holding(world, held).await;
    let connection = send(&served, query).await;
    let began: BTreeSet<Told> = before.iter().chain(held).map(|&method| Told::Began(method)).collect();
    assert_eq!(next(&mut tells, began.len()).await, began);
    assert!(tells.is_empty(), "they are held: {:?}", tells.try_recv());

    drop(connection);
    assert_eq!(next(&mut tells, held.len()).await, held.iter().map(|&method| Told::Dropped(method)).collect());

    // The gateway and its stores go on, and nothing goes on of what was hung up on.
    served.client.ask("{ users(first: 1) { totalCount } }").await.data();
    assert_eq!(next(&mut tells, 1).await, BTreeSet::from([Told::Began("count_users")]));
    assert!(tells.is_empty(), "{:?}", tells.try_recv());
}

async fn hanging_up_drops_a_call_that_is_no_batch(world: &World) {
    assert_dropped(world, "{ posts(first: 5) { nodes { title author { handle } } } }", &[], &["posts_newest"]).await;
    let search = "{ search(query: \"bees\", types: [POST], first: 5) { nodes { title } } }";
    assert_dropped(world, search, &[], &["search"]).await;
}

async fn hanging_up_drops_all_batches_of_a_level(world: &World) {
    let query = "{ posts(first: 40) { nodes { author { handle } likes(first: 2) { nodes { user { handle } } } } } }";
    assert_dropped(world, query, &["posts_newest"], &["likes_of_posts", "users_by_id"]).await;
}

async fn hanging_up_drops_the_batch_of_a_later_level(world: &World) {
    let query = "{ posts(first: 40) { nodes { likes(first: 2) { nodes { user { handle } } } } } }";
    assert_dropped(world, query, &["posts_newest", "likes_of_posts"], &["users_by_id"]).await;
}

async fn hanging_up_on_one_request_leaves_the_others_alone(world: &World) {
    let (served, mut tells) = holding(world, &["users_newest"]).await;
    let query = "{ users(first: 3) { nodes { handle } } }";
    let (one, other) = (send(&served, query).await, send(&served, query).await);
    for _ in 0..2 {
        assert_eq!(next(&mut tells, 1).await, BTreeSet::from([Told::Began("users_newest")]));
    }
    drop(one);
    assert_eq!(next(&mut tells, 1).await, BTreeSet::from([Told::Dropped("users_newest")]));
    served.client.ask("{ users(first: 1) { totalCount } }").await.data();
    assert_eq!(next(&mut tells, 1).await, BTreeSet::from([Told::Began("count_users")]));
    assert!(tells.is_empty(), "the other one's call is still in flight: {:?}", tells.try_recv());
    drop(other);
    assert_eq!(next(&mut tells, 1).await, BTreeSet::from([Told::Dropped("users_newest")]));
}
