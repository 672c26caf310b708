//! What an operation may cost, told before it runs: an upper bound on the objects in its response, and on what its
//! fields take beside them.
//!
//! Each object counts 1, weighted by the lists above it, each of which is as long as its page at most (the "type cost"
//! of Cha et al., *A Principled Approach to GraphQL Query Cost Analysis*, 2020), and each field what its `@cost` says,
//! as often as it is resolved. The schema says how long lists are and what fields cost: see [`super::weights`].

use std::collections::HashMap;

use async_graphql::Name;
use async_graphql::parser::types::{BaseType, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet};
use async_graphql_value::Value;
use serde_json::Map;

use super::nulls::{named, root_of};
use super::usages::{ArgumentTypes, FieldType};
use super::weights::number;
use crate::domain::page::MAX_PAGE;

/// The cost of an operation with these variables.
pub(super) fn of_operation(
    arguments: &ArgumentTypes,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Map<String, serde_json::Value>,
) -> u64 {
    let root = root_of(operation);
    let mut costing = Costing { arguments, document, variables, fragments: HashMap::new() };
    costing.selection(root, &operation.selection_set.node, None)
}

/// The fields of an object that are lists of a length which the field above says.
type Sized<'a> = Option<(&'a [String], u64)>;

struct Costing<'a> {
    arguments: &'a ArgumentTypes,
    document: &'a ExecutableDocument,
    variables: &'a Map<String, serde_json::Value>,
    /// Fragments cost the same wherever they are spread into lists of the same length.
    fragments: HashMap<(&'a Name, Sized<'a>), u64>,
}

impl<'a> Costing<'a> {
    fn selection(&mut self, parent: &str, selection: &'a SelectionSet, sized: Sized<'a>) -> u64 {
        let mut cost = 0_u64;
        for item in &selection.items {
            cost = cost.saturating_add(match &item.node {
                Selection::Field(field) => self.field(parent, &field.node, sized),
                Selection::InlineFragment(inline) => {
                    let of = inline.node.type_condition.as_ref().map_or(parent, |on| on.node.on.node.as_str());
                    self.selection(of, &inline.node.selection_set.node, sized)
                }
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node, sized),
            });
        }
        cost
    }

    fn fragment(&mut self, name: &'a Name, sized: Sized<'a>) -> u64 {
        if let Some(cost) = self.fragments.get(&(name, sized)) {
            return *cost;
        }
        let Some(fragment) = self.document.fragments.get(name) else { return 0 };
        let of = &fragment.node.type_condition.node.on.node;
        let cost = self.selection(of, &fragment.node.selection_set.node, sized);
        self.fragments.insert((name, sized), cost);
        cost
    }

    fn field(&mut self, parent: &str, field: &'a Field, sized: Sized<'a>) -> u64 {
        let arguments = self.arguments;
        let has_selection = !field.selection_set.node.items.is_empty();
        // What describes the schema is one object, however large.
        let Some(known) = arguments.field(parent, &field.name.node) else { return u64::from(has_selection) };
        let own = known.weights.cost;
        if !has_selection {
            return own;
        }
        let length = self.length(field, known);
        let below = (!known.weights.sized.is_empty()).then_some((known.weights.sized.as_slice(), length));
        let each = self.selection(named(&known.ty), &field.selection_set.node, below).saturating_add(1);
        let times = match (&known.ty.base, sized) {
            (BaseType::Named(_), _) => 1,
            (BaseType::List(_), Some((fields, of_page))) if fields.contains(&known.name) => of_page,
            (BaseType::List(_), _) => length,
        };
        own.saturating_add(each.saturating_mul(times))
    }

    /// How long the list of a field is at most, or those of its object are. A list of which nothing is said counts as
    /// one thing.
    fn length(&self, field: &Field, known: &FieldType) -> u64 {
        let slicing = || known.weights.slicing.iter();
        let given = slicing().filter_map(|name| {
            let (_, value) = field.arguments.iter().find(|(argument, _)| argument.node == *name)?;
            self.number_or_length(&value.node)
        });
        let default = || {
            let defaults = slicing().filter_map(|name| {
                let argument = known.arguments.iter().find(|argument| argument.name == *name)?;
                argument.default.as_ref().and_then(number)
            });
            defaults.max()
        };
        given.max().or_else(default).or(known.weights.assumed).unwrap_or(1)
    }

    fn number_or_length(&self, value: &Value) -> Option<u64> {
        // Who asks for more than the longest page is refused where the field is resolved.
        let page = |number: u64| number.min(u64::from(MAX_PAGE));
        match value {
            Value::Variable(name) => match self.variables.get(name.as_str())? {
                serde_json::Value::Array(items) => Some(items.len() as u64),
                number => number.as_u64().map(page),
            },
            Value::List(items) => Some(items.len() as u64),
            Value::Number(number) => number.as_u64().map(page),
            _ => None,
        }
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
            ("{ posts(first: 2000000000) { nodes { title } } }", json!({}), 101),
            ("{ posts(last: 5) { edges { node { title } } } }", json!({}), 1 + 5 * 2),
            (
                "{ posts(first: 10) { nodes { likes(first: 3) { nodes { user { id } } } } } }",
                json!({}),
                1 + 10 * (2 + 3 * 2),
            ),
            ("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({"ids": ["a", "b", "c"]}), 3),
            ("{ nodes(ids: [\"a\", \"b\"]) { id } }", json!({}), 2),
            (
                "{ a: viewer { ...U } b: viewer { ...U } } fragment U on User { followers(first: 2) { nodes { id } } }",
                json!({}),
                8,
            ),
            // One fragment in pages of different lengths.
            (
                "{ a: users(first: 2) { ...P } b: users(first: 3) { ...P } } fragment P on UserConnection { nodes { id } }",
                json!({}),
                1 + 2 + 1 + 3,
            ),
            // The payload, and the errors as one.
            ("mutation { likePost(input: {postId: \"a\"}) { userErrors { message } } }", json!({}), 10 + 1 + 1),
        ] {
            assert_eq!(cost(query, &variables), expected, "{query}");
        }
    }

    #[test]
    fn what_takes_a_store_more_than_a_page_costs_more() {
        for (query, expected) in [
            ("{ search(query: \"a\", first: 5) { nodes { title highlights { html } } } }", 10 + 1 + 5 * (1 + 5)),
            ("{ search(query: \"a\") { facets { types { count } authors(first: 7) { count } } } }", 10 + 1 + 1 + 2 + 7),
            ("{ leaderboard(first: 5) { user { id } } }", 10 + 5 * 2),
            ("{ leaderboard { rank } }", 10 + 10),
            ("{ suggest(prefix: \"a\") { title } }", 5 + 8),
            ("mutation { signIn(input: {login: \"a\", password: \"b\"}) { user { id } } }", 100 + 1 + 1),
        ] {
            assert_eq!(cost(query, &json!({})), expected, "{query}");
        }
    }

    #[test]
    fn what_can_not_be_counted_is_as_much_as_there_is() {
        let list = "followers(first: 100) { nodes { ".repeat(20);
        let deep = format!("{{ viewer {{ {list} id {} }} }}", "} }".repeat(20));
        assert_eq!(cost(&deep, &json!({})), u64::MAX);
    }

    /// What a form has to be told is as much as it has fields; all other lists of objects say how long they are.
    #[test]
    fn every_list_of_objects_says_how_long_it_is() {
        let arguments = ArgumentTypes::of(&crate::graphql::sdl());
        let sized: Vec<_> = arguments.all_fields().flat_map(|(_, field)| field.weights.sized.iter()).collect();
        let silent = arguments.all_fields().filter(|(_, field)| {
            let is_list =
                matches!(field.ty.base, BaseType::List(_)) && !arguments.objects_of(named(&field.ty)).is_empty();
            let says = field.weights.assumed.is_some() || !field.weights.slicing.is_empty();
            is_list && !says && !sized.contains(&&field.name) && field.name != "userErrors"
        });
        let silent: Vec<_> = silent.map(|(of, field)| format!("{of}.{}", field.name)).collect();
        assert!(silent.is_empty(), "{silent:?}");
    }
}
