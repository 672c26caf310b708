//! [`CacheRegister`] on MongoDB: one document, whose `_id` is `cache`.

use std::time::Duration;

use async_trait::async_trait;
use mongodb::Collection;
use mongodb::bson::doc;
use mongodb::options::{ReadConcern, WriteConcern};
use serde::Deserialize;
use uuid::Uuid;

use super::Mongo;
use super::document::bson_id;
use super::error::{kind_of, store_error};
use crate::ports::{Backend, CacheRegister, ErrorKind, Life, Registered, StoreResult};

/// How long a server may wait for the others to confirm that it is the primary.
const PATIENCE: Duration = Duration::from_secs(2);

/// The register in MongoDB.
#[derive(Clone)]
pub struct MongoRegister {
    mongo: Mongo,
}

/// The register as it is stored.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct RegisterDocument {
    generation: i64,
    #[serde(default)]
    life: Option<mongodb::bson::Uuid>,
}

impl MongoRegister {
    pub(super) fn new(mongo: Mongo) -> Self {
        Self { mongo }
    }

    async fn collection(&self) -> StoreResult<&Collection<RegisterDocument>> {
        Ok(&self.mongo.collections().await?.cache_register)
    }
}

#[async_trait]
impl Backend for MongoRegister {
    fn kind(&self) -> &'static str {
        "mongodb"
    }

    async fn check(&self) -> StoreResult<String> {
        self.mongo.check().await
    }
}

#[async_trait]
impl CacheRegister for MongoRegister {
    /// A primary that was replaced without having noticed would answer any weaker read from before.
    async fn registered(&self) -> StoreResult<Registered> {
        let find = self.collection().await?.find_one(doc! { "_id": "cache" });
        let found = find.read_concern(ReadConcern::linearizable()).max_time(PATIENCE).await.map_err(store_error)?;
        let Some(found) = found else { return Ok(Registered::default()) };
        Ok(Registered {
            generation: u64::try_from(found.generation).unwrap_or_default(),
            active: found.life.map(|life| Life(u128::from_be_bytes(life.bytes()))),
        })
    }

    async fn register(&self, generation: u64, active: Option<Life>) -> StoreResult<bool> {
        let collection = self.collection().await?;
        let life = active.map(|life| bson_id(Uuid::from_u128(life.0)));
        let generation = i64::try_from(generation).unwrap_or(i64::MAX);
        let found_by = doc! { "_id": "cache", "generation": generation };
        let update = doc! { "$set": { "life": life, "generation": generation.saturating_add(1) } };
        let done =
            collection.update_one(found_by, update).upsert(generation == 0).write_concern(WriteConcern::majority());
        match done.await {
            Ok(done) => Ok(done.matched_count > 0 || done.upserted_id.is_some()),
            // Somebody else made the document.
            Err(error) if generation == 0 && kind_of(&error) == ErrorKind::Conflict => Ok(false),
            Err(error) => Err(store_error(error)),
        }
    }
}
