//! What posts are made of and changed by.

use super::field::Rule;
use super::{Faults, UserError};

const TITLE: Rule = Rule::line("title", "The title", 1, 200);
const CONTENT: Rule = Rule::text("content", "The content", 20_000);
const KEY: Rule = Rule::line("idempotencyKey", "The idempotency key", 1, 64);

/// A post to be published, as it was sent.
#[derive(Debug, Clone)]
pub struct NewPostInput {
    /// Its title.
    pub title: String,
    /// Its text.
    pub content: String,
    /// What makes it safe to publish it again.
    pub idempotency_key: Option<String>,
}

/// A post's title and text, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostText {
    /// The title.
    pub title: String,
    /// The text.
    pub content: String,
}

/// A key of the client's choice that names one try to publish, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    fn check(text: &str) -> Result<Self, Vec<UserError>> {
        let key = KEY.check(text)?;
        if key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
            Ok(Self(key))
        } else {
            Err(vec![KEY.invalid("must be made of letters A to Z, digits, underscores and hyphens.")])
        }
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl NewPostInput {
    /// The checked input.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn check(self) -> Result<(PostText, Option<IdempotencyKey>), Vec<UserError>> {
        let mut faults = Faults::default();
        let title = faults.take(TITLE.check(&self.title));
        let content = faults.take(CONTENT.check(&self.content));
        let key = self.idempotency_key.and_then(|key| faults.take(IdempotencyKey::check(&key)));
        faults.finish(title.zip(content).map(|(title, content)| (PostText { title, content }, key)))
    }
}

/// Changes of a post, as they were sent: what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct PostEditInput {
    /// Another title.
    pub title: Option<String>,
    /// Another text.
    pub content: Option<String>,
    /// The revision that the changes were made on: with another one they are refused.
    pub expected_revision: Option<i32>,
}

/// Changes of a post, checked: what is `None` stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PostEdit {
    /// Another title.
    pub title: Option<String>,
    /// Another text.
    pub content: Option<String>,
    /// The revision that the changes were made on.
    pub expected_revision: Option<u32>,
}

impl PostEditInput {
    /// The checked changes.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn check(self) -> Result<PostEdit, Vec<UserError>> {
        let mut faults = Faults::default();
        let edit = PostEdit {
            title: self.title.and_then(|title| faults.take(TITLE.check(&title))),
            content: self.content.and_then(|content| faults.take(CONTENT.check(&content))),
            // Revisions begin with 1, so what is below is a revision that no post has: 0 stands for all of those.
            expected_revision: self.expected_revision.map(|revision| u32::try_from(revision).unwrap_or(0)),
        };
        faults.finish(Some(edit))
    }
}

#[cfg(test)]
mod tests {
    use super::super::UserErrorCode::{self, Invalid, Required, TooLong};
    use super::*;

    fn input(title: &str, content: &str, key: Option<&str>) -> NewPostInput {
        let (title, content) = (title.to_owned(), content.to_owned());
        NewPostInput { title, content, idempotency_key: key.map(ToOwned::to_owned) }
    }

    fn faults<T>(result: Result<T, Vec<UserError>>) -> Vec<(&'static str, UserErrorCode, Option<u32>)> {
        result.err().unwrap_or_default().iter().map(|error| (error.path[0], error.code, error.limit)).collect()
    }

    #[test]
    fn a_good_post_is_normalised() {
        let (text, key) = input(" A title ", "\n e\u{301}\n\tb \n", Some(" Key-1_x ")).check().expect("a post");
        assert_eq!(text, PostText { title: "A title".to_owned(), content: "é\n\tb".to_owned() });
        assert_eq!(key.as_ref().map(IdempotencyKey::as_str), Some("Key-1_x"));
        assert!(input(&"t".repeat(200), &"👩‍👩‍👧‍👦".repeat(20_000), None).check().is_ok(), "limits are in graphemes");
    }

    #[test]
    fn every_faulty_field_is_told_at_once() {
        let long = "x".repeat(20_001);
        assert_eq!(
            faults(input(" ", &long, Some("a b")).check()),
            [("title", Required, None), ("content", TooLong, Some(20_000)), ("idempotencyKey", Invalid, None)]
        );
        assert_eq!(
            faults(input("a\nb", "", Some("")).check()),
            [("title", Invalid, None), ("content", Required, None), ("idempotencyKey", Required, None)]
        );
        let key = "k".repeat(65);
        assert_eq!(
            faults(input(&"t".repeat(201), "c", Some(&key)).check()),
            [("title", TooLong, Some(200)), ("idempotencyKey", TooLong, Some(64))]
        );
    }

    #[test]
    fn an_edit_keeps_what_is_left_out() {
        assert_eq!(PostEditInput::default().check(), Ok(PostEdit::default()));
        let revision = |expected| PostEditInput { expected_revision: Some(expected), ..PostEditInput::default() };
        let checked = |expected| revision(expected).check().expect("a revision").expected_revision;
        assert_eq!((checked(3), checked(0), checked(-1)), (Some(3), Some(0), Some(0)));
        let blank =
            PostEditInput { title: Some(String::new()), content: Some(" ".to_owned()), expected_revision: None };
        assert_eq!(faults(blank.check()), [("title", Required, None), ("content", Required, None)]);
    }
}
