//! Rules of what mutations are given: raw input becomes checked values, or a list of all that is wrong with it.
//!
//! A checked value can be made in no other way than by its rules, so whoever holds one need not check again.

mod account;
mod email;
mod field;
mod password;
mod post;

pub use account::{PasswordChange, Profile, ProfileInput, SignIn, SignUp, SignUpInput};
pub use email::Email;
pub use password::{NewPassword, Secret};
pub use post::{IdempotencyKey, NewPostInput, PostEdit, PostEditInput, PostText};

/// What is wrong with a field of an input, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UserErrorCode {
    /// It is empty or blank.
    Required,
    /// It has another form than it must have.
    Invalid,
    /// It is shorter than the limit.
    TooShort,
    /// It is longer than the limit.
    TooLong,
    /// It is among the first that anybody would guess.
    TooCommon,
    /// Somebody else has it.
    Taken,
    /// There is no such thing.
    NotFound,
    /// It is somebody else's.
    Forbidden,
    /// It does not fit what happened meanwhile, or before.
    Conflict,
    /// Login or password is wrong; which of them is not told.
    WrongCredentials,
}

/// Something that whoever filled in the input can mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserError {
    /// What is wrong, for programs.
    pub code: UserErrorCode,
    /// What is wrong, for people.
    pub message: String,
    /// Where, relative to `input`.
    pub path: Vec<&'static str>,
    /// The length that was broken, with [`UserErrorCode::TooShort`] and [`UserErrorCode::TooLong`].
    pub limit: Option<u32>,
}

impl UserError {
    /// An error of one field.
    pub fn new(code: UserErrorCode, field: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), path: vec![field], limit: None }
    }

    /// The one answer to a wrong login as to a wrong password.
    pub fn wrong_credentials(path: Vec<&'static str>) -> Self {
        let message = "Login or password is wrong.".to_owned();
        Self { code: UserErrorCode::WrongCredentials, message, path, limit: None }
    }
}

/// What is wrong with an input as a whole: gathered, so that every faulty field is told at once.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<UserError>);

impl Faults {
    /// The value of a field; its errors are kept for [`Self::finish`].
    fn take<T>(&mut self, checked: Result<T, Vec<UserError>>) -> Option<T> {
        checked.map_err(|errors| self.0.extend(errors)).ok()
    }

    /// The checked value, which is there unless a field of it was faulty.
    fn finish<T>(self, value: Option<T>) -> Result<T, Vec<UserError>> {
        debug_assert!(value.is_some() || !self.0.is_empty(), "what is refused has a reason");
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self.0),
        }
    }
}
