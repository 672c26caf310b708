//! The port to the outbox, on MongoDB.
//!
//! A lease needs no place of its own. Of the events of one aggregate the first that waits is its head, and an
//! aggregate can be claimed when its head is due. A claim moves the moment at which the head is due to the end of the
//! lease, by one update that finds the head as it was read: of several workers one succeeds. Whoever is done with the
//! head takes it away, and the next event is the head.

use std::collections::HashSet;

use async_trait::async_trait;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use mongodb::ClientSession;
use mongodb::bson::{DateTime, Document, doc};
use mongodb::options::Hint;
use polygraph_migrations::mongo::index;
use serde::Deserialize;
use uuid::Uuid;

use super::document::{bson_id, bson_time, one_of, timestamp};
use super::error::store_error;
use super::outbox_document::{Fields, OutboxDocument, Place};
use super::read::{CONCURRENCY, find, walk};
use super::transaction::{Work, in_transaction};
use super::{Collections, Mongo, outbox_query};
use crate::domain::Timestamp;
use crate::domain::event::Aggregate;
use crate::ports::{Backend, Backlog, Claim, ErrorKind, Lease, Outbox, Parked, Projection, StoreResult, Waiting};

/// How many places in the line are read at first.
const PLACES: u32 = 1_000;

/// Events in MongoDB.
#[derive(Clone)]
pub struct MongoOutbox {
    mongo: Mongo,
}

impl MongoOutbox {
    pub(super) fn new(mongo: Mongo) -> Self {
        Self { mongo }
    }

    async fn collections(&self) -> StoreResult<&Collections> {
        self.mongo.collections().await
    }

    /// Takes events from a projection, and away where no other has them. Returns how many it had.
    async fn forget(&self, projection: Projection, found_by: Document) -> StoreResult<u64> {
        let collections = self.collections().await?;
        in_transaction(&collections.database, &Forget { collections, projection, found_by }).await
    }
}

#[async_trait]
impl Backend for MongoOutbox {
    fn kind(&self) -> &'static str {
        "mongodb"
    }

    async fn check(&self) -> StoreResult<String> {
        self.mongo.check().await
    }
}

#[async_trait]
impl Outbox for MongoOutbox {
    async fn claim(&self, projection: Projection, limit: u32, lease: Lease) -> StoreResult<Vec<Claim>> {
        let outbox = &self.collections().await?.outbox;
        let claiming = Claiming { outbox, projection, fields: Fields::of(projection), lease };
        let (mut claims, mut seen) = (Vec::new(), HashSet::new());
        let mut depth = PLACES;
        loop {
            let line: Vec<Place> = walk(outbox, outbox_query::line(projection, lease.now, depth)).await?;
            let at_its_end = line.len() < depth as usize;
            let mut next = line.iter().filter_map(Place::aggregate).filter(|aggregate| seen.insert(*aggregate));
            while claims.len() < limit as usize {
                let some: Vec<Uuid> = next.by_ref().take(limit as usize - claims.len()).collect();
                if some.is_empty() {
                    break;
                }
                let claimed = stream::iter(some).map(|aggregate| claiming.aggregate(aggregate)).buffered(CONCURRENCY);
                claims.extend(claimed.try_collect::<Vec<_>>().await?.into_iter().flatten());
            }
            if at_its_end || claims.len() >= limit as usize {
                break;
            }
            // Few aggregates have many events, or those in front are others': the rest is behind them.
            depth = depth.saturating_mul(8);
        }
        Ok(claims)
    }

    async fn end_leases(&self, projection: Projection, now: Timestamp) -> StoreResult<u64> {
        let due = Fields::of(projection).due;
        let (later, at_once) = (doc! { &due: { "$gt": bson_time(now) } }, doc! { "$set": { &due: bson_time(now) } });
        let outbox = &self.collections().await?.outbox;
        Ok(outbox.update_many(later, at_once).await.map_err(store_error)?.modified_count)
    }

    async fn finish(&self, projection: Projection, events: &[Uuid]) -> StoreResult<()> {
        if events.is_empty() {
            return Ok(());
        }
        match self.settle(projection, events).await {
            // Another projection was done with one of them at the same moment.
            Err(error) if error.kind == ErrorKind::Conflict => {
                self.forget(projection, doc! { "_id": one_of(events.iter().copied()) }).await.map(drop)
            }
            settled => settled,
        }
    }

    async fn postpone(&self, projection: Projection, events: &[Uuid], due: Timestamp) -> StoreResult<()> {
        let fields = Fields::of(projection);
        let update = doc! { "$set": { &fields.due: bson_time(due) }, "$inc": { &fields.attempts: 1 } };
        self.update(&fields, events, update).await
    }

    async fn park(&self, projection: Projection, events: &[Uuid], reason: &str) -> StoreResult<()> {
        let fields = Fields::of(projection);
        let update = doc! {
            "$set": { &fields.parked: true, &fields.reason: reason },
            "$unset": { &fields.due: "" },
            "$inc": { &fields.attempts: 1 },
        };
        self.update(&fields, events, update).await
    }

    async fn waiting(&self, projection: Projection, aggregates: &[Aggregate]) -> StoreResult<HashSet<Aggregate>> {
        if aggregates.is_empty() {
            return Ok(HashSet::new());
        }
        let outbox = self.collections().await?.outbox.clone_with_type::<Place>();
        let pipeline = outbox_query::waiting(projection, aggregates.iter().map(|aggregate| aggregate.uuid()));
        let found = outbox.aggregate(pipeline).hint(Hint::Name(index::OUTBOX_BY_AGGREGATE.to_owned()));
        let found: Vec<Place> =
            found.with_type().await.map_err(store_error)?.try_collect().await.map_err(store_error)?;
        let waiting: HashSet<Uuid> = found.iter().filter_map(Place::aggregate).collect();
        Ok(aggregates.iter().filter(|aggregate| waiting.contains(&aggregate.uuid())).copied().collect())
    }

    async fn backlog(&self, projection: Projection) -> StoreResult<Backlog> {
        let (fields, outbox) = (Fields::of(projection), &self.collections().await?.outbox);
        let group = doc! { "_id": null, "waiting": { "$sum": 1 }, "oldest": { "$min": "$at" } };
        let pipeline = [doc! { "$match": fields.waits() }, doc! { "$group": group }];
        let waiting = async {
            let mut rows = outbox.aggregate(pipeline).with_type::<BacklogRow>().await?;
            rows.try_next().await
        };
        let parked = async { outbox.count_documents(fields.is_parked()).await };
        let (row, parked) = futures::try_join!(waiting, parked).map_err(store_error)?;
        let (waiting, oldest) = row.map_or((0, None), |row| (row.waiting, Some(timestamp(row.oldest))));
        Ok(Backlog { waiting, parked, oldest })
    }

    async fn parked(&self, limit: u32) -> StoreResult<Vec<Parked>> {
        let outbox = &self.collections().await?.outbox;
        let mut parked = Vec::new();
        for projection in Projection::ALL {
            let fields = Fields::of(projection);
            let found: Vec<OutboxDocument> = walk(outbox, outbox_query::parked(projection, limit)).await?;
            for document in found {
                parked.push(Parked {
                    projection,
                    event: document.event()?,
                    attempts: document.attempts(&fields),
                    reason: document.reason(&fields).to_owned(),
                });
            }
        }
        parked.sort_by_key(|parked| parked.event.id);
        parked.truncate(limit as usize);
        Ok(parked)
    }

    async fn retry_parked(&self, event: Option<Uuid>, due: Timestamp) -> StoreResult<u64> {
        let outbox = &self.collections().await?.outbox;
        let mut retried = 0;
        for projection in Projection::ALL {
            let fields = Fields::of(projection);
            let mut filter = fields.is_parked();
            filter.extend(event.map(|id| ("_id".to_owned(), bson_id(id).into())));
            let update = doc! {
                "$set": { &fields.due: bson_time(due) },
                "$unset": { &fields.attempts: "", &fields.parked: "", &fields.reason: "" },
            };
            retried += outbox.update_many(filter, update).await.map_err(store_error)?.modified_count;
        }
        Ok(retried)
    }

    async fn drop_parked(&self, event: Uuid) -> StoreResult<bool> {
        let mut dropped = 0;
        for projection in Projection::ALL {
            let mut filter = doc! { "_id": bson_id(event) };
            filter.extend(Fields::of(projection).is_parked());
            dropped += self.forget(projection, filter).await?;
        }
        Ok(dropped > 0)
    }
}

impl MongoOutbox {
    /// Takes events from a projection, without a transaction: each is deleted while no other projection has it, or only
    /// taken from this one while another has it still, which will delete it. Each of the two is one change of one
    /// document, made on a condition; whatever changed in between is found by the last command.
    async fn settle(&self, projection: Projection, events: &[Uuid]) -> StoreResult<()> {
        let ids = one_of(events.iter().copied());
        let mut others_are_done = Document::new();
        for other in Projection::ALL.into_iter().filter(|other| *other != projection) {
            others_are_done.extend(Fields::of(other).is_done());
        }
        let mut mine_alone = doc! { "_id": &ids };
        mine_alone.extend(others_are_done.clone());
        let shared = doc! { "_id": ids, "$nor": [others_are_done] };

        let outbox = &self.collections().await?.outbox;
        let gone = outbox.delete_many(mine_alone.clone()).await.map_err(store_error)?.deleted_count;
        if gone == events.len() as u64 {
            return Ok(());
        }
        let mine = doc! { "$unset": Fields::of(projection).all() };
        let taken = outbox.update_many(shared, mine).await.map_err(store_error)?.matched_count;
        if gone + taken < events.len() as u64 {
            outbox.delete_many(mine_alone).await.map_err(store_error)?;
        }
        Ok(())
    }

    /// Changes those of the events that wait.
    async fn update(&self, fields: &Fields, events: &[Uuid], update: Document) -> StoreResult<()> {
        if events.is_empty() {
            return Ok(());
        }
        let mut filter = doc! { "_id": one_of(events.iter().copied()) };
        filter.extend(fields.waits());
        let outbox = &self.collections().await?.outbox;
        outbox.update_many(filter, update).await.map(drop).map_err(store_error)
    }
}

#[derive(Deserialize)]
struct BacklogRow {
    waiting: u64,
    oldest: DateTime,
}

/// One worker's claim.
struct Claiming<'a> {
    outbox: &'a mongodb::Collection<OutboxDocument>,
    projection: Projection,
    fields: Fields,
    lease: Lease,
}

impl Claiming<'_> {
    /// The events of this aggregate up to the first that is not due yet; `None` where that is the head, and where
    /// another worker was quicker. An event of a later version than ours waits for those who can read it.
    async fn aggregate(&self, id: Uuid) -> StoreResult<Option<Claim>> {
        let stretch = outbox_query::of_aggregate(self.projection, id);
        // To a planner the line looks as good, which it is not when it is long.
        let hint = Hint::Name(stretch.index.to_owned());
        let found = find(self.outbox, stretch).hint(hint).await.map_err(store_error)?;
        let documents: Vec<OutboxDocument> = found.try_collect().await.map_err(store_error)?;
        let is_due = |event: &&OutboxDocument| event.due(&self.fields).is_some_and(|due| due <= self.lease.now);
        let events: Vec<Waiting> = documents.iter().take_while(is_due).map_while(|event| self.read(event)).collect();
        let (Some(head), Some(first)) = (documents.first(), events.first()) else { return Ok(None) };
        let aggregate = first.event.aggregate;
        Ok(self.lease_head(head).await?.then_some(Claim { aggregate, events }))
    }

    fn read(&self, document: &OutboxDocument) -> Option<Waiting> {
        let attempts = document.attempts(&self.fields);
        match document.event() {
            Ok(event) => Some(Waiting { event, attempts }),
            Err(error) => {
                tracing::warn!(event = %document.id, error = ?error, "an event can't be read, and waits");
                None
            }
        }
    }

    /// Whether the head was still as it was read, and is ours now.
    async fn lease_head(&self, head: &OutboxDocument) -> StoreResult<bool> {
        let length = i64::try_from(self.lease.length.as_millis()).unwrap_or(i64::MAX);
        let until = Timestamp::from_millis(self.lease.now.millis().saturating_add(length));
        let as_it_was_read = doc! { "_id": head.id, &self.fields.due: head.due(&self.fields).map(bson_time) };
        let leased = doc! { "$set": { &self.fields.due: bson_time(until) } };
        match self.outbox.update_one(as_it_was_read, leased).await.map_err(store_error) {
            Ok(result) => Ok(result.modified_count == 1),
            // Another worker is at it: to try again would be to find it taken.
            Err(error) if error.kind == ErrorKind::Conflict => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Takes events from one projection, and away where no other has them: as a whole, since two projections that are
/// done at once would each find the other not done yet.
struct Forget<'a> {
    collections: &'a Collections,
    projection: Projection,
    found_by: Document,
}

#[async_trait]
impl Work for Forget<'_> {
    type Output = u64;

    async fn run(&self, session: &mut ClientSession) -> StoreResult<u64> {
        let outbox = &self.collections.outbox;
        let taken = doc! { "$unset": Fields::of(self.projection).all() };
        let taken = outbox.update_many(self.found_by.clone(), taken).session(&mut *session).await;
        let taken = taken.map_err(store_error)?.modified_count;
        let mut done = doc! { "_id": self.found_by.get("_id") };
        for projection in Projection::ALL {
            done.extend(Fields::of(projection).is_done());
        }
        outbox.delete_many(done).session(session).await.map_err(store_error)?;
        Ok(taken)
    }
}
