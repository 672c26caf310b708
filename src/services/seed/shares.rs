//! A total divided unevenly but exactly.

/// Divides `total` by `weights`, no share above its cap: exactly `total` in all, provided that the caps allow it and
/// no weight is 0. What a cap cuts off is divided anew among those below theirs.
pub(super) fn divide(total: u64, weights: &[u64], cap: impl Fn(usize) -> u64) -> Vec<u32> {
    let mut shares = vec![0_u32; weights.len()];
    let mut left = total;
    while left > 0 {
        let open = |shares: &[u32], at: usize| u64::from(shares[at]) < cap(at);
        let all: u128 = (0..weights.len()).filter(|&at| open(&shares, at)).map(|at| u128::from(weights[at])).sum();
        if all == 0 {
            break;
        }
        // Each gets the whole numbers between its bounds on a line as long as what is left, so that rounding
        // neither loses nor adds any.
        let (mut weight, mut given) = (0_u128, 0_u64);
        let round = left;
        for at in 0..weights.len() {
            if !open(&shares, at) {
                continue;
            }
            weight += u128::from(weights[at]);
            let bound = (u128::from(round) * weight / all) as u64;
            let more = (bound - given).min(cap(at) - u64::from(shares[at]));
            given = bound;
            shares[at] += more as u32;
            left -= more;
        }
    }
    shares
}

/// The weight of the one who stands at `rank` (0 is the best known) where fame falls off as `1 / (rank + flatness)`:
/// the greater the flatness, the less the first stand out.
pub(super) fn zipf(rank: u64, flatness: u64) -> u64 {
    (1 << 40) / (rank + flatness)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn shares_are_exact_and_capped(
            weights in proptest::collection::vec(1_u64..1_000_000, 1..200),
            cap in 0_u64..50,
            part in 0.0..=1.0_f64,
        ) {
            let total = ((weights.len() as u64 * cap) as f64 * part) as u64;
            let shares = divide(total, &weights, |_| cap);
            prop_assert_eq!(shares.iter().map(|&share| u64::from(share)).sum::<u64>(), total);
            prop_assert!(shares.iter().all(|&share| u64::from(share) <= cap));
        }
    }

    #[test]
    fn shares_follow_the_weights() {
        assert_eq!(divide(10, &[6, 3, 1], |_| 100), [6, 3, 1]);
        assert_eq!(divide(10, &[6, 3, 1], |_| 4), [4, 4, 2]);
    }
}
