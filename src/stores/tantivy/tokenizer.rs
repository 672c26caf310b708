//! Words as the domain cuts them, for tantivy.

use std::ops::Range;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use crate::domain::text;

/// Cuts a text into [`text::words`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Words;

impl Tokenizer for Words {
    type TokenStream<'a> = WordStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream<'a> {
        WordStream { words: Box::new(text::words_at(text)), token: Token::default() }
    }
}

pub(super) struct WordStream<'a> {
    words: Box<dyn Iterator<Item = (Range<usize>, &'a str)> + 'a>,
    token: Token,
}

impl TokenStream for WordStream<'_> {
    fn advance(&mut self) -> bool {
        let Some((at, word)) = self.words.next() else {
            return false;
        };
        self.token.offset_from = at.start;
        self.token.offset_to = at.end;
        // A fresh token's position is the number before 0.
        self.token.position = self.token.position.wrapping_add(1);
        self.token.text = word.to_lowercase();
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_the_domains_words_where_they_stand() {
        let text = "Hello, NAÏVE_x! 日本 can't";
        let mut tokens = Vec::new();
        Words.token_stream(text).process(&mut |token| tokens.push(token.clone()));
        assert_eq!(tokens.iter().map(|token| token.text.clone()).collect::<Vec<_>>(), text::words(text));
        assert_eq!(tokens.iter().map(|token| token.position).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
        assert_eq!(&text[tokens[1].offset_from..tokens[1].offset_to], "NAÏVE_x");
    }
}
