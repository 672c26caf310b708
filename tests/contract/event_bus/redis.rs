//! The bus in Redis.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bb8_redis::redis::aio::MultiplexedConnection;
use bb8_redis::redis::{Client, FromRedisValue, cmd};
use polygraph::domain::cloud_event;
use polygraph::domain::event::Event;
use polygraph::ports::{Backend as _, ErrorKind, EventBus, Group};
use polygraph::stores::redis::{RedisEvents, RedisEventsOptions};

use super::{Counted, FEW, World, event_bus_contract, group, poison, publish, until};
use crate::support::{PATIENCE, env_url, namespace};

/// What is the others' after this long: far longer than a member takes here, and short enough to wait for.
const FORGOTTEN: Duration = Duration::from_secs(4);

/// A bus at this URL, in a namespace of its own.
pub(super) fn options(url: String) -> RedisEventsOptions {
    RedisEventsOptions {
        url,
        namespace: namespace(),
        connect_timeout: PATIENCE,
        command_timeout: PATIENCE,
        most_events: 100_000,
        longest: Duration::from_secs(3_600),
        patience: FORGOTTEN,
    }
}

pub(super) fn open(options: RedisEventsOptions) -> Arc<RedisEvents> {
    Arc::new(RedisEvents::connect_lazy(options, Arc::new(Counted)).expect("a URL of Redis"))
}

fn server() -> String {
    env_url("POLYGRAPH_TEST_REDIS_URL")
}

struct InRedis {
    options: RedisEventsOptions,
    bus: Arc<RedisEvents>,
    small: Arc<RedisEvents>,
}

impl InRedis {
    async fn new() -> Self {
        let options = options(server());
        let small = open(RedisEventsOptions { namespace: namespace(), most_events: FEW, ..options.clone() });
        Self { bus: open(options.clone()), small, options }
    }

    fn stream(&self) -> String {
        format!("{{{}}}:events", self.options.namespace)
    }
}

async fn connection() -> MultiplexedConnection {
    let client = Client::open(server()).expect("a URL of Redis");
    client.get_multiplexed_async_connection().await.expect("Redis is up")
}

async fn ask<T: FromRedisValue>(words: &[&str]) -> T {
    let mut command = cmd(words[0]);
    words[1..].iter().for_each(|word| {
        command.arg(word);
    });
    command.query_async(&mut connection().await).await.expect("Redis answers")
}

#[async_trait]
impl World for InRedis {
    fn bus(&self) -> Arc<dyn EventBus> {
        self.bus.clone()
    }

    fn neighbour(&self) -> Arc<dyn EventBus> {
        open(self.options.clone())
    }

    fn small(&self) -> Arc<dyn EventBus> {
        self.small.clone()
    }

    async fn dead_letters(&self, group: &Group, count: usize) -> Vec<Event> {
        until("dead letters", || async { Some(self.buried(group).await).filter(|dead| dead.len() >= count) }).await
    }
}

impl InRedis {
    /// Those dead letters that can be read.
    async fn buried(&self, group: &Group) -> Vec<Event> {
        let key = format!("{}:dead:{}", self.stream(), group.as_str());
        let entries: Vec<(String, Vec<(String, String)>)> = ask(&["XRANGE", &key, "-", "+"]).await;
        let fields = entries.iter().flat_map(|(_, fields)| fields);
        fields.filter_map(|(_, json)| cloud_event::read(json.as_bytes()).ok()).collect()
    }
}

event_bus_contract!(super::redis::InRedis::new());

#[tokio::test]
async fn poison_is_passed_over_by_followers_and_buried_by_groups() {
    let world = InRedis::new().await;
    let stream = world.stream();
    let plant = async |json: &str| {
        ask::<String>(&["XADD", &stream, "*", "event", json]).await;
        ask::<String>(&["XADD", &stream, "*", "another", "field"]).await;
    };
    poison::is_passed_over(&world, plant).await;
    let key = format!("{stream}:dead:{}", group("mail").as_str());
    let all_and_the_event = 2 * poison::COUNT + 1;
    assert_eq!(ask::<usize>(&["XLEN", &key]).await, all_and_the_event, "as it was found");
}

#[tokio::test]
async fn what_is_older_than_it_may_be_goes() {
    let options = RedisEventsOptions { longest: Duration::from_millis(1), ..options(server()) };
    let (stream, bus) = (format!("{{{}}}:events", options.namespace), open(options));
    let bus: Arc<dyn EventBus> = bus;
    publish(&bus, 1..=1_000).await;
    until("the old ones are gone", || async {
        publish(&bus, [1]).await;
        (ask::<u64>(&["XLEN", &stream]).await < 300).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_url_of_something_else_is_refused_and_never_repeated() {
    for url in ["http://user:word-of-pass@127.0.0.1", "word-of-pass", ""] {
        let refused = RedisEvents::connect_lazy(options(url.to_owned()), Arc::new(Counted)).err().expect("an error");
        assert_eq!(refused.kind, ErrorKind::Internal);
        assert!(!format!("{refused:?}").contains("word-of-pass"), "{refused:?}");
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_on() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("redis://{}", silent.local_addr().expect("an address"));
    let brief = Duration::from_millis(100);
    let bus = open(RedisEventsOptions { connect_timeout: brief, command_timeout: brief, ..options(url) });
    let failed = bus.publish(&super::events([1])).await.expect_err("nobody answers");
    assert_eq!(failed.kind, ErrorKind::Unavailable);
    assert_eq!(bus.check().await.expect_err("nobody answers").kind, ErrorKind::Unavailable);
}
