//! What the steps bring about: collections, validators, indexes.
//!
//! A published step is never changed; what comes later is a new one. Validators are given whole, so a later step
//! names the collection again with the validator of then.

use mongodb::IndexModel;
use mongodb::bson::{Document, doc};
use mongodb::options::IndexOptions;

/// The full name of a collection of Polygraph's.
pub fn collection(namespace: &str, name: &str) -> String {
    format!("{namespace}_{name}")
}

/// The names of the indexes, for those who say which one a query walks.
pub mod index {
    /// Every collection has it.
    pub const ID: &str = "_id_";
    /// Posts of an author, newest first.
    pub const POSTS_BY_AUTHOR: &str = "by_author";
    /// Posts, most liked first.
    pub const POSTS_BY_LIKES: &str = "by_likes";
    /// Posts of an author, most liked first.
    pub const POSTS_BY_AUTHOR_AND_LIKES: &str = "by_author_and_likes";
    /// Likes of a post, newest first.
    pub const LIKES_BY_POST: &str = "by_post";
    /// Likes given by a user, newest first.
    pub const LIKES_BY_USER: &str = "by_user";
    /// Likes in a period, with who received them and for what.
    pub const LIKES_BY_TIME: &str = "by_time";
    /// Idempotency keys, the oldest first.
    pub const KEYS_BY_TIME: &str = "by_time";
    /// Events of one aggregate, in order.
    pub const OUTBOX_BY_AGGREGATE: &str = "by_aggregate";

    /// Events that wait for the search index, those first that are due first.
    pub const OUTBOX_DUE_FOR_INDEX: &str = "index_due";
    /// Events that wait for the deletion of accounts, those first that are due first.
    pub const OUTBOX_DUE_FOR_DELETION: &str = "deletion_due";
    /// Events that the search index gave up on, the oldest first.
    pub const OUTBOX_PARKED_FOR_INDEX: &str = "index_parked";
    /// Events that the deletion of accounts gave up on, the oldest first.
    pub const OUTBOX_PARKED_FOR_DELETION: &str = "deletion_parked";
    /// Events that wait for the event bus, those first that are due first.
    pub const OUTBOX_DUE_FOR_BUS: &str = "bus_due";
    /// Events that the event bus gave up on, the oldest first.
    pub const OUTBOX_PARKED_FOR_BUS: &str = "bus_parked";
}

/// One numbered change.
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) collections: fn() -> Vec<Collection>,
}

/// A collection as a step wants it to be.
pub(super) struct Collection {
    pub(super) name: &'static str,
    pub(super) validator: Document,
    pub(super) indexes: Vec<IndexModel>,
}

/// All steps, in the order in which they are applied.
pub(super) const STEPS: &[Step] = &[
    Step { name: "0001_posts_and_likes", collections: posts_and_likes },
    Step { name: "0002_publishing", collections: publishing },
    Step { name: "0003_cache_register", collections: cache_register },
    Step { name: "0004_event_bus", collections: event_bus },
];

fn posts_and_likes() -> Vec<Collection> {
    vec![posts(), likes(), authors()]
}

fn publishing() -> Vec<Collection> {
    vec![authors_who_close(), publish_keys(), outbox(&[INDEX, DELETION])]
}

/// Events wait for the bus as well.
fn event_bus() -> Vec<Collection> {
    vec![outbox(&[INDEX, DELETION, BUS])]
}

/// What this server says about the cache of results: one document at most. No life is a suspended cache.
fn cache_register() -> Vec<Collection> {
    vec![Collection {
        name: "cache_register",
        validator: schema(
            &["_id", "generation"],
            doc! {
                "_id": { "bsonType": "string" },
                "generation": count(),
                "life": { "bsonType": ["binData", "null"] },
            },
        ),
        indexes: Vec::new(),
    }]
}

fn posts() -> Collection {
    let required = ["_id", "author", "title", "content", "createdAt", "updatedAt", "revision", "likeCount", "version"];
    Collection {
        name: "posts",
        validator: schema(
            &required,
            doc! {
                "_id": { "bsonType": "binData" },
                "author": { "bsonType": "binData" },
                "title": { "bsonType": "string", "minLength": 1 },
                "content": { "bsonType": "string", "minLength": 1 },
                "createdAt": { "bsonType": "date" },
                "updatedAt": { "bsonType": "date" },
                "revision": { "bsonType": ["int", "long"], "minimum": 1 },
                "likeCount": count(),
                "version": count(),
            },
        ),
        indexes: vec![
            named(index::POSTS_BY_AUTHOR, doc! { "author": 1, "_id": -1 }),
            named(index::POSTS_BY_LIKES, doc! { "likeCount": -1, "_id": -1 }),
            named(index::POSTS_BY_AUTHOR_AND_LIKES, doc! { "author": 1, "likeCount": -1, "_id": -1 }),
        ],
    }
}

/// A like's key is the 16 bytes of the post's id and the 16 of the user's: unique by itself, found by the like's id,
/// in the order of (post, user). Both stand beside it as fields, for the indexes of pages and for people.
fn likes() -> Collection {
    let id = || doc! { "bsonType": "binData" };
    Collection {
        name: "likes",
        validator: schema(
            &["_id", "post", "user", "author", "createdAt"],
            doc! {
                "_id": id(),
                "post": id(),
                "user": id(),
                "author": id(),
                "createdAt": { "bsonType": "date" },
            },
        ),
        indexes: vec![
            named(index::LIKES_BY_POST, doc! { "post": 1, "createdAt": -1, "user": -1 }),
            named(index::LIKES_BY_USER, doc! { "user": 1, "createdAt": -1, "post": -1 }),
            named(index::LIKES_BY_TIME, doc! { "createdAt": 1, "author": 1, "post": 1 }),
        ],
    }
}

/// Counters of each user who has written or liked, changed in the transaction that changes what they count.
fn authors() -> Collection {
    Collection {
        name: "authors",
        validator: schema(
            &["_id", "posts", "likes"],
            doc! { "_id": { "bsonType": "binData" }, "posts": count(), "likes": count() },
        ),
        indexes: Vec::new(),
    }
}

/// Authors, with the mark of a closed account, and with what a write sets that counts nothing but must meet it.
fn authors_who_close() -> Collection {
    Collection {
        name: "authors",
        validator: schema(
            &["_id", "posts", "likes"],
            doc! {
                "_id": { "bsonType": "binData" },
                "posts": count(),
                "likes": count(),
                "closed": { "bsonType": "bool" },
                "touched": { "bsonType": "binData" },
            },
        ),
        indexes: Vec::new(),
    }
}

/// What authors published under which key. There is no TTL index: when a key is forgotten is said by the gateway,
/// whose clock is not the server's.
fn publish_keys() -> Collection {
    let id = || doc! { "bsonType": "binData" };
    Collection {
        name: "publish_keys",
        validator: schema(
            &["_id", "post", "fingerprint", "createdAt"],
            doc! { "_id": id(), "post": id(), "fingerprint": id(), "createdAt": { "bsonType": "date" } },
        ),
        indexes: vec![named(index::KEYS_BY_TIME, doc! { "createdAt": 1 })],
    }
}

/// A projection's name, and the indexes of what is due for it and of what it gave up on.
type Projection = (&'static str, &'static str, &'static str);

const INDEX: Projection = ("index", index::OUTBOX_DUE_FOR_INDEX, index::OUTBOX_PARKED_FOR_INDEX);
const DELETION: Projection = ("deletion", index::OUTBOX_DUE_FOR_DELETION, index::OUTBOX_PARKED_FOR_DELETION);
const BUS: Projection = ("bus", index::OUTBOX_DUE_FOR_BUS, index::OUTBOX_PARKED_FOR_BUS);

/// Events, each in one document with the fields that Debezium's event router reads, and for each projection what it
/// has yet to do with it: fields that begin with the projection's name, so that plain indexes find them.
fn outbox(projections: &[Projection]) -> Collection {
    let text = || doc! { "bsonType": "string" };
    let mut properties = doc! {
        "_id": { "bsonType": "binData" },
        "aggregatetype": text(),
        "aggregateid": text(),
        "type": text(),
        "payload": text(),
        "version": count(),
        "at": { "bsonType": "date" },
    };
    let mut indexes = vec![named(index::OUTBOX_BY_AGGREGATE, doc! { "aggregateid": 1, "version": 1 })];
    for (projection, due, parked) in projections {
        let field = |what: &str| format!("{projection}{what}");
        properties.insert(field("Due"), doc! { "bsonType": "date" });
        properties.insert(field("Attempts"), count());
        properties.insert(field("Parked"), doc! { "bsonType": "bool" });
        properties.insert(field("Reason"), text());
        // The walk of those that are due needs no more than the index.
        indexes.push(named(due, doc! { field("Due"): 1, "at": 1, "aggregateid": 1 }));
        indexes.push(named(parked, doc! { field("Parked"): 1, "_id": 1 }));
    }
    let required = ["_id", "aggregatetype", "aggregateid", "type", "payload", "version", "at"];
    Collection { name: "outbox", validator: schema(&required, properties), indexes }
}

fn count() -> Document {
    doc! { "bsonType": ["int", "long"], "minimum": 0 }
}

fn schema(required: &[&str], properties: Document) -> Document {
    doc! { "$jsonSchema": { "bsonType": "object", "required": required, "properties": properties } }
}

fn named(name: &str, keys: Document) -> IndexModel {
    IndexModel::builder().keys(keys).options(IndexOptions::builder().name(name.to_owned()).build()).build()
}
