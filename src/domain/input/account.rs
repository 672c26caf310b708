//! What accounts are made of and changed by.

use super::field::Rule;
use super::password::{NewPassword, Secret};
use super::{Email, Faults, UserError};
use crate::domain::text::{Handle, normalize};

const HANDLE: Rule = Rule::line("handle", "The handle", 3, 30);
const NAME: Rule = Rule::line("name", "The name", 1, 80);
const BIO: Rule = Rule::text("bio", "The bio", 500);

/// What somebody signs up with, as it was sent.
#[derive(Clone)]
pub struct SignUpInput {
    /// Their handle.
    pub handle: String,
    /// Their name.
    pub name: String,
    /// Their email address.
    pub email: String,
    /// Their password.
    pub password: String,
    /// What they say of themselves.
    pub bio: Option<String>,
}

/// What somebody signs up with, checked.
#[derive(Debug, Clone)]
pub struct SignUp {
    /// Their handle, in lower case.
    pub handle: Handle,
    /// Their name.
    pub name: String,
    /// Their email address.
    pub email: Email,
    /// Their password.
    pub password: NewPassword,
    /// What they say of themselves.
    pub bio: Option<String>,
}

impl SignUpInput {
    /// The checked input.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn check(self) -> Result<SignUp, Vec<UserError>> {
        let mut faults = Faults::default();
        let handle = faults.take(check_handle(&self.handle));
        let name = faults.take(NAME.check(&self.name));
        let email = faults.take(Email::check(&self.email));
        let password = faults.take(NewPassword::check("password", self.password));
        let bio = faults.take(BIO.check_optional(self.bio.as_deref().unwrap_or_default()));
        let checked =
            (|| Some(SignUp { handle: handle?, name: name?, email: email?, password: password?, bio: bio? }))();
        faults.finish(checked)
    }
}

/// Changes of a profile, as they were sent: what is `None` stays, `Some(None)` is an explicit null.
#[derive(Clone, Default)]
pub struct ProfileInput {
    /// Another handle.
    pub handle: Option<Option<String>>,
    /// Another name.
    pub name: Option<Option<String>>,
    /// Another address.
    pub email: Option<Option<String>>,
    /// Another bio; null or blank clears it.
    pub bio: Option<Option<String>>,
}

/// Changes of a profile, checked: what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    /// Another handle.
    pub handle: Option<Handle>,
    /// Another name.
    pub name: Option<String>,
    /// Another address.
    pub email: Option<Email>,
    /// Another bio; `Some(None)` clears it.
    pub bio: Option<Option<String>>,
}

impl ProfileInput {
    /// The checked changes. A null is as good as a blank: it clears the bio, and nobody is without the others.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn check(self) -> Result<Profile, Vec<UserError>> {
        let mut faults = Faults::default();
        let profile = Profile {
            handle: self.handle.and_then(|text| faults.take(check_handle(&text.unwrap_or_default()))),
            name: self.name.and_then(|text| faults.take(NAME.check(&text.unwrap_or_default()))),
            email: self.email.and_then(|text| faults.take(Email::check(&text.unwrap_or_default()))),
            bio: self.bio.and_then(|text| faults.take(BIO.check_optional(&text.unwrap_or_default()))),
        };
        faults.finish(Some(profile))
    }
}

/// What somebody signs in with: both are there, and no more is asked of them.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// A handle or an email address, trimmed and in lower case; or anything else, which is nobody's.
    pub login: String,
    /// The password.
    pub password: Secret,
}

impl SignIn {
    /// The checked input.
    ///
    /// # Errors
    /// What of it is missing.
    pub fn check(login: &str, password: String) -> Result<Self, Vec<UserError>> {
        const LOGIN: Rule = Rule::line("login", "The login", 1, u32::MAX);
        let mut faults = Faults::default();
        let login = normalize(login).to_lowercase();
        let login = faults.take(if login.is_empty() { Err(vec![LOGIN.required()]) } else { Ok(login) });
        let password = faults.take(Secret::check("password", password));
        faults.finish(login.zip(password).map(|(login, password)| Self { login, password }))
    }
}

/// A change of password, checked.
#[derive(Debug, Clone)]
pub struct PasswordChange {
    /// The one that is valid until now, as it was typed in.
    pub current: Secret,
    /// The one that is to be.
    pub new: NewPassword,
}

impl PasswordChange {
    /// The checked input.
    ///
    /// # Errors
    /// All that is wrong with it, but for whether the current password is right.
    pub fn check(current: String, new: String) -> Result<Self, Vec<UserError>> {
        let mut faults = Faults::default();
        let current = faults.take(Secret::check("currentPassword", current));
        let new = faults.take(NewPassword::check("newPassword", new));
        faults.finish(current.zip(new).map(|(current, new)| Self { current, new }))
    }
}

impl Secret {
    /// The password that confirms a deletion.
    ///
    /// # Errors
    /// That it is missing.
    pub fn confirming(password: String) -> Result<Self, Vec<UserError>> {
        Self::check("password", password)
    }
}

fn check_handle(text: &str) -> Result<Handle, Vec<UserError>> {
    let form = || HANDLE.invalid("must be made of letters a to z, digits and underscores.");
    let is_of_form = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    match HANDLE.check(text) {
        Ok(text) => Handle::parse(&text).ok_or_else(|| vec![form()]),
        Err(errors) if text.trim().is_empty() || is_of_form(text.trim()) => Err(errors),
        // A handle that is too long and has a letter it can't have is told of both; control characters are letters it
        // can't have, too.
        Err(errors) => {
            let of_length = errors.into_iter().filter(|error| error.limit.is_some());
            Err(of_length.chain([form()]).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::UserErrorCode::{self, Invalid, Required, TooCommon, TooLong, TooShort};
    use super::*;

    fn input() -> SignUpInput {
        SignUpInput {
            handle: " Demo_1 ".to_owned(),
            name: " Demo Dupont\n".to_owned(),
            email: " Demo@Example.org ".to_owned(),
            password: " as it is ".to_owned(),
            bio: Some(" one\ntwo ".to_owned()),
        }
    }

    fn faults<T>(result: Result<T, Vec<UserError>>) -> Vec<(&'static str, UserErrorCode, Option<u32>)> {
        result.err().unwrap_or_default().iter().map(|error| (error.path[0], error.code, error.limit)).collect()
    }

    #[test]
    fn a_good_input_is_normalised() {
        let SignUp { handle, name, email, password, bio } = input().check().expect("nothing is wrong with it");
        assert_eq!((handle.as_str(), name.as_str(), email.as_str()), ("demo_1", "Demo Dupont", "Demo@Example.org"));
        assert_eq!((password.secret().reveal_for_hashing(), bio.as_deref()), (" as it is ", Some("one\ntwo")));
        let without = SignUpInput { bio: Some(" \n".to_owned()), ..input() }.check().expect("a bio may be blank");
        assert_eq!(without.bio, None);
    }

    #[test]
    fn every_faulty_field_is_told_at_once() {
        let blank = SignUpInput {
            handle: String::new(),
            name: " ".to_owned(),
            email: "\t".to_owned(),
            password: String::new(),
            bio: Some("x".repeat(501)),
        };
        assert_eq!(
            faults(blank.check()),
            [
                ("handle", Required, None),
                ("name", Required, None),
                ("email", Required, None),
                ("password", Required, None),
                ("bio", TooLong, Some(500)),
            ]
        );
        let odd = SignUpInput {
            handle: "a-".to_owned(),
            name: "n".repeat(81),
            email: "nobody".to_owned(),
            password: "Password123".to_owned(),
            bio: Some("\0".to_owned()),
        };
        assert_eq!(
            faults(odd.check()),
            [
                ("handle", TooShort, Some(3)),
                ("handle", Invalid, None),
                ("name", TooLong, Some(80)),
                ("email", Invalid, None),
                ("password", TooCommon, None),
                ("bio", Invalid, None),
            ]
        );
    }

    #[test]
    fn handles_are_told_what_is_wrong_with_them() {
        for (handle, expected) in [
            ("ab", vec![("handle", TooShort, Some(3))]),
            (&"a".repeat(31), vec![("handle", TooLong, Some(30))]),
            (&"a".repeat(1 << 16), vec![("handle", TooLong, Some(30))]),
            ("émile", vec![("handle", Invalid, None)]),
            ("a b", vec![("handle", Invalid, None)]),
            ("a\0b", vec![("handle", Invalid, None)]),
            ("\0", vec![("handle", TooShort, Some(3)), ("handle", Invalid, None)]),
            // The Kelvin sign's normal form is a K.
            ("\u{212a}elvin", vec![]),
            (&"a".repeat(30), vec![]),
            ("DEMO", vec![]),
        ] {
            assert_eq!(faults(check_handle(handle)), expected, "{handle:?}");
        }
    }

    #[test]
    fn what_is_left_out_of_a_profile_stays_and_what_is_null_is_cleared() {
        let nothing = ProfileInput::default().check().expect("nothing is wrong with nothing");
        assert!(nothing.handle.is_none() && nothing.name.is_none() && nothing.email.is_none() && nothing.bio.is_none());
        let null = ProfileInput { handle: Some(None), name: Some(None), email: Some(None), bio: Some(None) };
        assert_eq!(faults(null.check()), ["handle", "name", "email"].map(|field| (field, Required, None)));
        for bio in [None, Some(" ".to_owned())] {
            let cleared = ProfileInput { bio: Some(bio), ..ProfileInput::default() };
            assert_eq!(cleared.check().expect("a bio may be cleared").bio, Some(None));
        }
    }

    #[test]
    fn signing_in_and_changing_a_password_need_both() {
        let both = SignIn::check(" DEMO ", "x".to_owned()).expect("both are there");
        assert_eq!(both.login, "demo");
        assert_eq!(
            faults(SignIn::check(" ", String::new())),
            [("login", Required, None), ("password", Required, None)]
        );
        assert_eq!(
            faults(PasswordChange::check(String::new(), "short".to_owned())),
            [("currentPassword", Required, None), ("newPassword", TooShort, Some(10))]
        );
    }
}
