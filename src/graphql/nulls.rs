//! Nulls where fields failed (GraphQL specification, §6.4.4): a field that failed is null, and where it can't be, what
//! holds it is.
//!
//! async-graphql 7.2 leaves a failed field out of its object and goes on, whether the field may be null or not. Every
//! error says where it happened, so the nulls are put in afterwards, and only for responses that have errors.

use std::cmp::Ordering;
use std::sync::Arc;

use async_graphql::parser::types::{
    BaseType, ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet, Type,
};
use async_graphql::{PathSegment, Value};

use super::usages::ArgumentTypes;

/// The types of the fields of all objects and interfaces, for the nulls that they allow.
#[derive(Debug, Clone)]
pub(super) struct OutputTypes(pub Arc<ArgumentTypes>);

impl OutputTypes {
    /// Puts null where the errors at `paths` demand it.
    pub(super) fn nullify<'a>(
        &self,
        data: &mut Value,
        paths: impl Iterator<Item = &'a [PathSegment]>,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
    ) {
        let mut taken: Vec<&[PathSegment]> = paths.map(|path| self.taken_by(path, document, operation)).collect();
        // In this order a place comes right before all that lies below it. What is below a null is gone with it.
        taken.sort_unstable_by(|a, b| order(a, b));
        let mut last: Option<&[PathSegment]> = None;
        for path in taken {
            if !last.is_some_and(|last| path.starts_with(last)) {
                put_null(data, path);
                last = Some(path);
            }
        }
    }

    /// The nearest place along `path` that may be null, and so takes the error at its end: the empty path where all of
    /// the data does.
    fn taken_by<'a>(
        &self,
        path: &'a [PathSegment],
        document: &ExecutableDocument,
        operation: &OperationDefinition,
    ) -> &'a [PathSegment] {
        let nullable = self.nullable(path, document, operation);
        let depth = nullable.iter().rposition(|nullable| *nullable).map_or(0, |at| at + 1);
        &path[..depth]
    }

    /// Whether each place along a path may be null, as the document and the schema say.
    fn nullable(
        &self,
        path: &[PathSegment],
        document: &ExecutableDocument,
        operation: &OperationDefinition,
    ) -> Vec<bool> {
        let root = root_of(operation);
        let mut places = Vec::with_capacity(path.len());
        let mut selections = vec![(root.to_owned(), &operation.selection_set.node)];
        let mut here: Option<Type> = None;
        for segment in path {
            let ty = match (segment, here.take()) {
                (PathSegment::Index(_), Some(Type { base: BaseType::List(item), .. })) => *item,
                (PathSegment::Field(key), _) => {
                    let mut found = Vec::new();
                    for (parent, selection) in &selections {
                        find(selection, parent, key, document, &mut found);
                    }
                    let known = found
                        .iter()
                        .find_map(|(parent, field)| Some(self.0.field(parent, &field.name.node)?.ty.clone()));
                    // What the schema does not describe (introspection) never fails.
                    let Some(ty) = known else { break };
                    let inner = named(&ty).to_owned();
                    selections = found.iter().map(|(_, field)| (inner.clone(), &field.selection_set.node)).collect();
                    ty
                }
                _ => break,
            };
            places.push(ty.nullable);
            here = Some(ty);
        }
        places
    }
}

/// The order of places in a walk from the outside in.
fn order(a: &[PathSegment], b: &[PathSegment]) -> Ordering {
    let mut steps = a.iter().zip(b).map(|steps| match steps {
        (PathSegment::Field(a), PathSegment::Field(b)) => a.cmp(b),
        (PathSegment::Index(a), PathSegment::Index(b)) => a.cmp(b),
        (PathSegment::Field(_), PathSegment::Index(_)) => Ordering::Less,
        (PathSegment::Index(_), PathSegment::Field(_)) => Ordering::Greater,
    });
    steps.find(|ordering| ordering.is_ne()).unwrap_or_else(|| a.len().cmp(&b.len()))
}

/// Puts null at `path`. An object all of whose fields failed is null already, and made anew: that an error lies below
/// shows that it was there.
fn put_null(data: &mut Value, path: &[PathSegment]) {
    let Some((segment, rest)) = path.split_first() else {
        *data = Value::Null;
        return;
    };
    if matches!((&*data, segment), (Value::Null, PathSegment::Field(_))) {
        *data = Value::Object(Default::default());
    }
    match (data, segment) {
        (Value::Object(object), PathSegment::Field(name)) => {
            put_null(object.entry(async_graphql::Name::new(name)).or_insert(Value::Null), rest);
        }
        (Value::List(items), PathSegment::Index(index)) => {
            if let Some(item) = items.get_mut(*index) {
                put_null(item, rest);
            }
        }
        _ => {}
    }
}

/// All fields with the response key `key` below a selection, with the type that each is selected on.
fn find<'a>(
    selection: &'a SelectionSet,
    parent: &str,
    key: &str,
    document: &'a ExecutableDocument,
    found: &mut Vec<(String, &'a Field)>,
) {
    for item in &selection.items {
        match &item.node {
            Selection::Field(field) if field.node.response_key().node == key => {
                found.push((parent.to_owned(), &field.node));
            }
            Selection::Field(_) => {}
            Selection::InlineFragment(inline) => {
                let on =
                    inline.node.type_condition.as_ref().map_or(parent, |condition| condition.node.on.node.as_str());
                find(&inline.node.selection_set.node, on, key, document, found);
            }
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    let on = fragment.node.type_condition.node.on.node.as_str();
                    find(&fragment.node.selection_set.node, on, key, document, found);
                }
            }
        }
    }
}

/// The type that an operation selects of.
pub(super) fn root_of(operation: &OperationDefinition) -> &'static str {
    match operation.ty {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    }
}

/// The type at the bottom of lists.
pub(super) fn named(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(item) => named(item),
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    const SDL: &str = "
        type Query { user: User  must: Int!  nodes: [Node]!  all: [User!] }
        interface Node { id: ID! }
        type User implements Node { id: ID!  bio: String  friends: [User!]! }
    ";

    fn nullified(query: &str, data: serde_json::Value, path: &[serde_json::Value]) -> serde_json::Value {
        nullified_at(query, data, &[path])
    }

    fn nullified_at(query: &str, data: serde_json::Value, paths: &[&[serde_json::Value]]) -> serde_json::Value {
        let document = parse_query(query).expect("a document");
        let (_, operation) = document.operations.iter().next().expect("an operation");
        let segment = |step: &serde_json::Value| match step {
            serde_json::Value::String(name) => PathSegment::Field(name.clone()),
            index => PathSegment::Index(index.as_u64().expect("an index") as usize),
        };
        let paths: Vec<Vec<_>> = paths.iter().map(|path| path.iter().map(segment).collect()).collect();
        let mut data = Value::from_json(data).expect("a value");
        OutputTypes(Arc::new(ArgumentTypes::of(SDL))).nullify(
            &mut data,
            paths.iter().map(Vec::as_slice),
            &document,
            &operation.node,
        );
        data.into_json().expect("JSON")
    }

    #[test]
    fn a_nullable_field_is_null() {
        let data = json!({"u": {"id": "1"}});
        let path = [json!("u"), json!("bio")];
        assert_eq!(nullified("{ u: user { id bio } }", data, &path), json!({"u": {"id": "1", "bio": null}}));
    }

    #[test]
    fn an_object_whose_only_field_failed_is_there() {
        let path = [json!("user"), json!("bio")];
        assert_eq!(nullified("{ user { bio } }", json!(null), &path), json!({"user": {"bio": null}}));
    }

    #[test]
    fn what_can_not_be_null_takes_its_holder_along() {
        let query = "{ all { id ...F } must2: user { bio } } fragment F on User { friends { id friends { id } } }";
        let data = json!({"all": [{"id": "1", "friends": [{"id": "2"}]}], "must2": {"bio": null}});
        let path = [json!("all"), json!(0), json!("friends"), json!(0), json!("friends")];
        assert_eq!(nullified(query, data, &path), json!({"all": null, "must2": {"bio": null}}));
    }

    #[test]
    fn an_item_that_may_be_null_shields_the_list() {
        let query = "{ nodes { id ... on User { friends { id } } } }";
        let data = json!({"nodes": [{"id": "1"}, {"id": "2", "friends": []}]});
        let path = [json!("nodes"), json!(0), json!("friends")];
        assert_eq!(nullified(query, data, &path), json!({"nodes": [null, {"id": "2", "friends": []}]}));
    }

    #[test]
    fn errors_come_in_any_order() {
        let query = "{ nodes { id ... on User { bio friends { id bio } } } user { bio } }";
        let data = json!({"nodes": [{"id": "1", "friends": [{"id": "3"}]}, {"id": "2"}], "user": null});
        let paths: [&[serde_json::Value]; 4] = [
            &[json!("user"), json!("bio")],
            &[json!("nodes"), json!(0), json!("friends"), json!(0), json!("bio")],
            &[json!("nodes"), json!(1), json!("friends")],
            &[json!("nodes"), json!(1), json!("bio")],
        ];
        let expected =
            json!({"nodes": [{"id": "1", "friends": [{"id": "3", "bio": null}]}, null], "user": {"bio": null}});
        assert_eq!(nullified_at(query, data, &paths), expected);
    }

    #[test]
    fn nothing_left_to_shield_takes_all() {
        assert_eq!(nullified("{ must user { id } }", json!({"user": null}), &[json!("must")]), json!(null));
    }
}
