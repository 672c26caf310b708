//! Names from many countries, and handles that go with them.

use fake::Fake as _;
use fake::faker::name::raw::{FirstName, LastName, Name};
use fake::locales::{AR_SA, DE_DE, Data, EN, FR_FR, IT_IT, JA_JP, PT_BR, TR_TR, ZH_CN};
use unicode_normalization::UnicodeNormalization as _;

use super::dice::Dice;
use crate::domain::text::normalize;

/// The most letters of a handle before its number: 30 less the seven digits of the highest number.
const STEM: usize = 23;

const ADJECTIVES: [&str; 16] = [
    "quiet",
    "blue",
    "early",
    "northern",
    "little",
    "bright",
    "wandering",
    "amber",
    "gentle",
    "clever",
    "rainy",
    "golden",
    "silver",
    "brave",
    "salty",
    "mellow",
];
const NOUNS: [&str; 16] = [
    "otter", "harbour", "lantern", "maple", "heron", "teapot", "comet", "meadow", "fox", "compass", "willow",
    "sparrow", "river", "pixel", "walnut", "badger",
];

/// What somebody is called.
pub(super) struct Person {
    pub(super) name: String,
    /// What the handle begins with: lower-case ASCII, at most [`STEM`] characters, the last of them a letter.
    pub(super) handle_stem: String,
}

pub(super) fn person(dice: &mut Dice) -> Person {
    match dice.below(20) {
        0..9 => in_latin_letters(EN, dice),
        9..11 => in_latin_letters(FR_FR, dice),
        11..13 => in_latin_letters(DE_DE, dice),
        13..15 => in_latin_letters(PT_BR, dice),
        15 => in_latin_letters(IT_IT, dice),
        16 => in_latin_letters(TR_TR, dice),
        17 => in_other_letters(JA_JP, dice),
        18 => in_other_letters(ZH_CN, dice),
        _ => in_other_letters(AR_SA, dice),
    }
}

fn in_latin_letters<L: Data + Copy>(locale: L, dice: &mut Dice) -> Person {
    let first: &str = FirstName(locale).fake_with_rng(dice.generator());
    let last: &str = LastName(locale).fake_with_rng(dice.generator());
    let (short, long) = (letters(first), letters(last));
    let stem = match dice.below(4) {
        0 => short,
        1 => format!("{}{long}", short.chars().next().unwrap_or('x')),
        2 => long,
        _ => format!("{short}_{long}"),
    };
    Person { name: normalize(&format!("{first} {last}")), handle_stem: shortened(&stem, dice) }
}

fn in_other_letters<L: Data + Copy>(locale: L, dice: &mut Dice) -> Person {
    let name: String = Name(locale).fake_with_rng(dice.generator());
    Person { name: normalize(&name), handle_stem: pair_of_words(dice) }
}

fn pair_of_words(dice: &mut Dice) -> String {
    format!("{}_{}", dice.pick(&ADJECTIVES), dice.pick(&NOUNS))
}

/// `stem` with at most [`STEM`] characters; a pair of words where too little of it would be left.
fn shortened(stem: &str, dice: &mut Dice) -> String {
    let stem = stem[..stem.len().min(STEM)].trim_matches('_');
    if stem.len() < 3 { pair_of_words(dice) } else { stem.to_owned() }
}

/// The letters of a name as ASCII has them: without accents, in lower case.
fn letters(name: &str) -> String {
    let mut ascii = String::new();
    for letter in name.nfd().flat_map(char::to_lowercase) {
        match letter {
            'a'..='z' => ascii.push(letter),
            'ß' => ascii.push_str("ss"),
            'ı' => ascii.push('i'),
            'æ' => ascii.push_str("ae"),
            'œ' => ascii.push_str("oe"),
            'ø' => ascii.push('o'),
            'ł' => ascii.push('l'),
            _ => {}
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use super::super::dice::Purpose;
    use super::*;

    #[test]
    fn accents_are_dropped_letters_are_kept() {
        assert_eq!(letters("Abigaëlle"), "abigaelle");
        assert_eq!(letters("Yıldız Groß-O'Hara"), "yildizgrossohara");
        assert_eq!(letters("佐藤"), "");
    }

    #[test]
    fn stems_leave_room_for_a_number_and_end_with_a_letter() {
        for index in 0..5_000 {
            let person = person(&mut Dice::new(7, Purpose::Person, index));
            let stem = &person.handle_stem;
            assert!((3..=STEM).contains(&stem.len()), "{stem}");
            assert!(stem.ends_with(|last: char| last.is_ascii_lowercase()), "{stem}");
            assert!(stem.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{stem}");
        }
    }

    #[test]
    fn some_names_are_not_ascii() {
        let foreign = (0..1_000).filter(|&index| !person(&mut Dice::new(7, Purpose::Person, index)).name.is_ascii());
        assert!((150..400).contains(&foreign.count()));
    }
}
