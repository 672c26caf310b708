//! The port that limits how much is done in how much time: budgets that are spent, and refill steadily.

use std::time::Duration;

use async_trait::async_trait;

use super::{Backend, StoreResult};

/// Spends budgets by key.
///
/// The rule is the generic cell rate algorithm in its virtual scheduling form (ITU-T Recommendation I.371, Annex A; the
/// ATM Forum's Traffic Management 4.0): all that is kept of a key is the moment at which its budget is full again.
/// To spend moves that moment away by the time in which as much refills; what would move it further than a whole
/// window is refused, and moves nothing.
#[async_trait]
pub trait RateLimiter: Backend {
    /// Spends units of a key's budget, all or none. A key that was never spent from has a full budget. Atomic, also among
    /// gateways that share the store.
    async fn spend(&self, key: &str, units: u64, quota: Quota) -> StoreResult<Spent>;
}

/// A budget: as many units may be spent at once, and refill evenly over the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// How many, at least 1.
    pub units: u64,
    /// In how much time an empty budget is full again.
    pub window: Duration,
}

/// What became of a wish to spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// `None` where it was spent; else how long to wait until it can be, if nothing else is spent meanwhile.
    pub refused_for: Option<Duration>,
    /// How many units are left.
    pub remaining: u64,
    /// How long until the budget is full again.
    pub full_after: Duration,
}

/// Microseconds that a number of a store can hold beside the present: those of Lua are exact to 53 bits.
const LONGEST: u64 = 1 << 51;

impl Quota {
    /// The window in microseconds: at least 1, and at most 71 years.
    pub fn window_micros(&self) -> u64 {
        u64::try_from(self.window.as_micros()).unwrap_or(LONGEST).clamp(1, LONGEST)
    }

    /// In how many microseconds so many units refill, at least 1. What costs more than the whole budget is taken for the
    /// whole: refused for ever it would be no limit of a rate.
    pub fn price_micros(&self, units: u64) -> u64 {
        let whole = self.units.max(1);
        let price = u128::from(units.min(whole)) * u128::from(self.window_micros()) / u128::from(whole);
        // It is no longer than the window.
        u64::try_from(price).unwrap_or(LONGEST).max(1)
    }

    /// What a budget of this quota is that is full again after `debt` microseconds, when it has to be waited `wait`
    /// microseconds to spend.
    pub fn spent(&self, debt: u64, wait: u64) -> Spent {
        let window = self.window_micros();
        let left = u128::from(window.saturating_sub(debt)) * u128::from(self.units.max(1)) / u128::from(window);
        Spent {
            refused_for: (wait > 0).then(|| Duration::from_micros(wait)),
            remaining: u64::try_from(left).unwrap_or(u64::MAX),
            full_after: Duration::from_micros(debt),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_spent_in_parts_or_at_once() {
        for units in [1, 7, 10, 997, 60_000, 1_000_000] {
            let quota = Quota { units, window: Duration::from_secs(60) };
            assert!(quota.price_micros(1) * units <= quota.window_micros(), "{units} by one");
            assert_eq!(quota.price_micros(units), quota.window_micros());
            assert_eq!(quota.price_micros(u64::MAX), quota.window_micros(), "more than all is all");
            assert_eq!(quota.spent(quota.price_micros(1), 0).remaining, units - 1);
            assert_eq!(quota.spent(quota.window_micros(), 1).remaining, 0);
        }
    }

    #[test]
    fn what_is_out_of_all_bounds_is_held_within_them() {
        let quota = Quota { units: 0, window: Duration::MAX };
        assert_eq!(quota.price_micros(u64::MAX), LONGEST);
        assert_eq!(quota.price_micros(0), 1);
        assert_eq!(Quota { units: u64::MAX, window: Duration::ZERO }.price_micros(1), 1);
    }
}
