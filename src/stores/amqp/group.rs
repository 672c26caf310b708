//! Groups of workers: a quorum queue for each. The broker gives what a member has in hand to another when its connection
//! is lost, or when it has not been settled for as long as the broker allows (`consumer_timeout`, 30 minutes).

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use futures::{FutureExt as _, StreamExt as _};
use lapin::Consumer;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicRejectOptions};

use super::error::Failure;
use super::{Link, Server, event_of, number, topology};
use crate::ports::{Group, GroupMember, InHand, StoreResult};

/// The most events that a member is handed at once, and the most that it has in hand.
const MOST_AT_ONCE: u16 = 100;

pub(super) struct Member {
    link: Link,
    consumer: Consumer,
    /// The broker's numbers of what was handed out, and not settled.
    in_hand: BTreeSet<u64>,
    /// Those of messages that can't be read, and that the broker has to be told of.
    unreadable: Vec<u64>,
}

impl Member {
    pub(super) async fn join(server: &Server, group: &Group) -> Result<Self, Failure> {
        let mut link = server.connect().await?;
        let consuming = async {
            let queue = topology::declare_group(server, &mut link, group).await?;
            topology::consume(&link.channel, &queue, MOST_AT_ONCE, None).await
        };
        let consumer = server.in_time(consuming).await?;
        Ok(Self { link, consumer, in_hand: BTreeSet::new(), unreadable: Vec::new() })
    }

    /// What is handed out of a delivery, if it can be read.
    fn take(&mut self, delivery: &Delivery) -> Option<InHand> {
        let (number_of, headers) = (delivery.delivery_tag, delivery.properties.headers().as_ref());
        let counted = number(headers, "x-delivery-count").unwrap_or_default().max(u64::from(delivery.redelivered));
        let id = delivery.properties.message_id().as_ref().map_or("", |id| id.as_str());
        let Some(event) = event_of(id, &delivery.data) else {
            self.unreadable.push(number_of);
            return None;
        };
        self.in_hand.insert(number_of);
        let redeliveries = u32::try_from(counted).unwrap_or(u32::MAX);
        Some(InHand { event, redeliveries, receipt: Arc::from(number_of.to_string()) })
    }

    /// Tells the broker of what can't be read: it is a dead letter.
    async fn reject_unreadable(&mut self) -> Result<(), Failure> {
        while let Some(number) = self.unreadable.pop() {
            self.link.channel.basic_reject(number, BasicRejectOptions { requeue: false }).await?;
        }
        Ok(())
    }

    /// The broker's numbers of those of these that are in hand, which they are no more.
    fn let_go(&mut self, taken: &[InHand]) -> Vec<u64> {
        let numbers = taken.iter().filter_map(|taken| taken.receipt.parse().ok());
        numbers.filter(|number| self.in_hand.remove(number)).collect()
    }

    async fn next_ones(&mut self) -> Result<Vec<InHand>, Failure> {
        loop {
            self.reject_unreadable().await?;
            let first = self.consumer.next().await.ok_or(Failure::Ended)??;
            let mut handed: Vec<InHand> = self.take(&first).into_iter().collect();
            while handed.len() < usize::from(MOST_AT_ONCE)
                && let Some(Some(delivery)) = self.consumer.next().now_or_never()
            {
                handed.extend(self.take(&delivery?));
            }
            if !handed.is_empty() {
                return Ok(handed);
            }
        }
    }
}

#[async_trait]
impl GroupMember for Member {
    async fn next(&mut self) -> StoreResult<Vec<InHand>> {
        Ok(self.next_ones().await?)
    }

    async fn finish(&mut self, taken: &[InHand]) -> StoreResult<()> {
        for number in self.let_go(taken) {
            let done = self.link.channel.basic_ack(number, BasicAckOptions { multiple: false }).await;
            done.map_err(Failure::from)?;
        }
        Ok(())
    }

    async fn bury(&mut self, taken: &[InHand]) -> StoreResult<()> {
        for number in self.let_go(taken) {
            let done = self.link.channel.basic_reject(number, BasicRejectOptions { requeue: false }).await;
            done.map_err(Failure::from)?;
        }
        Ok(())
    }
}
