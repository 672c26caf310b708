//! Registered documents in Redis: `{namespace}:document:{hash}` is a text, for [`KEPT`] after it was last asked for.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bb8_redis::redis::cmd;

use super::Redis;
use crate::domain::hex;
use crate::ports::{DocumentHash, RegisteredDocuments, StoreResult};

/// How long a document is kept that nobody asks for. Gateways remember those that are in use and don't ask.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

impl Redis {
    fn document_key(&self, hash: DocumentHash) -> String {
        format!("{}:document:{}", self.namespace, hex(&hash.0))
    }
}

#[async_trait]
impl RegisteredDocuments for Redis {
    async fn document(&self, hash: DocumentHash) -> StoreResult<Option<Arc<str>>> {
        let mut command = cmd("GETEX");
        command.arg(self.document_key(hash)).arg("EX").arg(KEPT.as_secs());
        let text: Option<String> = self.run(&command).await?;
        Ok(text.map(Arc::from))
    }

    async fn register(&self, hash: DocumentHash, text: &Arc<str>) -> StoreResult<()> {
        let mut command = cmd("SET");
        command.arg(self.document_key(hash)).arg(text.as_ref()).arg("EX").arg(KEPT.as_secs());
        self.run(&command).await
    }
}
