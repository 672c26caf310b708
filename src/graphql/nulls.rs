//! Nulls where fields failed (GraphQL specification, §6.4.4): a field that failed is null, and where it can't be, what
//! holds it is.
//!
//! async-graphql 7.2 leaves a failed field out of its object and goes on, whether the field may be null or not; an
//! object of which every field failed it turns into null. Every error says where it happened, so this is mended
//! afterwards, and only for responses that have errors.

use std::collections::HashMap;

use async_graphql::parser::types::{
    BaseType, ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet, Type, TypeKind,
    TypeSystemDefinition,
};
use async_graphql::{PathSegment, Value};

/// The types of the fields of all objects and interfaces.
#[derive(Debug, Clone, Default)]
pub(super) struct OutputTypes(HashMap<String, HashMap<String, Type>>);

/// A place in a response that may have to be null.
struct Place<'a> {
    nullable: bool,
    segment: &'a PathSegment,
}

impl OutputTypes {
    /// The output types of the schema `sdl`.
    pub(super) fn of(sdl: &str) -> Self {
        let mut types = HashMap::new();
        let definitions = async_graphql::parser::parse_schema(sdl).map(|document| document.definitions);
        for definition in definitions.unwrap_or_default() {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let fields = match definition.node.kind {
                TypeKind::Object(object) => object.fields,
                TypeKind::Interface(interface) => interface.fields,
                _ => continue,
            };
            let fields = fields.into_iter().map(|field| (field.node.name.node.to_string(), field.node.ty.node));
            types.insert(definition.node.name.node.to_string(), fields.collect());
        }
        Self(types)
    }

    /// Puts null where the errors at these paths demand it, and nowhere else.
    pub(super) fn complete<'a>(
        &self,
        data: &mut Value,
        paths: impl Iterator<Item = &'a [PathSegment]> + Clone,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
    ) {
        // All are revived before the first is nullified: what is null from then on is so for a reason.
        for path in paths.clone() {
            revive(data, path);
        }
        for path in paths {
            self.nullify(data, path, document, operation);
        }
    }

    /// Puts null where an error at `path` demands it.
    fn nullify(
        &self,
        data: &mut Value,
        path: &[PathSegment],
        document: &ExecutableDocument,
        operation: &OperationDefinition,
    ) {
        let mut places = self.places(path, document, operation);
        // The nearest place that may be null takes it; where there is none, all of the data does.
        while places.last().is_some_and(|place| !place.nullable) {
            places.pop();
        }
        let Some((last, parents)) = places.split_last() else {
            *data = Value::Null;
            return;
        };
        let mut here = data;
        for place in parents {
            let inner = match (here, place.segment) {
                (Value::Object(object), PathSegment::Field(name)) => object.get_mut(name.as_str()),
                (Value::List(items), PathSegment::Index(index)) => items.get_mut(*index),
                // Something above is null already.
                _ => None,
            };
            let Some(inner) = inner else { return };
            here = inner;
        }
        match (here, last.segment) {
            (Value::Object(object), PathSegment::Field(name)) => {
                object.insert(async_graphql::Name::new(name), Value::Null);
            }
            (Value::List(items), PathSegment::Index(index)) => {
                if let Some(item) = items.get_mut(*index) {
                    *item = Value::Null;
                }
            }
            _ => {}
        }
    }

    /// The places along a path, with their types as the document and the schema say.
    fn places<'a>(
        &self,
        path: &'a [PathSegment],
        document: &ExecutableDocument,
        operation: &OperationDefinition,
    ) -> Vec<Place<'a>> {
        let root = match operation.ty {
            OperationType::Query => "Query",
            OperationType::Mutation => "Mutation",
            OperationType::Subscription => "Subscription",
        };
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
                        .find_map(|(parent, field)| self.0.get(parent)?.get(field.name.node.as_str()).cloned());
                    // What the schema does not describe (introspection) never fails.
                    let Some(ty) = known else { break };
                    let inner = named(&ty).to_owned();
                    selections = found.iter().map(|(_, field)| (inner.clone(), &field.selection_set.node)).collect();
                    ty
                }
                _ => break,
            };
            places.push(Place { nullable: ty.nullable, segment });
            here = Some(ty);
        }
        places
    }
}

/// Makes objects again of those along a path that are null only because all of their fields failed. That a field failed
/// shows that there was an object to resolve it on.
fn revive(mut here: &mut Value, path: &[PathSegment]) {
    for segment in path {
        if let (Value::Null, PathSegment::Field(_)) = (&*here, segment) {
            *here = Value::Object(Default::default());
        }
        let inner = match (here, segment) {
            (Value::Object(object), PathSegment::Field(name)) => object.get_mut(name.as_str()),
            (Value::List(items), PathSegment::Index(index)) => items.get_mut(*index),
            _ => None,
        };
        let Some(inner) = inner else { return };
        here = inner;
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

/// The type at the bottom of lists.
fn named(ty: &Type) -> &str {
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
        completed(query, data, &[path])
    }

    fn completed(query: &str, data: serde_json::Value, paths: &[&[serde_json::Value]]) -> serde_json::Value {
        let document = parse_query(query).expect("a document");
        let (_, operation) = document.operations.iter().next().expect("an operation");
        let segment = |step: &serde_json::Value| match step {
            serde_json::Value::String(name) => PathSegment::Field(name.clone()),
            index => PathSegment::Index(index.as_u64().expect("an index") as usize),
        };
        let paths: Vec<Vec<_>> = paths.iter().map(|path| path.iter().map(segment).collect()).collect();
        let mut data = Value::from_json(data).expect("a value");
        OutputTypes::of(SDL).complete(&mut data, paths.iter().map(Vec::as_slice), &document, &operation.node);
        data.into_json().expect("JSON")
    }

    #[test]
    fn a_nullable_field_is_null() {
        let data = json!({"u": {"id": "1"}});
        let path = [json!("u"), json!("bio")];
        assert_eq!(nullified("{ u: user { id bio } }", data, &path), json!({"u": {"id": "1", "bio": null}}));
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
    fn an_object_whose_fields_all_failed_is_still_one() {
        let paths: [&[_]; 3] = [&[json!("u")], &[json!("v"), json!("bio")], &[json!("w"), json!("friends")]];
        let query = "{ u: user { id } v: user { bio } w: user { friends { id } } }";
        let expected = json!({"u": null, "v": {"bio": null}, "w": null});
        assert_eq!(completed(query, json!({"v": null, "w": null}), &paths), expected);
        assert_eq!(completed("{ u: user { id } }", json!(null), &paths[..1]), json!({"u": null}));
    }

    #[test]
    fn nothing_left_to_shield_takes_all() {
        assert_eq!(nullified("{ must user { id } }", json!({"user": null}), &[json!("must")]), json!(null));
    }
}
