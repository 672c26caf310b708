//! Email addresses, as HTML's `<input type=email>` takes them: the rule that people's browsers apply already.

use std::fmt;

use super::field::Rule;
use super::{UserError, UserErrorCode};

/// The most bytes of an address that can be delivered to (RFC 5321's path of 256, less its brackets).
const MAX_BYTES: u32 = 254;
const RULE: Rule = Rule::line("email", "The email address", 1, MAX_BYTES);

/// An email address as it was written. Not to be printed by accident: it is for its owner's eyes.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// The address that `text` is, trimmed.
    pub(super) fn check(text: &str) -> Result<Self, Vec<UserError>> {
        let text = text.trim();
        let mut errors = Vec::new();
        if text.is_empty() {
            return Err(vec![RULE.required()]);
        }
        if text.len() > MAX_BYTES as usize {
            let message = format!("The email address must have at most {MAX_BYTES} bytes.");
            errors.push(UserError {
                limit: Some(MAX_BYTES),
                ..UserError::new(UserErrorCode::TooLong, RULE.field, message)
            });
        }
        if !is_address(text) {
            errors.push(RULE.invalid("must be of the form name@example.org."));
        }
        if errors.is_empty() { Ok(Self(text.to_owned())) } else { Err(errors) }
    }

    /// The address as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

/// Whether `text` is a "valid email address" as the HTML standard has it.
fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let is_local = |b: u8| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b);
    !local.is_empty() && local.bytes().all(is_local) && domain.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let bytes = label.as_bytes();
    let fits = (1..=63).contains(&bytes.len()) && bytes.iter().all(|&b| b.is_ascii_alphanumeric() || b == b'-');
    fits && bytes.first() != Some(&b'-') && bytes.last() != Some(&b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<UserErrorCode> {
        Email::check(text).err().unwrap_or_default().iter().map(|error| error.code).collect()
    }

    #[test]
    fn addresses_are_htmls() {
        let label = "a".repeat(63);
        for text in [
            "demo@example.org",
            " Demo@Example.ORG\n",
            "a@b",
            "..@localhost",
            "o'hara+tag=x/y{z}|~^`?#!$%&*_-@x-1.example",
            &format!("a@{label}.{label}"),
        ] {
            assert_eq!(codes(text), [], "{text:?}");
        }
        for text in [
            "demo",
            "@example.org",
            "demo@",
            "demo@@example.org",
            "demo@example..org",
            "demo@.example.org",
            "demo@example.org.",
            "demo@-example.org",
            "demo@example-.org",
            "demo@exa_mple.org",
            "de mo@example.org",
            "dém@example.org",
            "demo@exämple.org",
            "\"demo\"@example.org",
            "demo@[127.0.0.1]",
            "demo@example.org\u{0}",
            &format!("a@{label}a.org"),
        ] {
            assert_eq!(codes(text), [UserErrorCode::Invalid], "{text:?}");
        }
    }

    #[test]
    fn its_length_is_in_bytes() {
        let of = |bytes: usize| format!("{}@example.org", "a".repeat(bytes - "@example.org".len()));
        assert_eq!(codes(&of(254)), []);
        assert_eq!(codes(&of(255)), [UserErrorCode::TooLong]);
        assert_eq!(Email::check(&of(255)).expect_err("too long")[0].limit, Some(254));
        assert_eq!(codes(" \n"), [UserErrorCode::Required]);
        assert_eq!(codes(&"é".repeat(200)), [UserErrorCode::TooLong, UserErrorCode::Invalid]);
    }

    #[test]
    fn it_is_not_printed_by_accident() {
        assert!(!format!("{:?}", Email::check("demo@example.org")).contains("demo"));
    }
}
