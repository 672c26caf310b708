//! What the bus is made of on the broker. All of it is durable, and declared with every connection.
//!
//! | name | what |
//! |---|---|
//! | `{namespace}.events` | topic exchange: everything is published here; other services bind queues of their own to it |
//! | `{namespace}.events.history` | stream: what followers read |
//! | `{namespace}.events.group.{group}` | quorum queue: what waits for a group |
//! | `{namespace}.events.dead` | direct exchange of dead letters, by group |
//! | `{namespace}.events.dead.{group}` | quorum queue: dead letters of a group |

use lapin::options::{
    BasicConsumeOptions, BasicQosOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Consumer, ExchangeKind};

use super::error::{Failure, PRECONDITION_FAILED};
use super::{Link, Server};
use crate::ports::{Group, MOST_DELIVERIES};

/// What an event takes, about.
const BYTES_OF_AN_EVENT: u64 = 1_024;
/// History is trimmed by segments: it has about as many.
const SEGMENTS: u64 = 8;
/// The most dead letters of a group that are kept.
const DEAD_LETTERS: i64 = 10_000;

/// The names of what is there once.
pub(super) struct Names {
    pub(super) exchange: String,
    pub(super) history: String,
    dead: String,
}

impl Names {
    pub(super) fn of(namespace: &str) -> Self {
        let exchange = format!("{namespace}.events");
        Self { history: format!("{exchange}.history"), dead: format!("{exchange}.dead"), exchange }
    }

    fn queue(&self, group: &Group) -> String {
        format!("{}.group.{}", self.exchange, group.as_str())
    }

    fn dead_letters(&self, group: &Group) -> String {
        format!("{}.{}", self.dead, group.as_str())
    }
}

fn table<const N: usize>(entries: [(&str, AMQPValue); N]) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, value) in entries {
        table.insert(name.into(), value);
    }
    table
}

fn text(value: impl Into<String>) -> AMQPValue {
    AMQPValue::LongString(value.into().into())
}

const DURABLE_EXCHANGE: ExchangeDeclareOptions =
    ExchangeDeclareOptions { passive: false, durable: true, auto_delete: false, internal: false, nowait: false };
const DURABLE_QUEUE: QueueDeclareOptions =
    QueueDeclareOptions { passive: false, durable: true, exclusive: false, auto_delete: false, nowait: false };

/// Declares what is there once.
pub(super) async fn declare(server: &Server, link: &mut Link) -> Result<(), Failure> {
    let Names { exchange, history, dead } = &*server.names;
    let none = FieldTable::default;
    let declared =
        link.channel.exchange_declare(exchange.as_str().into(), ExchangeKind::Topic, DURABLE_EXCHANGE, none());
    declared.await?;
    let declared = link.channel.exchange_declare(dead.as_str().into(), ExchangeKind::Direct, DURABLE_EXCHANGE, none());
    declared.await?;
    let bytes = i64::try_from(server.options.most_events.saturating_mul(BYTES_OF_AN_EVENT)).unwrap_or(i64::MAX);
    let segment = (bytes / SEGMENTS as i64).max(1_024);
    let arguments = table([
        ("x-queue-type", text("stream")),
        ("x-max-age", text(format!("{}s", server.options.longest.as_secs().max(1)))),
        ("x-max-length-bytes", AMQPValue::LongLongInt(bytes)),
        ("x-stream-max-segment-size-bytes", AMQPValue::LongLongInt(segment)),
    ]);
    queue(link, history, arguments).await?;
    bind(&link.channel, history, exchange, "#").await
}

/// Declares what is a group's own.
pub(super) async fn declare_group(server: &Server, link: &mut Link, group: &Group) -> Result<String, Failure> {
    let names = &server.names;
    let (name, dead_letters) = (names.queue(group), names.dead_letters(group));
    let most = i64::try_from(server.options.most_events).unwrap_or(i64::MAX);
    let quorum = ("x-queue-type", text("quorum"));
    let kept = table([quorum.clone(), ("x-max-length", AMQPValue::LongLongInt(DEAD_LETTERS))]);
    queue(link, &dead_letters, kept).await?;
    bind(&link.channel, &dead_letters, &names.dead, group.as_str()).await?;
    let arguments = table([
        quorum,
        ("x-max-length", AMQPValue::LongLongInt(most)),
        ("x-dead-letter-exchange", text(names.dead.as_str())),
        ("x-dead-letter-routing-key", text(group.as_str())),
        // That many times after the first.
        ("x-delivery-limit", AMQPValue::LongLongInt(i64::from(MOST_DELIVERIES) - 1)),
    ]);
    queue(link, &name, arguments).await?;
    bind(&link.channel, &name, &names.exchange, "#").await?;
    Ok(name)
}

/// Declares a queue. One that was made with other arguments, since something was configured differently then, is used
/// as it is.
async fn queue(link: &mut Link, name: &str, arguments: FieldTable) -> Result<(), Failure> {
    let declared = link.channel.queue_declare(name.into(), DURABLE_QUEUE, arguments).await.map_err(Failure::from);
    match declared {
        Err(failure) if failure.code() == Some(PRECONDITION_FAILED) => {
            tracing::warn!(
                queue = name,
                "the queue is there with other arguments: what it was made with stays in force"
            );
            // The refusal has closed the channel.
            link.channel = link.connection.create_channel().await?;
            let as_it_is = QueueDeclareOptions { passive: true, ..DURABLE_QUEUE };
            link.channel.queue_declare(name.into(), as_it_is, FieldTable::default()).await?;
            Ok(())
        }
        declared => declared.map(drop),
    }
}

async fn bind(channel: &Channel, queue: &str, exchange: &str, key: &str) -> Result<(), Failure> {
    let bound = channel.queue_bind(
        queue.into(),
        exchange.into(),
        key.into(),
        QueueBindOptions::default(),
        FieldTable::default(),
    );
    Ok(bound.await?)
}

/// Reads a queue, with at most so many messages that are not acknowledged, from a place in a stream.
pub(super) async fn consume(
    channel: &Channel,
    queue: &str,
    most: u16,
    offset: Option<AMQPValue>,
) -> Result<Consumer, Failure> {
    channel.basic_qos(most, BasicQosOptions::default()).await?;
    let mut arguments = FieldTable::default();
    if let Some(offset) = offset {
        arguments.insert("x-stream-offset".into(), offset);
    }
    // The broker makes up a name for the consumer.
    let consumed = channel.basic_consume(queue.into(), "".into(), BasicConsumeOptions::default(), arguments);
    Ok(consumed.await?)
}

/// Whether the bus is there: one question.
pub(super) async fn look(server: &Server, channel: &Channel) -> Result<(), Failure> {
    let as_it_is = ExchangeDeclareOptions { passive: true, ..DURABLE_EXCHANGE };
    let exchange = server.names.exchange.as_str().into();
    Ok(channel.exchange_declare(exchange, ExchangeKind::Topic, as_it_is, FieldTable::default()).await?)
}
