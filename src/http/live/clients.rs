//! How many subscriptions each client has.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::services::rate_limits::Payer;

/// The clients of a gateway who have subscriptions, and how many.
pub(super) struct Clients {
    most: usize,
    counts: Mutex<HashMap<Payer, usize>>,
}

/// A client's place for one subscription, until it is dropped.
pub(super) struct Slot {
    clients: Arc<Clients>,
    payer: Payer,
}

impl Clients {
    /// Each may have `most`.
    pub(super) fn new(most: usize) -> Self {
        Self { most, counts: Mutex::default() }
    }

    /// A place for one more; `None` where the client has as many as it may.
    pub(super) fn enter(self: &Arc<Self>, payer: Payer) -> Option<Slot> {
        let mut counts = self.counts();
        let count = counts.entry(payer).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Slot { clients: Arc::clone(self), payer })
    }

    /// Nothing that holds the lock can panic half-way through a change.
    fn counts(&self) -> MutexGuard<'_, HashMap<Payer, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counts = self.clients.counts();
        if let Some(count) = counts.get_mut(&self.payer) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.payer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    #[test]
    fn a_place_is_free_again_when_it_is_left() {
        let clients = Arc::new(Clients::new(2));
        let at = |last| Payer::Stranger(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)));
        let first = clients.enter(at(1));
        let _second = clients.enter(at(1));
        assert!(clients.enter(at(1)).is_none());
        assert!(clients.enter(at(2)).is_some(), "it is another client's");
        drop(first);
        assert!(clients.enter(at(1)).is_some());
        assert_eq!(clients.counts().len(), 1, "who has none is forgotten");
    }
}
