//! The index, behind the adapters' backs.

use polygraph::domain::search::{IndexDocument, IndexKey};

use super::elastic::RawElastic;
use super::tantivy::RawTantivy;
use crate::world::World;

pub(crate) enum RawIndex {
    Elastic(RawElastic),
    Tantivy(Box<RawTantivy>),
}

impl RawIndex {
    /// The index of a world. An embedded one must not be open.
    pub(crate) fn of(world: &World) -> Self {
        if world.has_mongodb() {
            Self::Elastic(RawElastic::of(world))
        } else {
            Self::Tantivy(Box::new(RawTantivy::of(world)))
        }
    }

    pub(crate) async fn put(&mut self, document: &IndexDocument, version: u64) {
        match self {
            Self::Elastic(elastic) => elastic.put(document, version).await,
            Self::Tantivy(tantivy) => tantivy.put(document, version),
        }
    }

    pub(crate) async fn remove(&mut self, key: IndexKey) {
        match self {
            Self::Elastic(elastic) => elastic.remove(key).await,
            Self::Tantivy(tantivy) => tantivy.remove(key),
        }
    }

    pub(crate) async fn done(self) {
        match self {
            Self::Elastic(elastic) => elastic.done().await,
            Self::Tantivy(tantivy) => tantivy.done(),
        }
    }
}
