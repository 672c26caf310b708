//! Which events came already: the bus delivers at least once, subscribers are told once.

use std::collections::{HashSet, VecDeque};

use ahash::RandomState;
use uuid::Uuid;

/// How many events are remembered. One is published again when a relay was cut off after it had published it, within
/// its lease: so many events in half a minute are more than a gateway tells of.
const REMEMBERED: usize = 65_536;

/// The ids of the events that came last.
#[derive(Default)]
pub(super) struct Seen {
    ids: HashSet<Uuid, RandomState>,
    order: VecDeque<Uuid>,
}

impl Seen {
    /// Remembers that this one came. Returns whether it did not come before.
    pub(super) fn is_new(&mut self, id: Uuid) -> bool {
        if !self.ids.insert(id) {
            return false;
        }
        self.order.push_back(id);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_new_once_and_the_oldest_are_forgotten() {
        let mut seen = Seen::default();
        for id in 0..=REMEMBERED as u128 {
            assert!(seen.is_new(Uuid::from_u128(id)));
        }
        assert!(!seen.is_new(Uuid::from_u128(REMEMBERED as u128)));
        assert!(!seen.is_new(Uuid::from_u128(1)));
        assert!(seen.is_new(Uuid::from_u128(0)), "it was forgotten");
        assert_eq!(seen.ids.len(), REMEMBERED);
    }
}
