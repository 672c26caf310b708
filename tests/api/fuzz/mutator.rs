//! Inputs that nobody would write: what somebody would, with a few changes.

use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// What means something to one of those who read: JSON, GraphQL, URLs, UTF-8, search engines.
const TOKENS: [&[u8]; 28] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"\"\"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"null",
    b"true",
    b"-0",
    b"1e999",
    b"$x",
    b"@skip(if: false)",
    b"...",
    b"... on User",
    b"#",
    b"%",
    b"%00",
    b"&query=",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"*",
    b"~",
    b" OR ",
];

/// Changes the entries of a corpus; the same for the same seed.
pub(crate) struct Mutator<'a> {
    dice: ChaCha8Rng,
    corpus: Vec<&'a [u8]>,
}

impl<'a> Mutator<'a> {
    /// The entries are the lines of `corpus`.
    pub(crate) fn new(corpus: &'a str, seed: u64) -> Self {
        Self { dice: ChaCha8Rng::seed_from_u64(seed), corpus: corpus.lines().map(str::as_bytes).collect() }
    }

    /// An entry with up to five changes.
    pub(crate) fn next(&mut self) -> Vec<u8> {
        let mut input = self.entry().to_vec();
        for _ in 0..self.dice.random_range(0..=5) {
            self.change(&mut input);
        }
        input
    }

    fn entry(&mut self) -> &'a [u8] {
        self.corpus.choose(&mut self.dice).expect("a corpus")
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.dice.random_range(0..=input.len());
        let end = self.dice.random_range(at..=input.len());
        match self.dice.random_range(0..6) {
            0 if at < input.len() => input[at] ^= 1 << self.dice.random_range(0..8),
            1 => drop(input.drain(at..end)),
            // Once more, or many times.
            2 => {
                let times = if self.dice.random_bool(0.1) { 200 } else { 1 };
                let part = input[at..end].repeat(times);
                input.splice(at..at, part.into_iter().take(20_000));
            }
            3 => {
                let other = self.entry();
                let from = self.dice.random_range(0..=other.len());
                input.splice(at..end, other[from..].iter().copied());
            }
            _ => {
                let token = TOKENS.choose(&mut self.dice).expect("a token");
                input.splice(at..at, token.iter().copied());
            }
        }
    }
}
