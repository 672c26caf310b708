//! The outbox's queries as they are sent: public, so that the EXPLAIN test examines exactly these.

use mongodb::bson::{Document, doc};
use polygraph_migrations::mongo::index;
use uuid::Uuid;

use super::document::bson_time;
use super::outbox_document::Fields;
use super::query::Stretch;
use crate::domain::Timestamp;
use crate::ports::Projection;

/// How many events of one aggregate are claimed at once.
const EVENTS: i64 = 500;

/// The line of those that are due, those first that have been for longest: of each event its aggregate alone, which
/// the index knows.
pub fn line(projection: Projection, now: Timestamp, limit: u32) -> Stretch {
    let due = Fields::of(projection).due;
    Stretch {
        filter: doc! { &due: { "$lte": bson_time(now) } },
        sort: doc! { &due: 1, "at": 1 },
        index: match projection {
            Projection::Index => index::OUTBOX_DUE_FOR_INDEX,
            Projection::Deletion => index::OUTBOX_DUE_FOR_DELETION,
            Projection::Bus => index::OUTBOX_DUE_FOR_BUS,
        },
        limit: i64::from(limit),
        projection: Some(doc! { "_id": 0, "aggregateid": 1 }),
    }
}

/// The first events of one aggregate that wait, due or not. That they wait is said in a way that no planner takes for
/// a stretch of the line, and this one is sent with its index as a hint: the line may be long.
pub fn of_aggregate(projection: Projection, aggregate: Uuid) -> Stretch {
    let due = Fields::of(projection).due;
    Stretch {
        filter: doc! { "aggregateid": aggregate.to_string(), "$nor": [{ due: null }] },
        sort: doc! { "version": 1 },
        index: index::OUTBOX_BY_AGGREGATE,
        limit: EVENTS,
        projection: None,
    }
}

/// Those of these aggregates that have events which wait, as places. It goes by the index of [`of_aggregate`].
pub fn waiting(projection: Projection, aggregates: impl Iterator<Item = Uuid>) -> [Document; 2] {
    let due = Fields::of(projection).due;
    let aggregates: Vec<String> = aggregates.map(|id| id.to_string()).collect();
    [
        doc! { "$match": { "aggregateid": { "$in": aggregates }, "$nor": [{ due: null }] } },
        doc! { "$group": { "_id": "$aggregateid", "aggregateid": { "$first": "$aggregateid" } } },
    ]
}

/// Events that the projection gave up on, the oldest first.
pub fn parked(projection: Projection, limit: u32) -> Stretch {
    Stretch {
        filter: Fields::of(projection).is_parked(),
        sort: doc! { "_id": 1 },
        index: match projection {
            Projection::Index => index::OUTBOX_PARKED_FOR_INDEX,
            Projection::Deletion => index::OUTBOX_PARKED_FOR_DELETION,
            Projection::Bus => index::OUTBOX_PARKED_FOR_BUS,
        },
        limit: i64::from(limit),
        projection: None,
    }
}
