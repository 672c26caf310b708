//! When things happened: sign-ups over 29 months, posts over 24, each follow and like after what it joins.

use super::dice::Dice;
use crate::domain::Timestamp;

/// The day up to which demo data reaches: fixed, so that the data does not change with the day on which it is sown.
pub const TODAY: &str = "2026-11-01T00:00:00.000Z";

const FIRST_SIGN_UP: i64 = 1_714_521_600_000; // 2024-05-01T00:00:00Z
const FIRST_POST: i64 = 1_730_419_200_000; // 2024-11-01T00:00:00Z
const LAST_SIGN_UP: i64 = 1_790_812_800_000; // 2026-10-01T00:00:00Z
const END: i64 = 1_793_491_200_000; // TODAY
const DAY: i64 = 86_400_000;

/// When the user at `index` of `users` signed up: in order of index, evenly spread, the first at the very start.
pub(super) fn sign_up(index: u64, users: u64, dice: &mut Dice) -> Timestamp {
    let (from, to) = (sign_up_slot(index, users), sign_up_slot(index + 1, users));
    let within = if index == 0 { 0 } else { dice.below(to - from) };
    Timestamp::from_millis(FIRST_SIGN_UP + (from + within) as i64)
}

/// How many of `users` have certainly signed up before `moment`: those with the lowest indexes, at least the first.
pub(super) fn signed_up_by(moment: Timestamp, users: u64) -> u64 {
    let since = (moment.millis() - FIRST_SIGN_UP).max(0) as u128;
    let slots = (since * u128::from(users) / u128::from(sign_up_slot(1, 1))) as u64;
    slots.clamp(1, users)
}

fn sign_up_slot(index: u64, users: u64) -> u64 {
    let span = (LAST_SIGN_UP - FIRST_SIGN_UP) as u128;
    (span * u128::from(index) / u128::from(users)) as u64
}

/// When the post at `index` of `posts` was published: in order of index, with twice as many a day towards the end
/// as at the start; the last one at least a day before [`TODAY`].
pub(super) fn publication(index: u64, posts: u64, dice: &mut Dice) -> Timestamp {
    let part = (index as f64 + dice.fraction()) / posts as f64;
    // The inverse of (t + t²/2) / 1.5, whose slope grows from 1 to 2 (over 1.5).
    let elapsed = (1.0 + 3.0 * part).sqrt() - 1.0;
    Timestamp::from_millis(FIRST_POST + ((END - DAY - FIRST_POST) as f64 * elapsed) as i64)
}

/// A moment after both sides of a relation exist and before [`TODAY`], rather soon after than late.
pub(super) fn relation(one: Timestamp, other: Timestamp, dice: &mut Dice) -> Timestamp {
    let earliest = one.max(other).millis() + 1;
    let part = dice.fraction();
    Timestamp::from_millis(earliest + ((END - earliest) as f64 * part * part * part) as i64)
}

#[cfg(test)]
mod tests {
    use super::super::dice::Purpose;
    use super::*;

    fn at(text: &str) -> i64 {
        Timestamp::parse(text).expect("a valid moment").millis()
    }

    #[test]
    fn the_milestones_are_what_their_comments_say() {
        assert_eq!(FIRST_SIGN_UP, at("2024-05-01T00:00:00Z"));
        assert_eq!(FIRST_POST, at("2024-11-01T00:00:00Z"));
        assert_eq!(LAST_SIGN_UP, at("2026-10-01T00:00:00Z"));
        assert_eq!(END, at(TODAY));
    }

    #[test]
    fn those_counted_as_signed_up_have_signed_up() {
        for users in [1, 2, 7, 100, 5_000] {
            for post in 0..100 {
                let moment = publication(post, 100, &mut Dice::new(9, Purpose::Post, post));
                let last = signed_up_by(moment, users) - 1;
                assert!(sign_up(last, users, &mut Dice::new(9, Purpose::SignUp, last)) < moment);
            }
        }
    }

    #[test]
    fn posts_come_in_order_and_ever_faster() {
        let moments: Vec<_> =
            (0..900).map(|post| publication(post, 900, &mut Dice::new(9, Purpose::Post, post))).collect();
        assert!(moments.is_sorted());
        let middle = Timestamp::from_millis(FIRST_POST + (END - FIRST_POST) / 2);
        let early = moments.iter().filter(|&&moment| moment < middle).count();
        assert!((330..420).contains(&early), "{early} of 900 in the first half");
    }
}
