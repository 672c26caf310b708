//! What an operation may cost, told before it runs: an upper bound on the objects in its response.
//!
//! Each object counts 1, weighted by the lists above it, each of which is as long as its page at most (the "type cost"
//! of Cha et al., *A Principled Approach to GraphQL Query Cost Analysis*, 2020, with a weight of 1 for every type).

use std::collections::HashMap;

use async_graphql::Name;
use async_graphql::parser::types::{BaseType, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet};
use async_graphql_value::{ConstValue, Value};
use serde_json::Map;

use super::nulls::{named, root_of};
use super::usages::{ArgumentTypes, FieldType};

/// How long a page is where the request does not say.
const DEFAULT_PAGE: u64 = 20;
/// The arguments that say how long a list is.
const SIZES: [&str; 3] = ["first", "last", "ids"];

/// The cost of an operation with these variables.
pub(super) fn of_operation(
    arguments: &ArgumentTypes,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Map<String, serde_json::Value>,
) -> u64 {
    let root = root_of(operation);
    let mut costing = Costing { arguments, document, variables, fragments: HashMap::new() };
    costing.selection(root, &operation.selection_set.node, DEFAULT_PAGE)
}

struct Costing<'a> {
    arguments: &'a ArgumentTypes,
    document: &'a ExecutableDocument,
    variables: &'a Map<String, serde_json::Value>,
    /// Fragments cost the same wherever they are spread below a page of the same length.
    fragments: HashMap<(&'a Name, u64), u64>,
}

impl<'a> Costing<'a> {
    /// `page` is the length of the lists that no argument of their own limits: those of a connection.
    fn selection(&mut self, parent: &str, selection: &'a SelectionSet, page: u64) -> u64 {
        let mut cost = 0_u64;
        for item in &selection.items {
            cost = cost.saturating_add(match &item.node {
                Selection::Field(field) => self.field(parent, &field.node, page),
                Selection::InlineFragment(inline) => {
                    let of = inline.node.type_condition.as_ref().map_or(parent, |on| on.node.on.node.as_str());
                    self.selection(of, &inline.node.selection_set.node, page)
                }
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node, page),
            });
        }
        cost
    }

    fn fragment(&mut self, name: &'a Name, page: u64) -> u64 {
        if let Some(cost) = self.fragments.get(&(name, page)) {
            return *cost;
        }
        let Some(fragment) = self.document.fragments.get(name) else { return 0 };
        let of = &fragment.node.type_condition.node.on.node;
        let cost = self.selection(of, &fragment.node.selection_set.node, page);
        self.fragments.insert((name, page), cost);
        cost
    }

    fn field(&mut self, parent: &str, field: &'a Field, page: u64) -> u64 {
        if field.selection_set.node.items.is_empty() {
            return 0;
        }
        let Some(known) = self.arguments.field(parent, &field.name.node) else { return 1 };
        let page = self.page(field, known).unwrap_or(page);
        let each = 1_u64.saturating_add(self.selection(named(&known.ty), &field.selection_set.node, page));
        let times = if matches!(known.ty.base, BaseType::List(_)) { page } else { 1 };
        each.saturating_mul(times)
    }

    /// How long the field's own arguments let its list be.
    fn page(&self, field: &Field, known: &FieldType) -> Option<u64> {
        let sized = known.arguments.iter().filter(|argument| SIZES.contains(&argument.name.as_str()));
        let mut sized = sized.peekable();
        sized.peek()?;
        let given = sized.find_map(|argument| {
            let (_, value) = field.arguments.iter().find(|(name, _)| name.node == argument.name)?;
            self.length(&value.node).or_else(|| argument.default.as_ref().and_then(length_of))
        });
        let default = known.arguments.iter().find_map(|argument| argument.default.as_ref().and_then(length_of));
        Some(given.or(default).unwrap_or(DEFAULT_PAGE))
    }

    fn length(&self, value: &Value) -> Option<u64> {
        match value {
            Value::Variable(name) => match self.variables.get(name.as_str())? {
                serde_json::Value::Array(items) => Some(items.len() as u64),
                number => number.as_u64(),
            },
            Value::List(items) => Some(items.len() as u64),
            Value::Number(number) => number.as_u64(),
            _ => None,
        }
    }
}

fn length_of(value: &ConstValue) -> Option<u64> {
    match value {
        ConstValue::Number(number) => number.as_u64(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    fn cost(query: &str, variables: &serde_json::Value) -> u64 {
        let document = parse_query(query).expect("a document");
        let (_, operation) = document.operations.iter().next().expect("an operation");
        let arguments = ArgumentTypes::of(&crate::graphql::sdl());
        of_operation(&arguments, &document, &operation.node, variables.as_object().expect("an object"))
    }

    #[test]
    fn objects_count_as_often_as_their_lists_are_long() {
        for (query, variables, expected) in [
            ("{ __typename }", json!({}), 0),
            ("{ viewer { handle } }", json!({}), 1),
            // The connection, its page info, ten posts, ten authors.
            ("{ posts(first: 10) { pageInfo { hasNextPage } nodes { author { handle } } } }", json!({}), 22),
            ("query ($n: Int) { posts(first: $n) { nodes { title } } }", json!({"n": 7}), 8),
            ("{ posts { nodes { title } } }", json!({}), 21),
            (
                "{ posts(first: 10) { nodes { likes(first: 3) { nodes { user { id } } } } } }",
                json!({}),
                1 + 10 * (2 + 3 * 2),
            ),
            ("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({"ids": ["a", "b", "c"]}), 3),
            ("{ leaderboard(first: 5) { user { id } } }", json!({}), 10),
            (
                "{ a: viewer { ...U } b: viewer { ...U } } fragment U on User { followers(first: 2) { nodes { id } } }",
                json!({}),
                8,
            ),
        ] {
            assert_eq!(cost(query, &variables), expected, "{query}");
        }
    }

    #[test]
    fn what_can_not_be_counted_is_as_much_as_there_is() {
        let list = "followers(first: 100) { nodes { ".repeat(20);
        let deep = format!("{{ viewer {{ {list} id {} }} }}", "} }".repeat(20));
        assert_eq!(cost(&deep, &json!({})), u64::MAX);
    }
}
