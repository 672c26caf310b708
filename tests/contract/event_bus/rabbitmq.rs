//! The bus on RabbitMQ.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lapin::options::{BasicGetOptions, BasicPublishOptions};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use polygraph::domain::cloud_event;
use polygraph::domain::event::Event;
use polygraph::ports::{Backend as _, ErrorKind, EventBus, Group};
use polygraph::stores::amqp::{AmqpEvents, AmqpEventsOptions};

use super::{Counted, FEW, World, event_bus_contract, events, follow_now, group, poison, publish, until, versions};
use crate::support::{PATIENCE, env_url, namespace};

/// A bus at this URL, in a namespace of its own.
pub(super) fn options(url: String) -> AmqpEventsOptions {
    AmqpEventsOptions {
        url,
        namespace: namespace(),
        connect_timeout: PATIENCE,
        command_timeout: Duration::from_secs(5),
        most_events: 10_000,
        longest: Duration::from_secs(3_600),
    }
}

pub(super) fn open(options: AmqpEventsOptions) -> Arc<AmqpEvents> {
    Arc::new(AmqpEvents::connect_lazy(options, Arc::new(Counted)).expect("a URL of RabbitMQ"))
}

fn server() -> String {
    env_url("POLYGRAPH_TEST_RABBITMQ_URL")
}

struct OnRabbitMq {
    options: AmqpEventsOptions,
    bus: Arc<AmqpEvents>,
    small: Arc<AmqpEvents>,
}

impl OnRabbitMq {
    async fn new() -> Self {
        let options = options(server());
        let small = open(AmqpEventsOptions { namespace: namespace(), most_events: FEW, ..options.clone() });
        Self { bus: open(options.clone()), small, options }
    }

    fn exchange(&self) -> String {
        format!("{}.events", self.options.namespace)
    }
}

async fn channel() -> (Connection, Channel) {
    let connection = Connection::connect(&server(), ConnectionProperties::default()).await.expect("RabbitMQ is up");
    let channel = connection.create_channel().await.expect("a channel");
    (connection, channel)
}

/// All messages that are in a queue, which stay there.
async fn content(queue: &str) -> Vec<Vec<u8>> {
    let (_connection, channel) = channel().await;
    let mut content = Vec::new();
    while let Some(message) = channel.basic_get(queue.into(), BasicGetOptions::default()).await.expect("a queue") {
        content.push(message.delivery.data);
    }
    content
}

#[async_trait]
impl World for OnRabbitMq {
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
        let queue = format!("{}.dead.{}", self.exchange(), group.as_str());
        let dead = until("dead letters", || async {
            let read = content(&queue).await.iter().filter_map(|json| cloud_event::read(json).ok()).collect();
            Some(read).filter(|dead: &Vec<Event>| dead.len() >= count)
        });
        let mut dead = dead.await;
        dead.sort_by_key(|event| event.version);
        dead
    }
}

event_bus_contract!(super::rabbitmq::OnRabbitMq::new());

#[tokio::test]
async fn poison_is_passed_over_by_followers_and_buried_by_groups() {
    let world = OnRabbitMq::new().await;
    let exchange = world.exchange();
    let plant = async |json: &str| {
        let (_connection, channel) = channel().await;
        channel.confirm_select(lapin::options::ConfirmSelectOptions::default()).await.expect("it confirms");
        let publishing = channel.basic_publish(
            exchange.as_str().into(),
            "of.somebody.else".into(),
            BasicPublishOptions::default(),
            json.as_bytes(),
            BasicProperties::default(),
        );
        publishing.await.expect("it is published").await.expect("it is confirmed");
    };
    poison::is_passed_over(&world, plant).await;
    let queue = format!("{exchange}.dead.{}", group("mail").as_str());
    until("all of it is buried", || async { (content(&queue).await.len() == poison::COUNT + 1).then_some(()) }).await;
}

#[tokio::test]
async fn a_bus_that_was_made_with_another_memory_is_used_as_it_is() {
    let options = options(server());
    let (first, second) =
        (open(options.clone()), open(AmqpEventsOptions { most_events: options.most_events * 2, ..options }));
    let (first, second): (Arc<dyn EventBus>, Arc<dyn EventBus>) = (first, second);
    publish(&first, [1]).await;
    let mut follower = follow_now(&second).await;
    publish(&first, [2]).await;
    publish(&second, [3]).await;
    assert_eq!(versions(&mut *follower, 2).await, [2, 3]);
}

#[tokio::test]
async fn a_url_of_something_else_is_refused_and_never_repeated() {
    for url in ["http://user:word-of-pass@127.0.0.1", "word-of-pass", ""] {
        let refused = AmqpEvents::connect_lazy(options(url.to_owned()), Arc::new(Counted)).err().expect("an error");
        assert_eq!(refused.kind, ErrorKind::Internal);
        assert!(!format!("{refused:?}").contains("word-of-pass"), "{refused:?}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_unavailable_and_never_repeated() {
    let mut url = url::Url::parse(&server()).expect("a URL");
    url.set_password(Some("word-of-pass")).expect("a URL with a host");
    let bus = open(options(url.to_string()));
    let refused = bus.check().await.expect_err("the password is wrong");
    assert_eq!(refused.kind, ErrorKind::Unavailable);
    assert!(!format!("{refused:?}").contains("word-of-pass"), "{refused:?}");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_on() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("amqp://{}", silent.local_addr().expect("an address"));
    let brief = Duration::from_millis(200);
    let bus = open(AmqpEventsOptions { connect_timeout: brief, command_timeout: brief, ..options(url) });
    let failed = bus.publish(&events([1])).await.expect_err("nobody answers");
    assert!(matches!(failed.kind, ErrorKind::Unavailable | ErrorKind::Timeout), "{failed:?}");
}
