//! Registered documents, in process.

use std::sync::Arc;

use ahash::RandomState;
use async_trait::async_trait;
use moka::sync::Cache;

use crate::ports::{DocumentHash, RegisteredDocuments, StoreResult};

/// What an entry takes beside its text, in bytes.
const OVERHEAD: usize = 128;

/// Documents that were registered with this process. Those that are asked for most stay where there are too many
/// (W-TinyLFU: Einziger, Friedman and Manes, 2017).
pub struct MemoryDocuments {
    kept: Cache<DocumentHash, Arc<str>, RandomState>,
}

impl MemoryDocuments {
    /// Keeps none yet, and never more than `max_bytes` of them.
    pub fn new(max_bytes: u64) -> Self {
        let weigh = |_: &DocumentHash, text: &Arc<str>| u32::try_from(text.len() + OVERHEAD).unwrap_or(u32::MAX);
        Self { kept: Cache::builder().max_capacity(max_bytes).weigher(weigh).build_with_hasher(RandomState::new()) }
    }
}

#[async_trait]
impl RegisteredDocuments for MemoryDocuments {
    async fn document(&self, hash: DocumentHash) -> StoreResult<Option<Arc<str>>> {
        Ok(self.kept.get(&hash))
    }

    async fn register(&self, hash: DocumentHash, text: &Arc<str>) -> StoreResult<()> {
        self.kept.insert(hash, Arc::clone(text));
        Ok(())
    }
}
