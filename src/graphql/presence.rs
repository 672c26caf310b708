//! Objects that are there though nothing of them is: `{}` where fragments of other types, or `@skip`, leave no field
//! (GraphQL specification, §6.4.3).
//!
//! async-graphql 7.2 makes null of an object without fields, which says that there is no such object, and in places
//! that can't be null. So each selection that may come to nothing gets one more field before it is executed. The
//! response is written by the plan of the document as it was sent, which does not know that field.

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned};

/// Names beginning with two underscores are GraphQL's own, so this one meets no client's.
const KEY: &str = "__present";

/// Sees to it that every object which `document` selects has a field.
pub(super) fn keep(document: &mut ExecutableDocument) {
    let operations: Vec<&mut Positioned<OperationDefinition>> = match &mut document.operations {
        DocumentOperations::Single(operation) => vec![operation],
        DocumentOperations::Multiple(operations) => operations.values_mut().collect(),
    };
    for operation in operations {
        keep_object(&mut operation.node.selection_set);
    }
    for fragment in document.fragments.values_mut() {
        keep_below(&mut fragment.node.selection_set.node);
    }
}

/// A selection set that is an object of its own, as those of fields are and those of fragments are not.
fn keep_object(selection: &mut Positioned<SelectionSet>) {
    keep_below(&mut selection.node);
    let is_sure = |item: &Positioned<Selection>| matches!(&item.node, Selection::Field(field) if field.node.directives.is_empty());
    let Some(first) = selection.node.items.first() else { return };
    if selection.node.items.iter().any(is_sure) {
        return;
    }
    let place = first.pos;
    let field = Field {
        alias: Some(Positioned::new(Name::new(KEY), place)),
        name: Positioned::new(Name::new("__typename"), place),
        arguments: Vec::new(),
        directives: Vec::new(),
        selection_set: Positioned::default(),
    };
    selection.node.items.push(Positioned::new(Selection::Field(Positioned::new(field, place)), place));
}

fn keep_below(selection: &mut SelectionSet) {
    for item in &mut selection.items {
        match &mut item.node {
            Selection::Field(field) => keep_object(&mut field.node.selection_set),
            Selection::InlineFragment(inline) => keep_below(&mut inline.node.selection_set.node),
            Selection::FragmentSpread(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    /// How many fields are added to a document, and whether it can still be executed.
    fn added(query: &str) -> usize {
        let mut document = parse_query(query).expect("a document");
        keep(&mut document);
        format!("{document:?}").matches(KEY).count()
    }

    #[test]
    fn only_what_may_come_to_nothing_gets_a_field() {
        assert_eq!(added("{ a { b ... on C { d } } }"), 0);
        assert_eq!(added("{ a { ... on C { d } } }"), 1);
        assert_eq!(added("{ a @skip(if: true) { b @include(if: false) } }"), 2);
        assert_eq!(
            added("query X { a ...F } query Y { ...F } fragment F on Query { b { ...G } } fragment G on B { c }"),
            2
        );
    }
}
