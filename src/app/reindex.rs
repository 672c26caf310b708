//! `reindex`: the index, built anew from the truth.

use crate::ports::{ErrorKind, StoreError};
use crate::services::progress::Progress;
use crate::services::reindex::{Rebuilt, rebuild_index};

use super::verify::stopped;
use super::{AppError, OpenStores};

/// Builds an index beside the one that answers, and puts it in its place. When `stop` comes first, it is removed.
///
/// # Errors
/// Where a store fails, another `reindex` was begun meanwhile, or `stop` came first.
pub async fn reindex(
    stores: &OpenStores,
    progress: &dyn Progress,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), AppError> {
    match rebuild_index(&stores.unlayered(), progress, stop).await.map_err(explained)? {
        Rebuilt::Done(report) => {
            stores.forget_results().await.map_err(stopped)?;
            println!("The index is new. Documents: {}.", report.documents());
            Ok(())
        }
        Rebuilt::Stopped => Err(AppError::because("Stopped. What was built is removed, and the index is as it was.")),
    }
}

fn explained(error: StoreError) -> AppError {
    match error.kind {
        ErrorKind::Conflict => AppError::new("Another `polygraph reindex` has begun since, and goes on.", error),
        _ => stopped(error),
    }
}
