//! An event as its document: what Debezium's event router reads, and where each projection stands with it.

use std::collections::BTreeMap;

use mongodb::bson::{Bson, DateTime, Document, RawDocument, Uuid as BsonUuid, doc};
use mongodb::error::Result;
use mongodb::{ClientSession, Collection};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::decode::Decode;
use super::document::{bson_id, bson_time, timestamp};
use super::error::store_error;
use crate::domain::Timestamp;
use crate::domain::event::Event;
use crate::ports::{Projection, Role, StoreError, StoreResult};

/// An event. It is never changed, but for the fields of projections, and goes when none of them has it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct OutboxDocument {
    #[serde(rename = "_id")]
    pub(super) id: BsonUuid,
    aggregatetype: String,
    /// Text, as the router wants its keys.
    aggregateid: String,
    #[serde(rename = "type")]
    kind: String,
    /// The event in its envelope, as JSON.
    payload: String,
    /// The aggregate's version after it: events of one aggregate are in this order.
    version: u64,
    at: DateTime,
    /// Where the projections stand, in fields that [`Fields`] names.
    #[serde(flatten)]
    progress: BTreeMap<String, Bson>,
}

impl Decode for OutboxDocument {
    fn decode(document: &RawDocument) -> Result<Self> {
        Ok(mongodb::bson::deserialize_from_slice(document.as_bytes())?)
    }
}

impl OutboxDocument {
    fn new(event: &Event) -> StoreResult<Self> {
        let payload =
            serde_json::to_string(event).map_err(|error| StoreError::internal(Role::Posts, error.to_string()))?;
        let wanting = Projection::ALL.into_iter().filter(|projection| projection.wants(event));
        let at = bson_time(event.at);
        Ok(Self {
            id: bson_id(event.id),
            aggregatetype: event.aggregate.kind().to_owned(),
            aggregateid: event.aggregate.uuid().to_string(),
            kind: event.happened.name().to_owned(),
            payload,
            version: event.version,
            at,
            progress: wanting.map(|projection| (Fields::of(projection).due, at.into())).collect(),
        })
    }

    /// The event.
    pub(super) fn event(&self) -> StoreResult<Event> {
        serde_json::from_str(&self.payload)
            .map_err(|error| StoreError::internal(Role::Posts, format!("the event {} can't be read: {error}", self.id)))
    }

    /// When the projection may have it; `None` where it does not wait for that one.
    pub(super) fn due(&self, fields: &Fields) -> Option<Timestamp> {
        self.progress.get(&fields.due).and_then(Bson::as_datetime).copied().map(timestamp)
    }

    /// How many tries failed.
    pub(super) fn attempts(&self, fields: &Fields) -> u32 {
        let attempts = match self.progress.get(&fields.attempts) {
            Some(Bson::Int32(attempts)) => i64::from(*attempts),
            Some(Bson::Int64(attempts)) => *attempts,
            _ => 0,
        };
        u32::try_from(attempts).unwrap_or(0)
    }

    /// Why the last try failed.
    pub(super) fn reason(&self, fields: &Fields) -> &str {
        self.progress.get(&fields.reason).and_then(Bson::as_str).unwrap_or_default()
    }
}

/// The names of the fields in which a projection keeps where it stands with an event.
pub(super) struct Fields {
    /// When it may have the event. There while it waits; the lease of a claim moves it on.
    pub(super) due: String,
    /// How many tries failed.
    pub(super) attempts: String,
    /// There, and true, while it has given up.
    pub(super) parked: String,
    /// Why it gave up.
    pub(super) reason: String,
}

impl Fields {
    /// The fields of a projection.
    pub(super) fn of(projection: Projection) -> Self {
        let field = |what| format!("{}{what}", projection.name());
        Self { due: field("Due"), attempts: field("Attempts"), parked: field("Parked"), reason: field("Reason") }
    }

    /// The condition that an event waits.
    pub(super) fn waits(&self) -> Document {
        doc! { &self.due: { "$gt": DateTime::MIN } }
    }

    /// The condition that the projection has given up on an event.
    pub(super) fn is_parked(&self) -> Document {
        doc! { &self.parked: true }
    }

    /// The condition that the projection has nothing to do with an event, or is done.
    pub(super) fn is_done(&self) -> Document {
        doc! { &self.due: null, &self.parked: null }
    }

    /// What is taken from an event when the projection is done with it.
    pub(super) fn all(&self) -> Document {
        doc! { &self.due: "", &self.attempts: "", &self.parked: "", &self.reason: "" }
    }
}

/// Leaves events within the transaction that `session` is in.
pub(super) async fn leave(
    session: &mut ClientSession,
    outbox: &Collection<OutboxDocument>,
    events: &[Event],
) -> StoreResult<()> {
    let wanted = events.iter().filter(|event| Projection::ALL.iter().any(|projection| projection.wants(event)));
    let documents = wanted.map(OutboxDocument::new).collect::<StoreResult<Vec<_>>>()?;
    if documents.is_empty() {
        return Ok(());
    }
    outbox.insert_many(&documents).session(session).await.map(drop).map_err(store_error)
}

/// An event's place in the queue, read from an index alone.
#[derive(Debug, Deserialize)]
pub(super) struct Place {
    aggregateid: String,
}

impl Decode for Place {
    fn decode(document: &RawDocument) -> Result<Self> {
        Ok(mongodb::bson::deserialize_from_slice(document.as_bytes())?)
    }
}

impl Place {
    /// Whose it is; `None` where that can't be read.
    pub(super) fn aggregate(&self) -> Option<Uuid> {
        Uuid::parse_str(&self.aggregateid).ok()
    }
}
