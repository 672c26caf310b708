//! Text: normal forms, the contract's limits, handles, and words as Unicode cuts them.

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;

use super::InvalidInput;

/// The text trimmed and in normal form C (UAX #15).
pub fn normalize(text: &str) -> String {
    text.trim().nfc().collect()
}

/// Checks a text argument of a query (search text, prefix): 1 to `max` graphemes once trimmed, no control
/// characters.
///
/// # Errors
/// [`InvalidInput`] that names the argument and the limit.
pub fn argument(name: &str, text: &str, max: usize) -> Result<String, InvalidInput> {
    let too_long = || InvalidInput::new(format!("`{name}` must have at most {max} characters."));
    // A grapheme may have many bytes, but text this long is refused before it is walked.
    if text.len() > max * 64 {
        return Err(too_long());
    }
    let text = normalize(text);
    if text.is_empty() {
        return Err(InvalidInput::new(format!("`{name}` must not be empty.")));
    }
    if text.graphemes(true).count() > max {
        return Err(too_long());
    }
    if text.chars().any(char::is_control) {
        return Err(InvalidInput::new(format!("`{name}` must not have control characters.")));
    }
    Ok(text)
}

/// A user's handle: 3 to 30 of `[a-z0-9_]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Handle(String);

impl Handle {
    /// The handle that `text` names, folded to lower case; `None` where it can't be one.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = (3..=30).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        fits.then(|| Self(text.to_ascii_lowercase()))
    }

    /// The handle as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Handle> for String {
    fn from(handle: Handle) -> Self {
        handle.0
    }
}

/// The words of a text, folded to lower case, as Unicode cuts them (UAX #29). Every search engine adapter and the
/// highlighter use these same words.
pub fn words(text: &str) -> Vec<String> {
    text.unicode_words().map(str::to_lowercase).collect()
}

/// Each word of a text with the byte range it stands at.
pub fn words_at(text: &str) -> impl Iterator<Item = (std::ops::Range<usize>, &str)> {
    text.unicode_word_indices().map(|(start, word)| (start..start + word.len(), word))
}

/// How many typos are forgiven in a searched word: none below four letters, one below eight, two from there on.
pub fn typos_forgiven(word: &str) -> u8 {
    match word.chars().count() {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

/// Whether `candidate` can be made from `word` by at most `most` insertions, deletions, substitutions or swaps of
/// neighbours (optimal string alignment, as Lucene's and tantivy's fuzzy automata count with transpositions).
pub fn within_typos(word: &str, candidate: &str, most: u8) -> bool {
    if most == 0 {
        return word == candidate;
    }
    let (a, b): (Vec<char>, Vec<char>) = (word.chars().collect(), candidate.chars().collect());
    let most = usize::from(most);
    if a.len().abs_diff(b.len()) > most {
        return false;
    }
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let substituted = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = substituted.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        if row.iter().all(|&distance| distance > most) {
            return false;
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()] <= most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_folded_and_checked() {
        assert_eq!(Handle::parse(" DEMO ").as_ref().map(Handle::as_str), Some("demo"));
        for text in ["", "ab", "a-b", "émile", "a b c", "thirty_one_characters_long_____", "x'; drop table"] {
            assert_eq!(Handle::parse(text), None, "{text}");
        }
    }

    #[test]
    fn words_are_unicodes() {
        assert_eq!(words("Hello, WORLD! can't 3.14 naïve_x"), ["hello", "world", "can't", "3.14", "naïve_x"]);
        assert!(words("?!* && || ~^").is_empty());
    }

    #[test]
    fn typos_are_forgiven_by_length() {
        assert!(within_typos("rust", "rsut", typos_forgiven("rust")), "a swap is one typo");
        assert!(!within_typos("cat", "car", typos_forgiven("cat")));
        assert!(within_typos("database", "dtaabaes", typos_forgiven("database")), "two typos in eight letters");
        assert!(!within_typos("rust", "dusk", typos_forgiven("rust")));
    }

    #[test]
    fn arguments_are_trimmed_and_bounded() {
        assert_eq!(argument("query", "  a  ", 256).as_deref(), Ok("a"));
        assert!(argument("query", " \t ", 256).is_err());
        assert!(argument("query", &"x".repeat(257), 256).is_err());
        assert!(argument("query", &"x".repeat(1_000_000), 256).is_err());
        assert!(argument("query", "a\0b", 256).is_err());
        assert!(argument("query", &"👩‍👩‍👧‍👦".repeat(256), 256).is_ok(), "lengths are in graphemes");
    }
}
