//! Cuts a text into lexical tokens (§2.1).

use async_graphql::Pos;
use memchr::memchr2;

use super::Unreadable;
use super::strings::{block_string, string};

/// A token, and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token<'a> {
    pub lexeme: Lexeme<'a>,
    pub at: Pos,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Lexeme<'a> {
    /// A punctuator of one character.
    Mark(char),
    /// `...`
    Spread,
    Name(&'a str),
    Int(&'a str),
    Float(&'a str),
    /// What a string, or a block string, says.
    String(String),
    /// Nothing is left.
    End,
}

impl std::fmt::Display for Lexeme<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Mark(mark) => write!(f, "\"{mark}\""),
            Self::Spread => f.write_str("\"...\""),
            Self::Name(text) => write!(f, "\"{text}\""),
            Self::Int(_) | Self::Float(_) => f.write_str("a number"),
            Self::String(_) => f.write_str("a string"),
            Self::End => f.write_str("the end of the document"),
        }
    }
}

/// A text, and how far it has been read.
pub(super) struct Lexer<'a> {
    rest: &'a str,
    at: Pos,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text, at: Pos { line: 1, column: 1 } }
    }

    /// The next token; at the end, [`Lexeme::End`] again and again.
    pub(super) fn next(&mut self) -> Result<Token<'a>, Unreadable> {
        self.skip_ignored();
        let at = self.at;
        let Some(first) = self.rest.chars().next() else { return Ok(Token { lexeme: Lexeme::End, at }) };
        let lexeme = match first {
            '!' | '$' | '&' | '(' | ')' | ':' | '=' | '@' | '[' | ']' | '{' | '|' | '}' => {
                self.take_ascii(1);
                Lexeme::Mark(first)
            }
            '.' if self.rest.starts_with("...") => {
                self.take_ascii(3);
                Lexeme::Spread
            }
            '"' => self.string()?,
            '-' | '0'..='9' => self.number()?,
            first if is_name_start(first) => Lexeme::Name(self.take_ascii(name_length(self.rest))),
            _ => return Err(Unreadable::syntax(format!("unexpected character {first:?}"), at)),
        };
        Ok(Token { lexeme, at })
    }

    /// How many tokens are left, or more than `most`.
    pub(super) fn count_rest(&self, most: usize) -> usize {
        count_tokens(self.rest, most)
    }

    /// White space, commas, comments and byte order marks say nothing.
    fn skip_ignored(&mut self) {
        while let Some(first) = self.rest.as_bytes().first() {
            match first {
                b' ' | b'\t' | b',' => {
                    self.take_ascii(1);
                }
                b'\n' | b'\r' => {
                    self.take(1);
                }
                // What follows is on a line of its own, so the columns of this one are nobody's.
                b'#' => self.rest = &self.rest[line_length(self.rest)..],
                0xEF if self.rest.starts_with('\u{feff}') => {
                    self.take('\u{feff}'.len_utf8());
                }
                _ => return,
            }
        }
    }

    fn number(&mut self) -> Result<Lexeme<'a>, Unreadable> {
        let text = self.rest;
        let invalid = || Unreadable::syntax("this is not a number", self.at);
        let digits = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
        let mut end = usize::from(text.starts_with('-'));
        let whole = digits(end);
        if whole == 0 || (whole > 1 && text[end..].starts_with('0')) {
            return Err(invalid());
        }
        end += whole;
        let mut is_float = false;
        if text[end..].starts_with('.') {
            let fraction = digits(end + 1);
            if fraction == 0 {
                return Err(invalid());
            }
            (is_float, end) = (true, end + 1 + fraction);
        }
        if text[end..].starts_with(['e', 'E']) {
            end += 1 + usize::from(text[end + 1..].starts_with(['+', '-']));
            let exponent = digits(end);
            if exponent == 0 {
                return Err(invalid());
            }
            (is_float, end) = (true, end + exponent);
        }
        // `1x`, `1.2.3`: two tokens that nobody means.
        if text[end..].starts_with(|next: char| next == '.' || is_name_start(next)) {
            return Err(invalid());
        }
        let text = self.take(end);
        Ok(if is_float { Lexeme::Float(text) } else { Lexeme::Int(text) })
    }

    fn string(&mut self) -> Result<Lexeme<'a>, Unreadable> {
        let read = if self.rest.starts_with("\"\"\"") { block_string(self.rest) } else { string(self.rest) };
        match read {
            Ok((value, length)) => {
                self.take(length);
                Ok(Lexeme::String(value))
            }
            Err((message, offset)) => {
                self.take(offset);
                Err(Unreadable::syntax(message, self.at))
            }
        }
    }

    /// Goes on by so many bytes, which are ASCII and of one line, and returns them.
    fn take_ascii(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.at.column += length;
        self.rest = rest;
        taken
    }

    /// Goes on by so many bytes, and returns them.
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        if taken.is_ascii() && memchr2(b'\n', b'\r', taken.as_bytes()).is_none() {
            return self.take_ascii(length);
        }
        let mut following = taken.chars().skip(1).chain(rest.chars().next());
        for character in taken.chars() {
            let next = following.next();
            let ends_a_line = character == '\n' || (character == '\r' && next != Some('\n'));
            self.at = match ends_a_line {
                true => Pos { line: self.at.line + 1, column: 1 },
                false => Pos { line: self.at.line, column: self.at.column + 1 },
            };
        }
        self.rest = rest;
        taken
    }
}

/// How many tokens a text has, or more than `most`: counted without making any, for texts that are long. What is no token
/// is for the lexer to tell.
fn count_tokens(text: &str, most: usize) -> usize {
    let (mut rest, mut count) = (text, 0);
    while let Some(first) = rest.as_bytes().first()
        && count <= most
    {
        let (length, is_token) = match first {
            b' ' | b'\t' | b',' | b'\n' | b'\r' => (1, false),
            b'#' => (line_length(rest), false),
            b'"' => {
                let read = if rest.starts_with("\"\"\"") { block_string(rest) } else { string(rest) };
                let Ok((_, length)) = read else { return count };
                (length, true)
            }
            b'.' if rest.starts_with("...") => (3, true),
            b'-' | b'0'..=b'9' => (number_length(rest), true),
            first if is_name_byte(*first) => (name_length(rest), true),
            first if first.is_ascii() => (1, true),
            _ => (rest.chars().next().map_or(1, char::len_utf8), false),
        };
        rest = &rest[length..];
        count += usize::from(is_token);
    }
    count
}

/// The bytes before the end of the first line.
fn line_length(text: &str) -> usize {
    memchr2(b'\n', b'\r', text.as_bytes()).unwrap_or(text.len())
}

/// The bytes of the name that a text begins with.
fn name_length(text: &str) -> usize {
    text.as_bytes().iter().position(|byte| !is_name_byte(*byte)).unwrap_or(text.len())
}

/// The bytes that are of a number at the most.
fn number_length(text: &str) -> usize {
    let is_part = |byte: &u8| is_name_byte(*byte) || matches!(byte, b'-' | b'+' | b'.');
    text.as_bytes().iter().position(|byte| !is_part(byte)).unwrap_or(text.len())
}

fn is_name_byte(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

fn is_name_start(character: char) -> bool {
    character == '_' || character.is_ascii_alphabetic()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Result<Vec<Token<'_>>, Unreadable> {
        let mut lexer = Lexer::new(text);
        let mut tokens = Vec::new();
        loop {
            match lexer.next()? {
                Token { lexeme: Lexeme::End, .. } => return Ok(tokens),
                token => tokens.push(token),
            }
        }
    }

    fn lexemes(text: &str) -> Vec<Lexeme<'_>> {
        tokens(text).expect(text).into_iter().map(|token| token.lexeme).collect()
    }

    #[test]
    fn a_text_is_cut_into_tokens() {
        use Lexeme::{Float, Int, Mark, Name, Spread};
        assert_eq!(lexemes("{a,_b1...on}"), [Mark('{'), Name("a"), Name("_b1"), Spread, Name("on"), Mark('}')]);
        assert_eq!(
            lexemes("0 -0 -12 1.50 1e3 -2.5E-10"),
            [Int("0"), Int("-0"), Int("-12"), Float("1.50"), Float("1e3"), Float("-2.5E-10")]
        );
        assert_eq!(lexemes("\u{feff} ,\t# a comment \" {\r!\u{feff}"), [Mark('!')]);
        assert_eq!(lexemes("\"\" \"a\" \"\"\"b\"\"\"").len(), 3);
        assert_eq!(lexemes(""), []);
    }

    #[test]
    fn tokens_are_counted_as_they_are_made() {
        for text in [
            "{a,_b1...on}",
            "0 -0 -12 1.50 1e3 -2.5E-10 a(b:-1)",
            "\u{feff} ,\t# a comment \" {\r!\u{feff}# another",
            "\"\" \"a \\\" b\" \"\"\"b \\\"\"\" # c\"\"\" d",
            "query ($a: [Int!]! = [1, 2] @b) { c(d: {e: $a}) @f ...G }",
            "",
        ] {
            assert_eq!(count_tokens(text, 1_000), lexemes(text).len(), "{text}");
        }
        assert_eq!(count_tokens(&"a ".repeat(100), 7), 8);
        assert_eq!(count_tokens("a b \"never closed", 1_000), 2);
    }

    #[test]
    fn what_is_no_token_is_refused_where_it_stands() {
        for (text, column) in [
            ("a ? b", 3),
            ("é", 1),
            ("..", 1),
            ("a.b", 2),
            (" 01", 2),
            ("1.", 1),
            ("1.e3", 1),
            ("1e", 1),
            ("-", 1),
            ("1x", 1),
            ("1.2.3", 1),
            (".5", 1),
            ("\"é\\q\"", 3),
            ("\"abc", 5),
            ("\u{0}", 1),
        ] {
            let Err(Unreadable::Syntax { at, .. }) = tokens(text) else { panic!("{text} is taken") };
            assert_eq!(at, Pos { line: 1, column }, "{text}");
        }
    }

    #[test]
    fn lines_end_in_three_ways_and_columns_count_characters() {
        let places = |text| tokens(text).expect("tokens").into_iter().map(|token| (token.at.line, token.at.column));
        assert!(places("a\nb\rc\r\nd\n\r e").eq([(1, 1), (2, 1), (3, 1), (4, 1), (6, 2)]));
        assert!(places("\"é😀\" a \"\"\"\n\n\"\"\" b").eq([(1, 1), (1, 6), (1, 8), (3, 5)]));
        assert!(places("# é\r\na").eq([(2, 1)]));
    }
}
