//! A shuffling of `0..len` that is computed for each place and never stored.

use super::dice::Dice;

const ROUNDS: usize = 4;

/// A seeded one-to-one mapping of `0..len` onto itself: a Feistel network over the next power of four, walked until
/// it lands inside (cycle walking), which takes fewer than four steps on average.
#[derive(Debug, Clone)]
pub(super) struct Shuffle {
    len: u64,
    half_bits: u32,
    keys: [u64; ROUNDS],
}

impl Shuffle {
    pub(super) fn new(len: u64, dice: &mut Dice) -> Self {
        let bits = u64::BITS - len.saturating_sub(1).leading_zeros();
        Self { len, half_bits: bits.div_ceil(2).max(1), keys: std::array::from_fn(|_| dice.number()) }
    }

    /// What stands at `place`, which must be below `len`.
    pub(super) fn at(&self, place: u64) -> u64 {
        debug_assert!(place < self.len);
        let mut value = place;
        loop {
            value = self.encrypt(value);
            if value < self.len {
                return value;
            }
        }
    }

    fn encrypt(&self, value: u64) -> u64 {
        let mask = (1_u64 << self.half_bits) - 1;
        let (mut left, mut right) = (value >> self.half_bits, value & mask);
        for key in self.keys {
            (left, right) = (right, left ^ (mix(right ^ key) & mask));
        }
        (left << self.half_bits) | right
    }
}

/// The finaliser of SplitMix64.
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::dice::Purpose;
    use super::*;

    proptest! {
        #[test]
        fn everything_comes_exactly_once(len in 1_u64..2_000, seed: u64) {
            let shuffle = Shuffle::new(len, &mut Dice::new(seed, Purpose::Fame, 0));
            let mut all: Vec<u64> = (0..len).map(|place| shuffle.at(place)).collect();
            all.sort_unstable();
            prop_assert!(all.into_iter().eq(0..len));
        }
    }

    #[test]
    fn the_order_is_not_the_old_one() {
        let shuffle = Shuffle::new(1_000, &mut Dice::new(42, Purpose::Fame, 0));
        let kept = (0..1_000).filter(|&place| shuffle.at(place) == place).count();
        assert!(kept < 20, "{kept} of 1,000 kept their place");
    }
}
