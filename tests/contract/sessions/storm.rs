//! Many who read the truth and keep what they read, against many who change it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use polygraph::domain::Timestamp;
use polygraph::ports::Session;

use super::{World, keep, session};

/// How often the truth changes, by each of those who change it.
const CHANGES: i64 = 60;

/// The truth of a session is here a number that grows, shown as its beginning: what was read before a change that was
/// acknowledged must not be found after it.
pub(super) async fn an_ended_session_is_never_found(world: &dyn World) {
    let (truth, over, session) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicBool::new(false)), session(7));
    let found = Arc::new(AtomicU64::new(0));
    let mut readers = Vec::new();
    for pause in 0..6 {
        let (cache, truth, over, found) = (world.cache(), truth.clone(), over.clone(), found.clone());
        readers.push(tokio::spawn(async move {
            while !over.load(Ordering::SeqCst) {
                let acknowledged = truth.load(Ordering::SeqCst) / 2;
                let look = cache.look(session.token).await.expect("it answers");
                if let Some(kept) = look.found {
                    let shown = kept.session.created_at.millis();
                    assert!(shown >= acknowledged, "{shown} was changed before {acknowledged} was acknowledged");
                    found.fetch_add(1, Ordering::SeqCst);
                }
                // The truth as it is after the look; it may change until this is kept.
                let read = (truth.load(Ordering::SeqCst) + 1) / 2;
                // At least once, since a backend in memory never lets others have their turn.
                for _ in 0..=pause {
                    tokio::task::yield_now().await;
                }
                let read = Session { created_at: Timestamp::from_millis(read), ..session };
                keep(&cache, &read, look.mark).await;
            }
        }));
    }
    let cache = world.neighbour();
    for _ in 0..CHANGES {
        // Odd: committed, and not yet acknowledged.
        truth.fetch_add(1, Ordering::SeqCst);
        cache.revoke(session.user).await.expect("it answers");
        truth.fetch_add(1, Ordering::SeqCst);
        let before = found.load(Ordering::SeqCst);
        // Until somebody has found something again, so that there is always something to revoke.
        while found.load(Ordering::SeqCst) == before && readers.iter().all(|reader| !reader.is_finished()) {
            tokio::task::yield_now().await;
        }
    }
    over.store(true, Ordering::SeqCst);
    for reader in readers {
        reader.await.expect("no reader found what was over");
    }
    assert!(found.load(Ordering::SeqCst) >= CHANGES.unsigned_abs());
}
