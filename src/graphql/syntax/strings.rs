//! What strings say (§2.9.4).

use memchr::{memchr, memchr3};

/// What is wrong with a string, and how many bytes of it can be read.
type Fault = (String, usize);

/// The value of the string that `text` begins with, and its length in bytes.
pub(super) fn string(text: &str) -> Result<(String, usize), Fault> {
    let mut value = String::new();
    let mut at = 1;
    loop {
        let rest = &text.as_bytes()[at..];
        let plain = memchr3(b'"', b'\\', b'\n', rest).unwrap_or(rest.len());
        let plain = memchr(b'\r', &rest[..plain]).unwrap_or(plain);
        value.push_str(&text[at..at + plain]);
        at += plain;
        match rest.get(plain) {
            Some(b'"') => return Ok((value, at + 1)),
            Some(b'\\') => {
                let (character, length) = escaped(&text[at..]).map_err(|message| (message, at))?;
                value.push(character);
                at += length;
            }
            _ => return Err(("the string does not end".to_owned(), at)),
        }
    }
}

/// The character that the escape sequence at the start of `text` stands for, and the sequence's length.
fn escaped(text: &str) -> Result<(char, usize), String> {
    let simple = |character| Ok((character, 2));
    match text[1..].chars().next() {
        Some(itself @ ('"' | '\\' | '/')) => simple(itself),
        Some('b') => simple('\u{8}'),
        Some('f') => simple('\u{c}'),
        Some('n') => simple('\n'),
        Some('r') => simple('\r'),
        Some('t') => simple('\t'),
        Some('u') => unicode(text).ok_or_else(|| "this escape stands for no character".to_owned()),
        _ => Err("there is no such escape".to_owned()),
    }
}

/// The character that `\u…` stands for: four digits, two times four that are a pair of surrogates, or any number of
/// digits in braces.
fn unicode(text: &str) -> Option<(char, usize)> {
    if let Some(braced) = text.strip_prefix("\\u{") {
        let length = braced.find('}')?;
        let digits = braced[..length].trim_start_matches('0');
        let digits = if digits.is_empty() && length > 0 { "0" } else { digits };
        return Some((char::from_u32(hexadecimal(digits)?)?, length + 4));
    }
    let first = four_digits(text)?;
    if !(0xD800..0xDC00).contains(&first) {
        return Some((char::from_u32(first)?, 6));
    }
    let second = four_digits(&text[6..]).filter(|second| (0xDC00..0xE000).contains(second))?;
    let character = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
    Some((char::from_u32(character)?, 12))
}

fn four_digits(text: &str) -> Option<u32> {
    hexadecimal(text.strip_prefix("\\u")?.get(..4)?)
}

/// A number of one to eight digits, without a sign.
fn hexadecimal(digits: &str) -> Option<u32> {
    let is_plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if is_plain { u32::from_str_radix(digits, 16).ok() } else { None }
}

/// The value of the block string that `text` begins with, and its length in bytes.
pub(super) fn block_string(text: &str) -> Result<(String, usize), Fault> {
    const QUOTES: &str = "\"\"\"";
    let mut raw = String::new();
    let mut at = QUOTES.len();
    loop {
        let rest = &text[at..];
        let Some(found) = rest.find(QUOTES) else { return Err(("the string does not end".to_owned(), text.len())) };
        match rest[..found].strip_suffix('\\') {
            Some(before) => {
                raw.push_str(before);
                raw.push_str(QUOTES);
                at += found + QUOTES.len();
            }
            None => {
                raw.push_str(&rest[..found]);
                return Ok((without_indent(&raw), at + found + QUOTES.len()));
            }
        }
    }
}

/// What a block string says: without the indent that its lines have in common, and without blank lines at its ends
/// (§2.9.4, BlockStringValue).
fn without_indent(raw: &str) -> String {
    let lines: Vec<&str> = raw.split("\r\n").flat_map(|part| part.split(['\n', '\r'])).collect();
    let indent = |line: &str| line.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let is_blank = |line: &str| indent(line) == line.len();
    let common = lines.iter().skip(1).filter(|line| !is_blank(line)).map(|line| indent(line)).min().unwrap_or(0);
    let Some(first) = lines.iter().position(|line| !is_blank(line)) else { return String::new() };
    let last = lines.iter().rposition(|line| !is_blank(line)).unwrap_or(first);
    let kept = lines.iter().enumerate().take(last + 1).skip(first);
    let kept = kept.map(|(index, line)| if index == 0 { line } else { line.get(common..).unwrap_or_default() });
    kept.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_stand_for_characters() {
        for (text, value) in [
            (r#""""#, ""),
            (r#""a\"\\\/\b\f\n\r\té""#, "a\"\\/\u{8}\u{c}\n\r\té"),
            (r#""\u00e9\u2A1a""#, "é\u{2a1a}"),
            (r#""\uD83D\uDE00\uD83D\uDE00!""#, "😀😀!"),
            (r#""\u{1F600}\u{e9}\u{0}\u{00000000061}\u{10FFFF}""#, "😀é\u{0}a\u{10ffff}"),
            (r#""\uFFFF""#, "\u{ffff}"),
        ] {
            assert_eq!(string(&format!("{text} more")), Ok((value.to_owned(), text.len())), "{text}");
        }
    }

    #[test]
    fn what_stands_for_no_character_is_refused_where_it_begins() {
        for text in [
            r"\x",
            r"\u12",
            r"\u+123",
            r"\u12é4",
            r"\u{",
            r"\u{}",
            r"\u{110000}",
            r"\u{D800}",
            r"\u{+41}",
            r"\u{100000041}",
            r"\uD83D",
            r"\uD83Dx",
            r"\uD83D\u0041",
            r"\uD83D\n",
            r"\uDE00",
            r"\uDE00\uD83D",
            "\n",
            "\r",
        ] {
            let (_, at) = string(&format!("\"é{text}\"")).expect_err(text);
            assert_eq!(at, 3, "{text}");
        }
    }

    #[test]
    fn block_strings_lose_their_indent() {
        for (text, value) in [
            (r#""""""""#, ""),
            (r#""""a "b" \n""""#, "a \"b\" \\n"),
            (r#""""a \""" b""""#, "a \"\"\" b"),
            ("\"\"\"\n    a\n      b\r\n\r\n    c\n   \n\"\"\"", "a\n  b\n\nc"),
            ("\"\"\"  a\n    b\n  c\"\"\"", "  a\n  b\nc"),
            ("\"\"\"\r\r  \t\n \"\"\"", ""),
            ("\"\"\"\n  a\n é\"\"\"", " a\né"),
            ("\"\"\"\n\u{a0}a\n\u{a0}b\"\"\"", "\u{a0}a\n\u{a0}b"),
        ] {
            assert_eq!(block_string(&format!("{text}x")), Ok((value.to_owned(), text.len())), "{text}");
        }
        for text in [r#"""""#, r#""""a"""#, r#""""a\""""#] {
            assert_eq!(block_string(text).map_err(|(_, at)| at), Err(text.len()), "{text}");
        }
    }
}
