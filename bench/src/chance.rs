//! Chance that is the same in every run.

/// SplitMix64 (Steele, Lea and Flood, *Fast Splittable Pseudorandom Number Generators*, 2014).
pub(crate) struct Chance(u64);

impl Chance {
    /// One of the many that there are.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// An exponentially distributed number, 1 on average.
    pub(crate) fn exponential(&mut self) -> f64 {
        // 53 bits make a number from 0 up to, not including, 1.
        -(1.0 - (self.bits() >> 11) as f64 / (1_u64 << 53) as f64).ln()
    }

    /// A place in something that is so long: from 0 up to, not including, `length`.
    pub(crate) fn below(&mut self, length: usize) -> usize {
        (self.bits() % length.max(1) as u64) as usize
    }

    /// One of these.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn one_of<'a, T>(&mut self, all: &'a [T]) -> Result<&'a T, &'static str> {
        all.get(self.below(all.len())).ok_or("there is nothing to choose from")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_one_on_average() {
        let mut chance = Chance::new(1);
        let sum: f64 = (0..100_000).map(|_| chance.exponential()).sum();
        assert!((0.99..1.01).contains(&(sum / 100_000.0)), "{sum}");
    }

    #[test]
    fn every_place_comes_as_often() {
        let (mut chance, mut counts) = (Chance::new(1), [0_u32; 5]);
        for _ in 0..50_000 {
            counts[chance.below(5)] += 1;
        }
        assert!(counts.iter().all(|count| (9_500..10_500).contains(count)), "{counts:?}");
    }
}
