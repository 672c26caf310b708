//! Rules that fields have in common: presence, length in graphemes, control characters.

use unicode_segmentation::UnicodeSegmentation as _;

use super::{UserError, UserErrorCode};
use crate::domain::text::normalize;

/// What the text of a field must be like.
pub(super) struct Rule {
    /// Its name in the input.
    pub field: &'static str,
    /// Its name in a sentence.
    pub name: &'static str,
    /// The least length, in graphemes.
    pub min: u32,
    /// The greatest length, in graphemes.
    pub max: u32,
    /// Whether it may have several lines: newlines and tabs.
    pub lines: bool,
}

/// A grapheme may be made of any number of code points. Text with more bytes than this for each grapheme of its limit
/// is too long whatever its graphemes are: limits bound memory, too.
const BYTES_PER_GRAPHEME: usize = 64;

impl Rule {
    /// A line of text.
    pub const fn line(field: &'static str, name: &'static str, min: u32, max: u32) -> Self {
        Self { field, name, min, max, lines: false }
    }

    /// A text of several lines, from one character on.
    pub const fn text(field: &'static str, name: &'static str, max: u32) -> Self {
        Self { field, name, min: 1, max, lines: true }
    }

    /// The text normalised, if it has something other than white space and fits.
    pub fn check(&self, text: &str) -> Result<String, Vec<UserError>> {
        self.check_optional(text)?.ok_or_else(|| vec![self.required()])
    }

    /// The text normalised, if it fits; `None` where it is blank.
    pub fn check_optional(&self, text: &str) -> Result<Option<String>, Vec<UserError>> {
        let (min, max) = (self.min as usize, self.max as usize);
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        if text.len() > max * BYTES_PER_GRAPHEME {
            return Err(vec![self.too_long()]);
        }
        let text = normalize(text);
        let mut errors = Vec::new();
        // One more than the limit is enough to know.
        let length = text.graphemes(true).take(max + 1).count();
        if length < min {
            errors.push(self.too_short());
        }
        if length > max {
            errors.push(self.too_long());
        }
        if text.chars().any(|c| c.is_control() && !(self.lines && matches!(c, '\n' | '\t'))) {
            errors.push(self.invalid("must not have control characters."));
        }
        if errors.is_empty() { Ok(Some(text)) } else { Err(errors) }
    }

    pub fn required(&self) -> UserError {
        self.error(UserErrorCode::Required, "is required.")
    }

    pub fn invalid(&self, must: &str) -> UserError {
        self.error(UserErrorCode::Invalid, must)
    }

    pub fn too_short(&self) -> UserError {
        let error = self.error(UserErrorCode::TooShort, &format!("must have at least {} characters.", self.min));
        UserError { limit: Some(self.min), ..error }
    }

    pub fn too_long(&self) -> UserError {
        let error = self.error(UserErrorCode::TooLong, &format!("must have at most {} characters.", self.max));
        UserError { limit: Some(self.max), ..error }
    }

    fn error(&self, code: UserErrorCode, must: &str) -> UserError {
        UserError::new(code, self.field, format!("{} {must}", self.name))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LINE: Rule = Rule::line("name", "The name", 2, 5);
    const TEXT: Rule = Rule::text("content", "The text", 5);

    fn codes(result: Result<String, Vec<UserError>>) -> Result<String, Vec<UserErrorCode>> {
        result.map_err(|errors| errors.iter().map(|error| error.code).collect())
    }

    #[test]
    fn a_line_is_trimmed_normalised_and_measured_in_graphemes() {
        use UserErrorCode::{Invalid, Required, TooLong, TooShort};
        let family = "👩‍👩‍👧‍👦";
        for (text, expected) in [
            ("", Err(vec![Required])),
            (" \t\n\u{2003} ", Err(vec![Required])),
            (" ab\n", Ok("ab".to_owned())),
            ("e\u{301}e\u{301}", Ok("éé".to_owned())),
            ("a", Err(vec![TooShort])),
            ("e\u{301}", Err(vec![TooShort])),
            ("abcdef", Err(vec![TooLong])),
            (&family.repeat(5), Ok(family.repeat(5))),
            (&family.repeat(6), Err(vec![TooLong])),
            (&format!("aa{}", "\u{301}".repeat(400)), Err(vec![TooLong])),
            ("a\nb", Err(vec![Invalid])),
            ("a\0b", Err(vec![Invalid])),
            ("a\u{85}b", Err(vec![Invalid])),
            ("abcdef\u{7f}g", Err(vec![TooLong, Invalid])),
        ] {
            assert_eq!(codes(LINE.check(text)), expected, "{text:?}");
        }
    }

    #[test]
    fn a_text_may_have_lines_and_tabs_alone() {
        assert_eq!(codes(TEXT.check("a\n\tb")), Ok("a\n\tb".to_owned()));
        assert_eq!(codes(TEXT.check("a\r\nb")), Err(vec![UserErrorCode::Invalid]));
        assert_eq!(TEXT.check_optional("\n \t"), Ok(None));
    }

    #[test]
    fn a_broken_length_is_told() {
        let limit = |text: &str| LINE.check(text).expect_err("it does not fit")[0].limit;
        assert_eq!((limit("a"), limit("abcdef"), limit("")), (Some(2), Some(5), None));
    }

    proptest! {
        #[test]
        fn what_passes_keeps_the_rules_and_passes_again(text in "\\PC{0,8}|.{0,8}|[ \\n\\ta-cé\u{301}]{0,8}") {
            for rule in [LINE, TEXT] {
                match rule.check(&text) {
                    Ok(checked) => {
                        let length = checked.graphemes(true).count();
                        prop_assert!((rule.min as usize..=rule.max as usize).contains(&length));
                        prop_assert_eq!(checked.trim(), &checked);
                        prop_assert_eq!(rule.check(&checked), Ok(checked));
                    }
                    Err(errors) => prop_assert!(!errors.is_empty()),
                }
            }
        }
    }
}
