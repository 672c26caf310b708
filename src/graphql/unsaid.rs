//! What errors don't tell where suggestions are off: names of the schema that whoever asks did not write. Errors about
//! types and required arguments would otherwise spell out, guess by guess, what introspection hides.

use std::collections::HashSet;

use async_graphql::ServerError;
use serde_json::{Map, Value};

/// Types that every schema has.
const BUILT_IN: [&str; 5] = ["Boolean", "Float", "ID", "Int", "String"];
/// What stands in a name's place.
const UNSAID: &str = "…";

/// Takes out of messages what stands between quotation marks, unless all names in it are in the document or in the
/// variables as well.
pub(super) fn hide(errors: &mut [ServerError], document: &str, variables: &Map<String, Value>) {
    // Paths in variables are made of their keys.
    let variables = serde_json::to_string(variables).unwrap_or_default();
    let said: HashSet<&str> = BUILT_IN.into_iter().chain(names(document)).chain(names(&variables)).collect();
    for error in errors {
        let parts = error.message.split('"').enumerate().map(|(place, part)| {
            let is_quoted = place % 2 == 1;
            if is_quoted && !names(part).all(|name| said.contains(name)) { UNSAID } else { part }
        });
        error.message = parts.collect::<Vec<_>>().join("\"");
    }
}

/// Whatever could be a name (GraphQL specification, §2.1.9), numbers included.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hidden(message: &str, query: &str, variables: Value) -> String {
        let mut errors = [ServerError::new(message, None)];
        hide(&mut errors, query, variables.as_object().expect("an object"));
        let [ServerError { message, .. }] = errors;
        message
    }

    #[test]
    fn names_are_told_to_whoever_wrote_them() {
        let hidden = |message| hidden(message, "query ($a: Foo) { posts { x } }", json!({ "a": { "handle": 1 } }));
        assert_eq!(hidden(r#"Unknown field "x" on type "PostConnection"."#), r#"Unknown field "x" on type "…"."#);
        assert_eq!(hidden(r#"Unknown type "Foo""#), r#"Unknown type "Foo""#);
        assert_eq!(hidden(r#"Expected a value of type "[ID!]!"."#), r#"Expected a value of type "[ID!]!"."#);
        assert_eq!(hidden(r#"Variable "$a.email" is required."#), r#"Variable "…" is required."#);
        assert_eq!(
            hidden(r#"Variable "$a.handle" must be of type "Foo"."#),
            r#"Variable "$a.handle" must be of type "Foo"."#
        );
    }

    #[test]
    fn a_name_within_a_longer_one_was_not_written() {
        assert_eq!(
            hidden(r#"Unknown field "b" on type "Post"."#, "{ Posts { b } }", json!({})),
            r#"Unknown field "b" on type "…"."#
        );
    }
}
