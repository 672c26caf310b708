//! Randomness that can be repeated.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// Dice for one purpose: the same seed and the same place throw the same numbers.
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// The dice of a round (0 for what comes before), of a client (0 for who kills, clients from 1).
    pub(crate) fn new(seed: u64, round: u32, client: usize) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..12].copy_from_slice(&round.to_le_bytes());
        key[16..24].copy_from_slice(&(client as u64).to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A number from 0 to below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        // The bias is one in 2^50 or less.
        (self.0.next_u64() % end as u64) as usize
    }

    /// Whether it happens this time, which it does once in `times`.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}
