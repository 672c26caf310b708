//! `reindex`: the index, made anew from the truth.

use super::AppError;
use super::verify::stopped;
use crate::ports::Stores;
use crate::services::progress::Progress;
use crate::services::reindex::fill_index;

/// Fills the index anew, and mends what changed while that went on.
///
/// # Errors
/// Where a store fails.
pub async fn reindex(stores: &Stores, progress: &dyn Progress) -> Result<(), AppError> {
    let Stores { users, posts, search } = stores;
    let filled = fill_index(&**users, &**posts, &**search, progress).await.map_err(stopped)?;
    println!("Documents put: {}.", filled.documents());
    Ok(())
}
