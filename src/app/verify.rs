//! `verify`: the truth against what is derived from it.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::writing::forgetting;
use super::{AppError, OpenStores, SystemEntropy};
use crate::ports::{Clock, Projection, StoreError};
use crate::services::progress::Progress;
use crate::services::stamps::Stamps;
use crate::services::verify::{Comparison, Difference, Mode, PATIENCE};
use crate::sync::{IndexProjection, Relay};

/// Compares, prints each difference, and mends them if that is wanted; then compares again. What still waits for the
/// index of stores that nobody else can use is carried to it: that is no difference.
///
/// # Errors
/// Where there is a difference (still), or a store fails.
pub async fn verify_stores(
    stores: &OpenStores,
    repair: bool,
    clock: &Arc<dyn Clock>,
    progress: &dyn Progress,
) -> Result<(), AppError> {
    let compared = stores.unlayered();
    let report = Comparison { stores: &compared, outboxes: &stores.outboxes, mode: Mode::Report, patience: PATIENCE };
    let mut print = |difference: &Difference| println!("{difference}");
    if !repair {
        let comparing = report.run(progress, &mut print);
        // Where the stores are ours alone, nobody else carries what waits; else a gateway does.
        let compared =
            if stores.are_ours_alone { while_relaying(stores, clock, comparing).await } else { comparing.await };
        return match compared.map_err(stopped)? {
            0 => all_is_well(),
            count => Err(AppError::because(format!("Differences: {count}. `polygraph verify --repair` mends them."))),
        };
    }
    let stamps = Stamps::new(Arc::clone(clock), Arc::new(SystemEntropy));
    let mending = async {
        let mend = Comparison { mode: Mode::Repair(&stamps), ..report };
        let mended = mend.run(progress, &mut print).await.map_err(stopped)?;
        if mended > 0 {
            println!("Mended: {mended}. Comparing again.");
            stores.forget_results().await.map_err(stopped)?;
        }
        report.run(progress, &mut print).await.map_err(stopped)
    };
    match while_relaying(stores, clock, mending).await? {
        0 => all_is_well(),
        count => Err(AppError::because(format!(
            "Differences that are left: {count}. `polygraph outbox list` shows what could not be carried to the index; \
             `polygraph reindex` builds the index anew."
        ))),
    }
}

fn all_is_well() -> Result<(), AppError> {
    println!("No difference.");
    Ok(())
}

/// Carries events to the index while `work` goes on: there may be no gateway that does. Where there is one, the two
/// share the work.
async fn while_relaying<T>(stores: &OpenStores, clock: &Arc<dyn Clock>, work: impl Future<Output = T>) -> T {
    let index = IndexProjection::new(Arc::clone(&stores.users), Arc::clone(&stores.posts), Arc::clone(&stores.search));
    let relay = Relay::new(stores.outboxes.clone(), Arc::clone(clock), Arc::new(SystemEntropy))
        .alone(stores.are_ours_alone)
        .with(Projection::Index, Arc::new(forgetting(index, stores)));
    let stop = CancellationToken::new();
    let work = async {
        let done = work.await;
        stop.cancel();
        done
    };
    futures::join!(work, relay.run(stop.clone())).0
}

pub(super) fn stopped(error: StoreError) -> AppError {
    AppError::new(
        "It was stopped by a failure. To run it again does no harm; `polygraph doctor` shows each store.",
        error,
    )
}
