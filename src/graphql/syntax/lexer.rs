//! Cuts a text into lexical tokens (§2.1).

use async_graphql::Pos;

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
                self.take(1);
                Lexeme::Mark(first)
            }
            '.' if self.rest.starts_with("...") => {
                self.take(3);
                Lexeme::Spread
            }
            '"' => self.string()?,
            '-' | '0'..='9' => self.number()?,
            first if is_name_start(first) => {
                let length = self.rest.find(|next: char| !is_name_start(next) && !next.is_ascii_digit());
                Lexeme::Name(self.take(length.unwrap_or(self.rest.len())))
            }
            _ => return Err(Unreadable::syntax(format!("unexpected character {first:?}"), at)),
        };
        Ok(Token { lexeme, at })
    }

    /// White space, commas, comments and byte order marks say nothing.
    fn skip_ignored(&mut self) {
        loop {
            let is_said = |next: char| !matches!(next, ' ' | '\t' | '\n' | '\r' | ',' | '\u{feff}');
            self.take(self.rest.find(is_said).unwrap_or(self.rest.len()));
            if !self.rest.starts_with('#') {
                return;
            }
            self.take(self.rest.find(['\n', '\r']).unwrap_or(self.rest.len()));
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

    /// Goes on by so many bytes, and returns them.
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
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
