//! Requests that were understood before: the same bytes ask the same question, and need not be read again.

use ahash::RandomState;
use bytes::Bytes;
use moka::sync::Cache;

use super::key::Question;

/// The most bytes that remembered requests may take.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// The most bytes of one.
const MOST_OF_ONE: usize = 16 * 1024;
/// About what one costs beside its bytes: its question, and moka's own nodes.
const OVERHEAD: usize = 250;

/// How the bytes of a request are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As the body of a POST.
    Body,
    /// As the parameters of a GET.
    Parameters,
}

/// The questions of requests, by their bytes as they came. Only queries are among them.
pub(super) struct Known([Cache<Bytes, Question, RandomState>; 2]);

impl Default for Known {
    fn default() -> Self {
        let weigh = |raw: &Bytes, _: &Question| u32::try_from(raw.len() + OVERHEAD).unwrap_or(u32::MAX);
        Self([(), ()].map(|()| {
            Cache::builder().max_capacity(MAX_BYTES / 2).weigher(weigh).build_with_hasher(RandomState::new())
        }))
    }
}

impl Known {
    pub(super) fn get(&self, form: Form, raw: &[u8]) -> Option<Question> {
        self.0[form as usize].get(raw)
    }

    pub(super) fn put(&self, form: Form, raw: &[u8], question: Question) {
        if raw.len() <= MOST_OF_ONE {
            // A copy, since the bytes may be a small part of a large buffer.
            self.0[form as usize].insert(Bytes::copy_from_slice(raw), question);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;
    use crate::domain::Scope;

    #[test]
    fn the_same_bytes_ask_the_same_question_in_one_form() {
        let known = Known::default();
        let question = Question::new(&[0; 32], Scope::Public, "{ a }", None, &Map::new());
        known.put(Form::Body, b"bytes", question);
        assert_eq!(known.get(Form::Body, b"bytes"), Some(question));
        assert_eq!(known.get(Form::Body, b"other bytes"), None);
        assert_eq!(known.get(Form::Parameters, b"bytes"), None);
        let large = vec![b' '; MOST_OF_ONE + 1];
        known.put(Form::Body, &large, question);
        assert_eq!(known.get(Form::Body, &large), None);
    }
}
