//! The event bus on RabbitMQ, by way of `lapin` (AMQP 0.9.1).
//!
//! Everything is published to one durable topic exchange, with the name of what happened (`post.liked`) as its routing
//! key, and counts as published when the broker has confirmed that it is on disk. One queue of type `stream` keeps the
//! history, which followers read from any position on; each group has a quorum queue of its own. See `topology`.
//!
//! It needs RabbitMQ 3.10, for streams over AMQP 0.9.1 and delivery limits.

mod error;
mod follow;
mod group;
mod topology;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::uri::AMQPUri;
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties};
use tokio::sync::Mutex;

use self::error::Failure;
use self::follow::Follower;
use self::group::Member;
use self::topology::Names;
use crate::domain::cloud_event;
use crate::domain::event::Event;
use crate::domain::hex;
use crate::ports::{Backend, Entropy, EventBus, Following, Group, GroupMember, Role, Start, StoreError, StoreResult};

/// How many events are under way to the broker at once: confirmations of these come before the next are sent.
const MOST_UNCONFIRMED: usize = 1_000;
/// How often the broker and this side say that they are there, in seconds, unless the URL says otherwise: after two that
/// were missed the connection is lost.
const HEARTBEAT: u16 = 10;
/// AMQP's number for messages that outlive the broker.
const PERSISTENT: u8 = 2;

/// How to reach the RabbitMQ of a bus, and what it remembers. Not `Debug`: its URL may hold a password.
#[derive(Clone)]
pub struct AmqpEventsOptions {
    /// `amqp://` or, over TLS, `amqps://`, with user, password and virtual host as usual.
    pub url: String,
    /// What the names of exchanges and queues begin with.
    pub namespace: String,
    /// How long establishing a connection may take, the look-up of its name and TLS included.
    pub connect_timeout: Duration,
    /// How long the answer to a command may take.
    pub command_timeout: Duration,
    /// About how many events are remembered at most, at a kibibyte each: history is trimmed by its size.
    pub most_events: u64,
    /// For about how long they are remembered at most.
    pub longest: Duration,
}

/// A bus on RabbitMQ.
pub struct AmqpEvents {
    server: Server,
    /// What is published through; none before the first time, and after a failure.
    publisher: Mutex<Option<Link>>,
}

/// The server, and where the bus is on it.
#[derive(Clone)]
struct Server {
    uri: AMQPUri,
    options: Arc<AmqpEventsOptions>,
    names: Arc<Names>,
    entropy: Arc<dyn Entropy>,
}

/// A connection of one's own, and the channel on it. Both are closed when it is dropped.
struct Link {
    connection: Connection,
    channel: Channel,
}

impl AmqpEvents {
    /// A bus that is connected to when it is first used.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`](crate::ports::ErrorKind::Internal) when the URL is not one of AMQP.
    pub fn connect_lazy(options: AmqpEventsOptions, entropy: Arc<dyn Entropy>) -> StoreResult<Self> {
        // Its error may quote the URL.
        let read = options.url.parse::<AMQPUri>();
        let mut uri = read.map_err(|_| StoreError::internal(Role::Events, "the URL is not one of AMQP"))?;
        uri.query.heartbeat.get_or_insert(HEARTBEAT);
        uri.query.connection_timeout = u64::try_from(options.connect_timeout.as_millis()).ok();
        let names = Arc::new(Names::of(&options.namespace));
        let server = Server { uri, options: Arc::new(options), names, entropy };
        Ok(Self { server, publisher: Mutex::default() })
    }

    /// Does something through what is published through. It is only put back if that succeeds: what is dropped half-way,
    /// or fails, leaves none behind.
    async fn published<T>(&self, work: impl AsyncFnOnce(&Link) -> Result<T, Failure>) -> StoreResult<T> {
        let mut kept = self.publisher.lock().await;
        let link = match kept.take().filter(|link| link.channel.status().connected()) {
            Some(link) => link,
            None => self.server.publisher().await?,
        };
        let done = work(&link).await?;
        *kept = Some(link);
        Ok(done)
    }
}

impl Server {
    /// A connection of its own, with everything in place that the bus is made of.
    async fn connect(&self) -> Result<Link, Failure> {
        let connecting = async {
            let properties = ConnectionProperties::default().with_connection_name("polygraph".into());
            let connection = Connection::connect_uri(self.uri.clone(), properties).await?;
            let channel = connection.create_channel().await?;
            Ok(Link { connection, channel })
        };
        let late = |_| Err(Failure::Late);
        let mut link = tokio::time::timeout(self.options.connect_timeout, connecting).await.unwrap_or_else(late)?;
        self.in_time(topology::declare(self, &mut link)).await?;
        Ok(link)
    }

    /// A connection whose broker confirms what is published.
    async fn publisher(&self) -> Result<Link, Failure> {
        let link = self.connect().await?;
        self.in_time(async { Ok(link.channel.confirm_select(ConfirmSelectOptions::default()).await?) }).await?;
        Ok(link)
    }

    /// What is answered within the time that an answer may take.
    async fn in_time<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        tokio::time::timeout(self.options.command_timeout, work).await.unwrap_or(Err(Failure::Late))
    }

    /// Publishes messages on a channel that confirms: when it returns, the broker has them on disk.
    async fn send(&self, channel: &Channel, exchange: &str, messages: &[Message]) -> Result<(), Failure> {
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let mut confirmations = Vec::with_capacity(messages.len());
        for Message { key, id, kind, json } in messages {
            let properties = BasicProperties::default()
                .with_content_type(cloud_event::MEDIA_TYPE.into())
                .with_delivery_mode(PERSISTENT)
                .with_message_id(id.as_str().into())
                .with_type(kind.as_str().into());
            let (exchange, key) = (exchange.into(), key.as_str().into());
            confirmations.push(channel.basic_publish(exchange, key, options, json.as_bytes(), properties).await?);
        }
        for confirmation in confirmations {
            match confirmation.await? {
                Confirmation::Ack(None) => {}
                // No queue was there to take it: somebody deleted them.
                Confirmation::Ack(Some(_)) | Confirmation::Nack(_) | Confirmation::NotRequested => {
                    return Err(Failure::Refused);
                }
            }
        }
        Ok(())
    }

    /// An id that nothing else has.
    fn random(&self) -> String {
        let mut random = [0; 16];
        self.entropy.fill(&mut random);
        hex(&random)
    }
}

/// Something to be published.
struct Message {
    key: String,
    id: String,
    kind: String,
    json: String,
}

/// A number in a table of headers.
fn number(headers: Option<&FieldTable>, name: &str) -> Option<u64> {
    match headers?.inner().get(name)? {
        AMQPValue::LongLongInt(number) => u64::try_from(*number).ok(),
        AMQPValue::LongInt(number) => u64::try_from(*number).ok(),
        AMQPValue::LongUInt(number) => Some(u64::from(*number)),
        AMQPValue::ShortInt(number) => u64::try_from(*number).ok(),
        AMQPValue::ShortShortInt(number) => u64::try_from(*number).ok(),
        AMQPValue::ShortShortUInt(number) => Some(u64::from(*number)),
        AMQPValue::Timestamp(number) => Some(*number),
        _ => None,
    }
}

/// The event of a message, which is nobody's where it can't be read.
fn event_of(id: &str, json: &[u8]) -> Option<Event> {
    cloud_event::read(json)
        .inspect_err(|error| tracing::warn!(id, %error, "an event on the bus can't be read, and is passed over"))
        .ok()
}

#[async_trait]
impl Backend for AmqpEvents {
    fn kind(&self) -> &'static str {
        "rabbitmq"
    }

    async fn check(&self) -> StoreResult<String> {
        self.published(async |link| {
            self.server.in_time(topology::look(&self.server, &link.channel)).await?;
            // The client keeps to itself what the broker says of its version.
            Ok("by AMQP 0.9.1".to_owned())
        })
        .await
    }
}

#[async_trait]
impl EventBus for AmqpEvents {
    async fn publish(&self, events: &[Event]) -> StoreResult<()> {
        let source = cloud_event::source(&self.server.options.namespace);
        for events in events.chunks(MOST_UNCONFIRMED) {
            let message = |event: &Event| Message {
                key: event.happened.name().to_owned(),
                id: event.id.to_string(),
                kind: cloud_event::kind(event),
                json: cloud_event::write(event, &source),
            };
            let messages: Vec<Message> = events.iter().map(message).collect();
            let exchange = &self.server.names.exchange;
            self.published(async |link| {
                self.server.in_time(self.server.send(&link.channel, exchange, &messages)).await
            })
            .await?;
        }
        Ok(())
    }

    async fn follow(&self, start: Start) -> StoreResult<Following> {
        Ok(Follower::begin(&self.server, start).await?)
    }

    async fn join(&self, group: &Group) -> StoreResult<Box<dyn GroupMember>> {
        Ok(Box::new(Member::join(&self.server, group).await?))
    }
}
