//! How far the projections are behind.

use std::sync::Arc;

use crate::ports::{Backlog, Outbox, Projection, StoreResult};

/// The backlog of each projection, over all outboxes.
///
/// # Errors
/// The first failure of an outbox.
pub async fn status(outboxes: &[Arc<dyn Outbox>]) -> StoreResult<Vec<(Projection, Backlog)>> {
    let mut status = Vec::new();
    for projection in Projection::ALL {
        let mut all = Backlog::default();
        for outbox in outboxes {
            let Backlog { waiting, parked, oldest } = outbox.backlog(projection).await?;
            all.waiting += waiting;
            all.parked += parked;
            all.oldest = all.oldest.into_iter().chain(oldest).min();
        }
        status.push((projection, all));
    }
    Ok(status)
}
