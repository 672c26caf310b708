//! Randomness that can be repeated: dice seeded by the plan's number, by what they are thrown for, and by its index.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// What dice are thrown for. The numbers are part of the format: another number is another society.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    UserId = 1,
    SignUp = 2,
    Person = 3,
    Bio = 4,
    Interests = 5,
    HandleNumbers = 6,
    Fame = 7,
    PostId = 8,
    Post = 9,
    Prose = 10,
    Popularity = 11,
    Likes = 12,
    Follows = 13,
    DemoFollows = 14,
    Salt = 15,
}

/// Dice for one item.
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    pub(super) fn new(seed: u64, purpose: Purpose, index: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&(purpose as u64).to_le_bytes());
        key[16..24].copy_from_slice(&index.to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    pub(super) fn number(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `limit`, which must not be 0. The bias of at most `limit` in 2^64 does not matter here.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        let wide = u128::from(self.number()) * u128::from(limit);
        (wide >> 64) as u64
    }

    /// A number in `0.0..1.0`. Only additions, multiplications and roots may follow: they are the same everywhere,
    /// unlike powers and logarithms.
    pub(super) fn fraction(&mut self) -> f64 {
        (self.number() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True in `percent` of 100 cases.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of `from`, which must not be empty.
    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// The generator, for crates that take one.
    pub(super) fn generator(&mut self) -> &mut ChaCha8Rng {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_dice_fall_the_same_way_and_others_differ() {
        let throw = |seed, purpose, index| Dice::new(seed, purpose, index).number();
        assert_eq!(throw(42, Purpose::Post, 7), throw(42, Purpose::Post, 7));
        for other in [throw(43, Purpose::Post, 7), throw(42, Purpose::Person, 7), throw(42, Purpose::Post, 8)] {
            assert_ne!(throw(42, Purpose::Post, 7), other);
        }
    }

    #[test]
    fn numbers_stay_in_their_range() {
        let mut dice = Dice::new(1, Purpose::Person, 0);
        let mut seen = [false; 6];
        for _ in 0..1_000 {
            seen[dice.below(6) as usize] = true;
            assert!((0.0..1.0).contains(&dice.fraction()));
        }
        assert_eq!(seen, [true; 6]);
    }
}
