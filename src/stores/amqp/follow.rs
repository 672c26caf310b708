//! Following the history: a consumer of the stream, on a connection of its own.
//!
//! A position is an offset in the stream, and the id of the message there: after a position all is there exactly if that
//! message still is, since a stream is trimmed from its beginning. A stream that was deleted and made anew has other
//! messages at the same offsets.
//!
//! Who begins with what comes next has no message to go by. So one is put there: a marker, in the stream alone, which
//! other followers pass over.

use std::collections::VecDeque;

use async_trait::async_trait;
use futures::{FutureExt as _, StreamExt as _};
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, ConfirmSelectOptions};
use lapin::types::AMQPValue;
use lapin::{Channel, Consumer};

use super::error::Failure;
use super::{Link, Message, Server, event_of, number, topology};
use crate::ports::{Delivered, Follow, Following, Position, Start, StoreResult};

/// The most events that are handed out at once, and the most that the broker sends ahead.
const MOST_AT_ONCE: u16 = 1_000;
/// The type of a marker.
const MARKER: &str = "org.polygraph.marker";

pub(super) struct Follower {
    server: Server,
    link: Link,
    channel: Channel,
    consumer: Consumer,
    /// What the broker has sent, and was not looked at yet.
    sent: VecDeque<Delivery>,
    /// Where the message is that was seen last.
    seen: Option<Place>,
    /// Whether what comes next need not be the next offset: what was seen last is known to be there still.
    may_leap: bool,
    /// Up to which delivery the broker has not been told that it was taken.
    taken: Option<u64>,
}

/// Where a message stands.
struct Place {
    offset: u64,
    id: String,
}

impl Follower {
    pub(super) async fn begin(server: &Server, start: Start) -> Result<Following, Failure> {
        let link = server.connect().await?;
        let (reading, from) = match start {
            Start::Now => {
                let (reading, place) = from_now_on(server, &link).await?;
                (Some(reading), Some(place))
            }
            Start::After(position) => match Place::read(&position) {
                None => (None, None),
                Some(place) => match after(server, &link, &place).await? {
                    Some(reading) => (Some(reading), Some(place)),
                    None => (None, None),
                },
            },
        };
        let has_gap = reading.is_none();
        let (channel, consumer) = match reading {
            Some(reading) => reading,
            None => read(server, &link, text("first")).await?,
        };
        let position = from.as_ref().map(Place::position).transpose()?;
        let events = Box::new(Self {
            server: server.clone(),
            link,
            channel,
            consumer,
            sent: VecDeque::new(),
            seen: from,
            may_leap: true,
            taken: None,
        });
        Ok(Following { events, from: position, has_gap })
    }

    /// Waits until the broker has sent something that was not looked at. It may be dropped.
    async fn wait(&mut self) -> Result<(), Failure> {
        if !self.sent.is_empty() {
            return Ok(());
        }
        // Dropped before it is sent, it is made up for by the next.
        if let Some(last) = self.taken.take() {
            self.channel.basic_ack(last, BasicAckOptions { multiple: true }).await?;
        }
        let first = self.consumer.next().await.ok_or(Failure::Ended)??;
        self.sent.push_back(first);
        while self.sent.len() < usize::from(MOST_AT_ONCE)
            && let Some(Some(delivery)) = self.consumer.next().now_or_never()
        {
            self.sent.push_back(delivery?);
        }
        self.taken = self.sent.back().map(|delivery| delivery.delivery_tag);
        Ok(())
    }

    /// Whether the next message that was sent leaves out offsets. Streams do that by themselves where one segment ends
    /// and the next begins; else what was there is gone.
    fn leaps(&self) -> Result<bool, Failure> {
        let Some(next) = self.sent.front() else { return Ok(false) };
        let next = Place::of(next)?.offset;
        Ok(!self.may_leap && self.seen.as_ref().is_some_and(|seen| next > seen.offset + 1))
    }

    /// Sees to it that nothing is missing before the next message: nothing is, if what was seen last is there still.
    async fn look_back(&mut self) -> Result<(), Failure> {
        if let Some(seen) = self.seen.as_ref() {
            after(&self.server, &self.link, seen).await?.ok_or(Failure::Behind)?;
        }
        self.may_leap = true;
        Ok(())
    }

    /// The events up to a leap.
    fn take(&mut self) -> Result<Vec<Delivered>, Failure> {
        let mut taken = Vec::new();
        while !self.leaps()?
            && let Some(delivery) = self.sent.pop_front()
        {
            let place = Place::of(&delivery)?;
            if self.seen.as_ref().is_some_and(|seen| place.offset <= seen.offset) {
                continue;
            }
            if !is_marker(&delivery)
                && let Some(event) = event_of(&place.id, &delivery.data)
            {
                taken.push(Delivered { position: place.position()?, event });
            }
            (self.seen, self.may_leap) = (Some(place), false);
        }
        Ok(taken)
    }

    async fn next_ones(&mut self) -> Result<Vec<Delivered>, Failure> {
        loop {
            self.wait().await?;
            if self.leaps()? {
                self.look_back().await?;
            }
            let taken = self.take()?;
            if !taken.is_empty() {
                return Ok(taken);
            }
        }
    }
}

type Reading = (Channel, Consumer);

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

/// Reads the history from an offset on, on a channel of its own.
async fn read(server: &Server, link: &Link, offset: AMQPValue) -> Result<Reading, Failure> {
    let reading = async {
        let channel = link.connection.create_channel().await?;
        let consumer = topology::consume(&channel, &server.names.history, MOST_AT_ONCE, Some(offset)).await?;
        Ok((channel, consumer))
    };
    server.in_time(reading).await
}

/// Reads from now on, and where that is: a marker is put into the stream, and what is behind it comes next.
async fn from_now_on(server: &Server, link: &Link) -> Result<(Reading, Place), Failure> {
    let (channel, mut consumer) = read(server, link, text("next")).await?;
    let id = server.random();
    let marker =
        Message { key: server.names.history.clone(), id: id.clone(), kind: MARKER.to_owned(), json: "{}".to_owned() };
    let placed = async {
        link.channel.confirm_select(ConfirmSelectOptions::default()).await?;
        // By the nameless exchange it goes to the queue of that name, and to no other.
        server.send(&link.channel, "", &[marker]).await?;
        loop {
            let delivery = consumer.next().await.ok_or(Failure::Ended)??;
            let place = Place::of(&delivery)?;
            if place.id == id {
                channel.basic_ack(delivery.delivery_tag, BasicAckOptions { multiple: true }).await?;
                return Ok(place);
            }
        }
    };
    let place = server.in_time(placed).await?;
    Ok(((channel, consumer), place))
}

/// Reads after a place; `None` where what was there is not there any more.
async fn after(server: &Server, link: &Link, place: &Place) -> Result<Option<Reading>, Failure> {
    let Ok(offset) = i64::try_from(place.offset) else { return Ok(None) };
    let (channel, mut consumer) = read(server, link, AMQPValue::LongLongInt(offset)).await?;
    let found = async {
        loop {
            let delivery = consumer.next().await.ok_or(Failure::Ended)??;
            let found = Place::of(&delivery)?;
            if found.offset >= place.offset {
                channel.basic_ack(delivery.delivery_tag, BasicAckOptions { multiple: true }).await?;
                return Ok(found);
            }
        }
    };
    match server.in_time(found).await {
        Ok(found) => Ok((found.offset == place.offset && found.id == place.id).then_some((channel, consumer))),
        // The stream ends before it.
        Err(Failure::Late) => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn is_marker(delivery: &Delivery) -> bool {
    delivery.properties.kind().as_ref().is_some_and(|kind| kind.as_str() == MARKER)
}

impl Place {
    fn of(delivery: &Delivery) -> Result<Self, Failure> {
        let headers = delivery.properties.headers().as_ref();
        let offset = number(headers, "x-stream-offset").ok_or(Failure::Odd("a message of a stream has no offset"))?;
        let id = delivery.properties.message_id().as_ref().map_or("", |id| id.as_str());
        // What others put there may be called anything.
        let is_plain = id.len() <= 40 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        Ok(Self { offset, id: if is_plain { id.to_owned() } else { String::new() } })
    }

    fn position(&self) -> Result<Position, Failure> {
        let text = format!("q{}-{}", self.offset, self.id);
        Position::read(&text).ok_or(Failure::Odd("a place in the stream is no position"))
    }

    /// `None` for a position of another kind of bus.
    fn read(position: &Position) -> Option<Self> {
        let (offset, id) = position.as_str().strip_prefix('q')?.split_once('-')?;
        Some(Self { offset: offset.parse().ok()?, id: id.to_owned() })
    }
}

#[async_trait]
impl Follow for Follower {
    async fn next(&mut self) -> StoreResult<Vec<Delivered>> {
        Ok(self.next_ones().await?)
    }
}
