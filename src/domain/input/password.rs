//! Passwords: long enough, and none that is among the first to be guessed.
//!
//! `common_passwords.txt` is the union of two lists, of which it keeps the entries of ten characters or more, since
//! shorter passwords are refused anyway: Royce Williams' 20,000 most common of Have I Been Pwned (as Django ships it,
//! BSD-3-Clause) and zxcvbn's 30,000 of the leaks that Mark Burnett published (MIT). Both go further than the
//! contract's 10,000, so that whoever counts those by either list finds them refused. Garbled entries were left out.
//!
//! The lists are in lower case, and passwords are compared in lower case: a capital adds nothing to `Password123` that
//! a guesser does not try.

use std::collections::HashSet;
use std::fmt;
use std::sync::LazyLock;

use super::field::Rule;
use super::{UserError, UserErrorCode};

const MIN: usize = 10;
const MAX: usize = 256;

static COMMON: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// A password that somebody typed in, as it is. It is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A password to be checked against the one that is stored: no rule applies but that there is one.
    pub(super) fn check(field: &'static str, password: String) -> Result<Self, Vec<UserError>> {
        if password.is_empty() { Err(vec![rule(field).required()]) } else { Ok(Self(password)) }
    }

    /// The password for hashing. Never let it reach a response, a store or a log.
    pub fn reveal_for_hashing(&self) -> &str {
        &self.0
    }

    /// Whether this is longer than any password can be, so that it need not be looked at further.
    pub fn is_too_long(&self) -> bool {
        self.0.chars().nth(MAX).is_some()
    }
}

impl From<String> for Secret {
    fn from(password: String) -> Self {
        Self(password)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A password that is good enough to be somebody's from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPassword(Secret);

impl NewPassword {
    /// The password, taken as it is: neither trimmed nor normalised.
    pub(super) fn check(field: &'static str, password: String) -> Result<Self, Vec<UserError>> {
        let rule = rule(field);
        let secret = Secret::check(field, password)?;
        if secret.is_too_long() {
            return Err(vec![rule.too_long()]);
        }
        if secret.0.chars().count() < MIN {
            return Err(vec![rule.too_short()]);
        }
        if COMMON.contains(secret.0.to_lowercase().as_str()) {
            let message = "The password is one of the most common ones. Choose one that nobody would guess.";
            return Err(vec![UserError::new(UserErrorCode::TooCommon, field, message)]);
        }
        Ok(Self(secret))
    }

    /// The password itself.
    pub fn secret(&self) -> &Secret {
        &self.0
    }
}

const fn rule(field: &'static str) -> Rule {
    Rule::line(field, "The password", MIN as u32, MAX as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(password: &str) -> Vec<UserErrorCode> {
        let checked = NewPassword::check("password", password.to_owned());
        checked.err().unwrap_or_default().iter().map(|error| error.code).collect()
    }

    #[test]
    fn passwords_are_measured_in_code_points_as_they_are() {
        use UserErrorCode::{Required, TooLong, TooShort};
        for (password, expected) in [
            (String::new(), vec![Required]),
            ("123456789".to_owned(), vec![TooShort]),
            ("é".repeat(9), vec![TooShort]),
            ("pässwörter".to_owned(), vec![]),
            ("          ".to_owned(), vec![]),
            (" \t\u{0}aaaaaaa".to_owned(), vec![]),
            ("x1".repeat(128), vec![]),
            ("é".repeat(256), vec![]),
            ("é".repeat(257), vec![TooLong]),
            ("x".repeat(1 << 20), vec![TooLong]),
        ] {
            assert_eq!(codes(&password), expected, "{} bytes", password.len());
        }
        let kept = NewPassword::check("password", "  e\u{301} as it is ".to_owned()).expect("a password");
        assert_eq!(kept.secret().reveal_for_hashing(), "  e\u{301} as it is ");
    }

    #[test]
    fn common_ones_are_refused_in_any_case() {
        for password in ["1234567890", "qwertyuiop", "Password123", "PASSWORD1234", "1q2w3e4r5t", "iloveyou123"] {
            assert_eq!(codes(password), [UserErrorCode::TooCommon], "{password}");
        }
        for password in ["demo-demo-demo", "correct horse battery staple", "password1234 of mine"] {
            assert_eq!(codes(password), [], "{password}");
        }
    }

    #[test]
    fn the_list_holds_what_can_match() {
        assert!(COMMON.len() > 2_000, "{}", COMMON.len());
        for entry in COMMON.iter() {
            assert!(entry.chars().count() >= MIN && entry.to_lowercase() == **entry, "{entry:?} matches nothing");
        }
    }

    #[test]
    fn a_password_is_not_printed_by_accident() {
        let password = NewPassword::check("password", "demo-demo-demo".to_owned()).expect("a password");
        assert!(!format!("{password:?}").contains("demo"));
    }
}
