//! Keys: what an answer is kept under.

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::domain::{Scope, Viewer};
use crate::ports::CacheKey;

/// What is asked, whoever asks: a hash of all that the answer depends on but the stores and the viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Question {
    scope: Scope,
    hash: [u8; 32],
}

impl Question {
    /// The question of an operation. The order of variables makes no difference.
    pub(super) fn new(
        schema: &[u8; 32],
        scope: Scope,
        query: &str,
        name: Option<&str>,
        variables: &Map<String, Value>,
    ) -> Self {
        let mut hash = Sha256::new();
        hash.update(schema);
        hash.update([scope as u8]);
        let mut canonical = String::new();
        write_object(variables, &mut canonical);
        for part in [query, name.unwrap_or_default(), canonical.as_str()] {
            // The length keeps two neighbouring parts from passing for two others.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self { scope, hash: hash.finalize().into() }
    }

    /// Whose the answer is.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// What the answer is kept under for this viewer.
    pub(super) fn key(&self, viewer: Viewer) -> CacheKey {
        let hash = match (self.scope, viewer) {
            (Scope::Public, _) => self.hash,
            (Scope::Private, Viewer::Anonymous) => Sha256::digest(self.hash).into(),
            (Scope::Private, Viewer::User(id)) => {
                Sha256::new().chain_update(self.hash).chain_update(id.0.as_bytes()).finalize().into()
            }
        };
        CacheKey(hash)
    }
}

fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Object(object) => write_object(object, out),
        Value::Array(items) => {
            out.push('[');
            for item in items {
                write_value(item, out);
                out.push(',');
            }
            out.push(']');
        }
        plain => out.push_str(&plain.to_string()),
    }
}

fn write_object(object: &Map<String, Value>, out: &mut String) {
    let mut entries: Vec<_> = object.iter().collect();
    entries.sort_unstable_by_key(|(name, _)| *name);
    out.push('{');
    for (name, value) in entries {
        out.push_str(&Value::String(name.clone()).to_string());
        out.push(':');
        write_value(value, out);
        out.push(',');
    }
    out.push('}');
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::domain::UserId;

    fn question(scope: Scope, query: &str, name: Option<&str>, variables: Value) -> Question {
        Question::new(&[7; 32], scope, query, name, variables.as_object().expect("an object"))
    }

    #[test]
    fn a_key_depends_on_all_that_the_answer_does() {
        let variables = || json!({"x": 1, "y": {"b": 2, "a": [1]}});
        let viewers = [Viewer::Anonymous, Viewer::User(UserId(Uuid::nil())), Viewer::User(UserId(Uuid::max()))];
        let base = question(Scope::Private, "{ a }", None, variables());
        let reordered = question(Scope::Private, "{ a }", None, json!({"y": {"a": [1], "b": 2}, "x": 1}));
        assert_eq!(base, reordered);
        let questions = [
            base,
            question(Scope::Private, "{ b }", None, variables()),
            question(Scope::Private, "{ a }", Some("A"), variables()),
            question(Scope::Private, "{ a }", None, json!({"x": "1", "y": {"b": 2, "a": [1]}})),
            Question::new(&[8; 32], Scope::Private, "{ a }", None, variables().as_object().expect("an object")),
        ];
        let keys = questions.iter().flat_map(|question| viewers.map(|viewer| question.key(viewer).0));
        assert_eq!(keys.collect::<HashSet<_>>().len(), questions.len() * viewers.len());
    }

    #[test]
    fn what_is_public_is_everybodys() {
        let public = question(Scope::Public, "{ a }", None, json!({}));
        let somebody = Viewer::User(UserId(Uuid::nil()));
        assert_eq!(public.key(Viewer::Anonymous), public.key(somebody));
        let private = question(Scope::Private, "{ a }", None, json!({}));
        assert_ne!(public.key(Viewer::Anonymous), private.key(Viewer::Anonymous));
    }
}
