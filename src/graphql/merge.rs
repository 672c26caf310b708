//! Fields that are selected more than once, made one (GraphQL specification, §6.3.2 CollectFields and §6.4.3
//! MergeSelectionSets): a field is executed once for each response key.
//!
//! async-graphql 7.2 resolves every occurrence and merges what comes: a mutation that stands there twice writes twice.
//! So an operation that has such fields is rewritten for its variables before it is executed: what `@skip` and
//! `@include` leave out is gone, fragments that apply are unfolded, and fields of one key are one field with all that
//! any of them selects. Of an interface or a union of which fragments select, each type of its objects has a fragment of
//! its own with all that is selected of it. Validation has made sure that this makes sense.

use std::collections::HashMap;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    Directive, Field, FragmentDefinition, InlineFragment, OperationDefinition, Selection, SelectionSet, TypeCondition,
};
use async_graphql::{Name, Positioned};
use async_graphql_value::Value;
use serde_json::Map;

use super::nulls::{named, root_of};
use super::usages::ArgumentTypes;

/// Makes fields of one key one, in an operation with these variables.
pub(super) fn merge(
    operation: &mut OperationDefinition,
    types: &ArgumentTypes,
    fragments: &HashMap<Name, Positioned<FragmentDefinition>>,
    variables: &Map<String, serde_json::Value>,
) {
    let root = root_of(operation);
    let merging = Merging { types, fragments, variables };
    operation.selection_set.node = merging.merged(root, &[&operation.selection_set.node]);
}

struct Merging<'a> {
    types: &'a ArgumentTypes,
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    variables: &'a Map<String, serde_json::Value>,
}

/// What is selected of an object, in the order of first occurrence.
#[derive(Default)]
struct Collected<'a> {
    /// Fields by response key: the first occurrence, and what all of them select.
    fields: IndexMap<&'a Name, (&'a Positioned<Field>, Vec<&'a SelectionSet>)>,
    /// Whether there are fragments that apply to some objects and not to others.
    differs: bool,
}

impl<'a> Merging<'a> {
    fn merged(&self, parent: &str, sets: &[&'a SelectionSet]) -> SelectionSet {
        let mut collected = Collected::default();
        for set in sets {
            self.collect(parent, set, &mut collected);
        }
        if collected.differs {
            return self.by_object(parent, sets);
        }
        let fields = collected.fields.into_values().map(|(first, sets)| {
            let known = self.types.field(parent, &first.node.name.node);
            let of = known.map_or("", |known| named(&known.ty));
            let selection = Positioned::new(self.merged(of, &sets), first.node.selection_set.pos);
            let field = Field {
                alias: first.node.alias.clone(),
                name: first.node.name.clone(),
                arguments: first.node.arguments.clone(),
                directives: Vec::new(),
                selection_set: selection,
            };
            Positioned::new(Selection::Field(Positioned::new(field, first.pos)), first.pos)
        });
        SelectionSet { items: fields.collect() }
    }

    /// A fragment for each type of objects that `parent` may be.
    fn by_object(&self, parent: &str, sets: &[&'a SelectionSet]) -> SelectionSet {
        let fragments = self.types.objects_of(parent).iter().filter_map(|object| {
            let selected = self.merged(object, sets);
            let at = selected.items.first()?.pos;
            let on = TypeCondition { on: Positioned::new(Name::new(object), at) };
            let fragment = InlineFragment {
                type_condition: Some(Positioned::new(on, at)),
                directives: Vec::new(),
                selection_set: Positioned::new(selected, at),
            };
            Some(Positioned::new(Selection::InlineFragment(Positioned::new(fragment, at)), at))
        });
        SelectionSet { items: fragments.collect() }
    }

    fn collect(&self, parent: &str, set: &'a SelectionSet, into: &mut Collected<'a>) {
        for item in &set.items {
            let (directives, on, selected) = match &item.node {
                Selection::Field(field) => {
                    if self.is_in(&field.node.directives) {
                        let key = &field.node.response_key().node;
                        let (_, sets) = into.fields.entry(key).or_insert_with(|| (field, Vec::new()));
                        sets.push(&field.node.selection_set.node);
                    }
                    continue;
                }
                Selection::InlineFragment(inline) => {
                    let on = inline.node.type_condition.as_ref().map(|condition| &condition.node.on);
                    (&inline.node.directives, on, &inline.node.selection_set.node)
                }
                Selection::FragmentSpread(spread) => {
                    let Some(fragment) = self.fragments.get(&spread.node.fragment_name.node) else { continue };
                    let on = Some(&fragment.node.type_condition.node.on);
                    (&spread.node.directives, on, &fragment.node.selection_set.node)
                }
            };
            match on {
                _ if !self.is_in(directives) => {}
                // Types that the schema's text does not have (introspection) are of objects, and fragments on them apply.
                Some(on) if !self.types.objects_of(parent).is_empty() && !self.types.is_a(parent, &on.node) => {
                    // One that never applies is as if it were not there.
                    into.differs |= !self.types.is_object(parent);
                }
                _ => self.collect(parent, selected, into),
            }
        }
    }

    /// Whether `@skip` and `@include` leave it in. What they say was checked before.
    fn is_in(&self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().all(|directive| {
            let condition = directive.node.get_argument("if").is_some_and(|value| match &value.node {
                Value::Boolean(condition) => *condition,
                Value::Variable(name) => self.variables.get(name.as_str()).is_some_and(|value| value == true),
                _ => false,
            });
            match directive.node.name.node.as_str() {
                "skip" => !condition,
                "include" => condition,
                _ => true,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    const SDL: &str = "type Query { a: A b: A n: N } type Mutation { write(x: Int): A } interface N { id: Int }
        type A implements N { id: Int x: Int a: A } type B implements N { id: Int y: Int a: A }
        union U = A | B";

    /// The fields that are left, as text without arguments.
    fn left(query: &str, variables: serde_json::Value) -> String {
        let document = parse_query(query).expect("a document");
        let (_, operation) = document.operations.iter().next().expect("an operation");
        let mut operation = operation.node.clone();
        let variables = variables.as_object().expect("an object");
        merge(&mut operation, &ArgumentTypes::of(SDL), &document.fragments, variables);
        text(&operation.selection_set.node)
    }

    fn text(set: &SelectionSet) -> String {
        let items = set.items.iter().map(|item| match &item.node {
            Selection::Field(field) => {
                format!("{}{}", field.node.response_key().node, text(&field.node.selection_set.node))
            }
            Selection::InlineFragment(inline) => {
                let on = inline.node.type_condition.as_ref().map(|on| on.node.on.to_string()).unwrap_or_default();
                format!("...{on}{}", text(&inline.node.selection_set.node))
            }
            Selection::FragmentSpread(_) => "...".to_owned(),
        });
        let items: Vec<_> = items.collect();
        if items.is_empty() { String::new() } else { format!("({})", items.join(" ")) }
    }

    #[test]
    fn a_mutation_is_there_once_however_it_was_selected() {
        for query in [
            "mutation { write(x: 1) { id } write(x: 1) { x } }",
            "mutation { ...F ...F } fragment F on Mutation { write(x: 1) { id x } }",
            "mutation { write(x: 1) { id } ... @include(if: true) { write(x: 1) { x } } }",
            "mutation { write(x: 1) { id } ... on Mutation { write(x: 1) @skip(if: false) { x } } }",
            "mutation ($yes: Boolean!) { write(x: 1) { id } write(x: 1) @include(if: $yes) { x } }",
        ] {
            assert_eq!(left(query, json!({ "yes": true })), "(write(id x))", "{query}");
        }
        let left_out = "mutation ($yes: Boolean!) { write(x: 1) { id } write(x: 1) @include(if: $yes) { x } }";
        assert_eq!(left(left_out, json!({ "yes": false })), "(write(id))");
    }

    #[test]
    fn what_is_below_is_merged_as_well() {
        let query = "{ a { a { id } } b { id } ...F a { a { x ...G } } } fragment F on Query { b { x } } fragment G on A { id }";
        assert_eq!(left(query, json!({})), "(a(a(id x)) b(id x))");
    }

    #[test]
    fn each_type_of_objects_has_all_that_is_selected_of_it() {
        for (query, expected) in [
            (
                "{ n { id ... on A { a { id } } ... on B { y } ...F } } fragment F on A { a { x } x }",
                "(n(...A(id a(id x) x) ...B(id y)))",
            ),
            ("{ n { ... on N { id ... on A { a { id } } } ... on A { a { x } } } }", "(n(...A(id a(id x)) ...B(id)))"),
            ("{ n { ... on U { ... on A { x } } ... on N { id } } }", "(n(...A(x id) ...B(id)))"),
            (
                "{ a { id ... on N { id ... on A { x } } ... on U { ... on A { x } } ... on N { a: id } } }",
                "(a(id x a))",
            ),
            ("{ n { id ... on N { id } } }", "(n(id))"),
            ("{ __type { name ... on __Type { name kind } } }", "(__type(name kind))"),
            ("{ n { id ... on A @skip(if: true) { x } } }", "(n(id))"),
        ] {
            assert_eq!(left(query, json!({})), expected, "{query}");
        }
    }
}
