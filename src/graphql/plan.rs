//! The response's shape, read off the document: fields in the order in which they were selected, merged as the GraphQL
//! specification says (§6.3.2), and written in that order.
//!
//! async-graphql 7.2 puts a field into the response when it is resolved, so siblings come in the order in which
//! their stores answered. The specification wants the order of selection (§7.2.2), and so do caches and tests that
//! compare responses byte by byte.

use std::collections::HashMap;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Field, FragmentDefinition, Selection, SelectionSet};
use async_graphql::{Name, Positioned, Value};

/// The fields of an object in order, whatever its type: those of other types are not there when it is written.
#[derive(Debug, Default)]
pub(super) struct Plan {
    fields: IndexMap<Name, Plan>,
    /// Whether a field with a selection of its own, here or below, is selected more than once.
    repeats: bool,
}

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

impl Plan {
    /// The plan of a selection set. Fragments must not form cycles: validate the document first.
    pub(super) fn of(selection: &SelectionSet, fragments: &Fragments) -> Self {
        let mut plan = Self::default();
        plan.add(selection, fragments);
        plan
    }

    fn add(&mut self, selection: &SelectionSet, fragments: &Fragments) {
        for item in &selection.items {
            match &item.node {
                Selection::Field(field) => {
                    let selection = &field.node.selection_set.node;
                    let is_again = self.fields.contains_key(&field.node.response_key().node);
                    let child = self.child(&field.node);
                    child.add(selection, fragments);
                    let below = child.repeats;
                    self.repeats |= below || is_again && !selection.items.is_empty();
                }
                Selection::InlineFragment(inline) => self.add(&inline.node.selection_set.node, fragments),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = fragments.get(&spread.node.fragment_name.node) {
                        self.add(&fragment.node.selection_set.node, fragments);
                    }
                }
            }
        }
    }

    fn child(&mut self, field: &Field) -> &mut Self {
        self.fields.entry(field.response_key().node.clone()).or_default()
    }

    /// Whether a field with a selection of its own is selected more than once, here or below.
    pub(super) fn has_repeats(&self) -> bool {
        self.repeats
    }

    /// Whether there is exactly one field at the top.
    pub(super) fn is_single_field(&self) -> bool {
        self.fields.len() == 1
    }

    /// How many fields it has, those of its objects included.
    pub(super) fn count_fields(&self) -> u64 {
        self.fields.values().map(|below| 1 + below.count_fields()).sum()
    }

    /// Appends `value` as JSON, its objects' fields in the plan's order.
    pub(super) fn write(&self, value: &Value, out: &mut Vec<u8>) -> serde_json::Result<()> {
        match value {
            Value::Object(object) if !self.fields.is_empty() => {
                out.push(b'{');
                // Where the object is in order already, no key is looked for.
                let mut written = 0;
                for (key, plan) in &self.fields {
                    let value = match object.get_index(written) {
                        Some((here, value)) if here == key => value,
                        _ => match object.get(key) {
                            Some(value) => value,
                            None => continue,
                        },
                    };
                    // A name has nothing to escape (GraphQL specification, §2.1.9).
                    out.extend_from_slice(if written > 0 { b",\"" } else { b"\"" });
                    out.extend_from_slice(key.as_bytes());
                    out.extend_from_slice(b"\":");
                    plan.write(value, out)?;
                    written += 1;
                }
                out.push(b'}');
                Ok(())
            }
            Value::List(items) => {
                out.push(b'[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    self.write(item, out)?;
                }
                out.push(b']');
                Ok(())
            }
            plain => serde_json::to_writer(out, plain),
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    fn written(query: &str, value: serde_json::Value) -> String {
        let document = parse_query(query).expect("a document");
        let (_, operation) = document.operations.iter().next().expect("an operation");
        let plan = Plan::of(&operation.node.selection_set.node, &document.fragments);
        let mut out = Vec::new();
        plan.write(&Value::from_json(value).expect("a value"), &mut out).expect("writable");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn fields_come_in_the_order_of_selection() {
        let query = "{ b { y x } a list { n m } b { z } ...F } fragment F on Query { last: b { x } }";
        let value = json!({
            "last": {"x": 1}, "a": null, "b": {"x": 1, "z": 3, "y": "\"2\""}, "list": [{"m": 1, "n": 2}, null]
        });
        let expected = r#"{"b":{"y":"\"2\"","x":1,"z":3},"a":null,"list":[{"n":2,"m":1},null],"last":{"x":1}}"#;
        assert_eq!(written(query, value), expected);
    }

    #[test]
    fn fields_of_other_types_are_not_missed() {
        let query = "{ nodes { id ... on User { handle } ... on Post { title } } }";
        let value = json!({"nodes": [{"title": "t", "id": "p"}, {"handle": "h", "id": "u"}]});
        assert_eq!(written(query, value), r#"{"nodes":[{"id":"p","title":"t"},{"id":"u","handle":"h"}]}"#);
    }
}
