//! Fields of one response key (GraphQL specification, §5.3.2, Field Selection Merging): those that may meet in one
//! object must be the same field with the same arguments, and those that can't must still look alike.
//!
//! async-graphql 7.2 has this rule only for fields that stand directly beside one another. Rather than comparing pairs,
//! which takes time that grows with the square of a document, the fields of each key are collected, fragments expanded,
//! and compared with the first of them. How many there may be is limited before.

use std::collections::HashSet;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    BaseType, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet, Type,
};
use async_graphql::{Name, Positioned, ServerError};

use super::nulls::{named, root_of};
use super::usages::ArgumentTypes;

/// Whether async-graphql's form of the rule says this. It says so of some fields that can't meet, too.
pub(super) fn is_of_other_form(error: &ServerError) -> bool {
    error.message.starts_with("Fields \"") && error.message.contains("\" conflict because ")
}

/// Checks the fields of an operation.
///
/// # Errors
/// One for each place where fields don't go together.
pub(super) fn check(
    types: &ArgumentTypes,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
) -> Result<(), Vec<ServerError>> {
    let mut check = Check { types, document, errors: IndexMap::new() };
    let root = [(root_of(operation), &operation.selection_set.node)];
    check.meeting(&root);
    check.alike(&root);
    if check.errors.is_empty() { Ok(()) } else { Err(check.errors.into_values().collect()) }
}

/// A field, and the type that it is selected of: empty where the schema's text does not tell (introspection).
type Occurrence<'a> = (&'a str, &'a Positioned<Field>);
/// Selections whose fields come together, and the type that each is of.
type Sets<'a> = [(&'a str, &'a SelectionSet)];

struct Check<'a> {
    types: &'a ArgumentTypes,
    document: &'a ExecutableDocument,
    /// The first error at each place.
    errors: IndexMap<(usize, usize), ServerError>,
}

impl<'a> Check<'a> {
    /// Fields that may be selected of one object are the same field with the same arguments, and what they select goes
    /// together as well.
    fn meeting(&mut self, sets: &Sets<'a>) {
        for (key, occurrences) in self.collected(sets) {
            for together in self.may_meet(&occurrences) {
                if let [(_, first), others @ ..] = together.as_slice() {
                    for (_, other) in others {
                        if first.node.name != other.node.name {
                            let [one, two] = [first, other].map(|field| &field.node.name.node);
                            self.report(key, [first, other], format!("\"{one}\" and \"{two}\" are different fields"));
                        } else if !has_same_arguments(&first.node, &other.node) {
                            self.report(key, [first, other], "they have differing arguments".to_owned());
                        }
                    }
                }
                let below = self.below(&together);
                self.meeting(&below);
            }
        }
    }

    /// Fields of one key have values of one shape, whichever of them is selected.
    fn alike(&mut self, sets: &Sets<'a>) {
        for (key, occurrences) in self.collected(sets) {
            let typed = occurrences.iter().filter_map(|(parent, field)| {
                let known = self.types.field(parent, &field.node.name.node)?;
                Some((*field, &known.ty))
            });
            let typed: Vec<_> = typed.collect();
            if let [(first, ty), others @ ..] = typed.as_slice() {
                for (other, its) in others {
                    if !is_alike(ty, its, first.node.selection_set.node.items.is_empty()) {
                        let reason = format!("they return the conflicting types \"{ty}\" and \"{its}\"");
                        self.report(key, [first, other], reason);
                    }
                }
            }
            let below = self.below(&occurrences);
            self.alike(&below);
        }
    }

    /// Fields by response key, fragments expanded, each once.
    fn collected(&self, sets: &Sets<'a>) -> IndexMap<&'a Name, Vec<Occurrence<'a>>> {
        let mut fields = IndexMap::new();
        let mut followed = HashSet::new();
        for (parent, set) in sets {
            self.collect(parent, set, &mut followed, &mut fields);
        }
        fields
    }

    fn collect(
        &self,
        parent: &'a str,
        set: &'a SelectionSet,
        followed: &mut HashSet<&'a Name>,
        into: &mut IndexMap<&'a Name, Vec<Occurrence<'a>>>,
    ) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    into.entry(&field.node.response_key().node).or_default().push((parent, field));
                }
                Selection::InlineFragment(inline) => {
                    let on = inline.node.type_condition.as_ref().map_or(parent, |on| on.node.on.node.as_str());
                    self.collect(on, &inline.node.selection_set.node, followed, into);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = self.document.fragments.get(name)
                        && followed.insert(name)
                    {
                        let on = fragment.node.type_condition.node.on.node.as_str();
                        self.collect(on, &fragment.node.selection_set.node, followed, into);
                    }
                }
            }
        }
    }

    /// The occurrences that one object may have at once: for each type of objects those of it, and those of types that
    /// may be any.
    fn may_meet(&self, occurrences: &[Occurrence<'a>]) -> Vec<Vec<Occurrence<'a>>> {
        let is_object = |parent: &str| self.types.is_object(parent);
        let objects: IndexMap<_, ()> =
            occurrences.iter().filter(|(parent, _)| is_object(parent)).map(|(parent, _)| (*parent, ())).collect();
        if objects.is_empty() {
            return vec![occurrences.to_vec()];
        }
        let of = |object: &str| {
            let these = occurrences.iter().filter(|(parent, _)| *parent == object || !is_object(parent));
            these.copied().collect()
        };
        objects.keys().map(|object| of(object)).collect()
    }

    /// What occurrences select, with the type of each.
    fn below(&self, occurrences: &[Occurrence<'a>]) -> Vec<(&'a str, &'a SelectionSet)> {
        let selecting = occurrences.iter().filter(|(_, field)| !field.node.selection_set.node.items.is_empty());
        let below = selecting.map(|(parent, field)| {
            let known = self.types.field(parent, &field.node.name.node);
            (known.map_or("", |known| named(&known.ty)), &field.node.selection_set.node)
        });
        below.collect()
    }

    fn report(&mut self, key: &Name, [first, other]: [&Positioned<Field>; 2], reason: String) {
        let message = format!("Fields \"{key}\" conflict: {reason}. Give one of them an alias, if both are meant.");
        let mut error = ServerError::new(message, Some(first.pos));
        error.locations.push(other.pos);
        self.errors.entry((other.pos.line, other.pos.column)).or_insert(error);
    }
}

fn has_same_arguments(one: &Field, other: &Field) -> bool {
    one.arguments.len() == other.arguments.len()
        && one.arguments.iter().all(|(name, value)| other.get_argument(&name.node) == Some(value))
}

/// Whether values of the two types have one shape (§5.3.2, SameResponseShape). What objects hold is looked at by itself.
fn is_alike(one: &Type, other: &Type, is_leaf: bool) -> bool {
    let inner = match (&one.base, &other.base) {
        (BaseType::List(one), BaseType::List(other)) => is_alike(one, other, is_leaf),
        (BaseType::Named(one), BaseType::Named(other)) => !is_leaf || one == other,
        _ => false,
    };
    inner && one.nullable == other.nullable
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    const SDL: &str = "
        type Query { a(n: Int, o: [Int]): A, all: [A!]!, n: N, u: U, x: Int, y: Int }
        interface N { id: ID!, x: Int }
        type A implements N { id: ID!, x: Int, y: Int, s: String, l: [Int], a(n: Int): A, o: B }
        type B implements N { id: ID!, x: Int, y: Int!, s: String, a(n: Int): A, o: A }
        union U = A | B
    ";

    fn errors(query: &str) -> Vec<String> {
        let document = parse_query(query).expect(query);
        let (_, operation) = document.operations.iter().next().expect("an operation");
        let checked = check(&ArgumentTypes::of(SDL), &document, &operation.node);
        checked.err().unwrap_or_default().into_iter().map(|error| error.message).collect()
    }

    #[test]
    fn what_goes_together_passes() {
        for query in [
            "{ x x a(n: 1) { x } a(n: 1) { x y } }",
            "{ a(n: 1, o: [2]) { x } ...F } fragment F on Query { a(o: [2], n: 1) { id } }",
            "{ u { ... on A { k: s } ... on B { k: s } } }",
            "{ n { ... on A { k: a(n: 1) { x } } ... on B { k: a(n: 2) { x } } } }",
            "{ n { ... on A { ... { k: x } } ... on B { ... { k: x } } } }",
            "{ n { ... on A { k: o { x } } ... on B { k: o { x } } } }",
            "{ __type(name: \"A\") { name ...T } } fragment T on __Type { name ofType { name } ofType { kind } }",
        ] {
            assert_eq!(errors(query), Vec::<String>::new(), "{query}");
        }
    }

    #[test]
    fn what_does_not_is_named_once() {
        for (query, reason) in [
            ("{ k: x k: y }", "\"k\" conflict: \"x\" and \"y\" are different fields"),
            ("{ k: x ... on Query { k: y } }", "\"x\" and \"y\" are different fields"),
            (
                "{ ...F ...G } fragment F on Query { k: x } fragment G on Query { ...H } fragment H on Query { k: y }",
                "different fields",
            ),
            ("{ a { k: x } a { k: y } }", "\"x\" and \"y\" are different fields"),
            ("{ a { a { k: x } } ...F } fragment F on Query { a { a { k: y } } }", "different fields"),
            ("{ a(n: 1) { x } a { x } }", "\"a\" conflict: they have differing arguments"),
            ("{ a(n: 1) { x } a(n: 2) { x } }", "differing arguments"),
            ("query ($v: Int) { a(n: $v) { x } a(n: 1) { x } }", "differing arguments"),
            ("{ n { k: x ... on A { k: y } } }", "different fields"),
            ("{ u { ... on N { k: x } ... on A { k: y } } }", "different fields"),
            ("{ n { ... on A { k: x } ... on B { k: s } } }", "conflicting types \"Int\" and \"String\""),
            ("{ n { ... on A { k: x } ... on B { k: y } } }", "conflicting types \"Int\" and \"Int!\""),
            ("{ n { ... on A { k: l } ... on B { k: x } } }", "conflicting types \"[Int]\" and \"Int\""),
            (
                "{ n { ... on A { k: o { k: s } } ... on B { k: o { k: x } } } }",
                "conflicting types \"String\" and \"Int\"",
            ),
            ("{ n { ... on A { o { k: s } } ... on A { o { k: x } } } }", "different fields"),
            ("{ __type(name: \"A\") { k: name k: kind } }", "different fields"),
        ] {
            let errors = errors(query);
            assert!(errors.len() == 1 && errors[0].contains(reason), "{query}: {errors:?}");
        }
    }
}
