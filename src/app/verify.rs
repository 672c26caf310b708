//! `verify` and `reindex`: the truth against what is derived from it.

use crate::ports::{StoreError, Stores};
use crate::services::progress::Progress;
use crate::services::reindex::fill_index;
use crate::services::verify::{Difference, Mode, verify};

use super::AppError;

/// Compares, prints each difference, and mends them if that is wanted; then compares again.
///
/// # Errors
/// Where there is a difference (still), or a store fails.
pub async fn verify_stores(stores: &Stores, repair: bool, progress: &dyn Progress) -> Result<(), AppError> {
    let mut print = |difference: &Difference| println!("{difference}");
    if repair {
        let mended = verify(stores, Mode::Repair, progress, &mut print).await.map_err(stopped)?;
        if mended > 0 {
            println!("Mended: {mended}. Comparing again.");
        }
    }
    match (verify(stores, Mode::Report, progress, &mut print).await.map_err(stopped)?, repair) {
        (0, _) => {
            println!("No difference.");
            Ok(())
        }
        (count, false) => {
            Err(AppError::because(format!("Differences: {count}. `polygraph verify --repair` mends them.")))
        }
        (count, true) => Err(AppError::because(format!(
            "Differences that are left: {count}. What is written at this moment may be among them; `polygraph reindex` \
             fills the index anew."
        ))),
    }
}

/// Fills the index anew, and mends what changed while that went on.
///
/// # Errors
/// Where a store fails.
pub async fn reindex(stores: &Stores, progress: &dyn Progress) -> Result<(), AppError> {
    let Stores { users, posts, search } = stores;
    let filled = fill_index(&**users, &**posts, &**search, progress).await.map_err(stopped)?;
    let mended = verify(stores, Mode::Repair, progress, &mut |_| {}).await.map_err(stopped)?;
    println!("Documents put: {}. Mended afterwards: {mended}.", filled.documents());
    Ok(())
}

fn stopped(error: StoreError) -> AppError {
    AppError::new(
        "It was stopped by a failure. To run it again does no harm; `polygraph doctor` shows each store.",
        error,
    )
}
