//! Whose the answer to an operation is, told from its selection before anything runs: [`Scope::Private`] as soon as one
//! field that may be resolved depends on who asks.
//!
//! Whoever asks for something public is not told to the resolvers where the answer may be kept ([`crate::http`]). So a
//! field that is missing here answers as if nobody had asked, and never with what is somebody's.

use std::collections::HashSet;

use async_graphql::Name;
use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, Selection, SelectionSet};

use super::nulls::{named, root_of};
use super::usages::ArgumentTypes;
use crate::domain::Scope;

/// The fields that depend on who asks, by their types.
const OF_THE_VIEWER: [(&str, &str); 11] = [
    ("FollowSuggestion", "mutualCount"),
    ("FollowSuggestion", "mutuals"),
    ("Post", "viewerHasLiked"),
    ("Query", "feed"),
    ("Query", "recommendedPosts"),
    ("Query", "suggestedFollows"),
    ("Query", "viewer"),
    ("User", "email"),
    ("User", "followsViewer"),
    ("User", "mutualFollowers"),
    ("User", "viewerFollows"),
];

/// The scope of an operation. `@skip` and `@include` make no difference: variables do not change whose an answer is.
pub(super) fn of_operation(
    types: &ArgumentTypes,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
) -> Scope {
    let mut walk = Walk { types, document, followed: HashSet::new() };
    if walk.is_private(root_of(operation), &operation.selection_set.node) { Scope::Private } else { Scope::Public }
}

struct Walk<'a> {
    types: &'a ArgumentTypes,
    document: &'a ExecutableDocument,
    /// Fragments that are known to have nothing private in them, or are being looked at.
    followed: HashSet<&'a Name>,
}

impl<'a> Walk<'a> {
    fn is_private(&mut self, parent: &str, selection: &'a SelectionSet) -> bool {
        selection.items.iter().any(|item| match &item.node {
            Selection::Field(field) => {
                let name = field.node.name.node.as_str();
                if OF_THE_VIEWER.contains(&(parent, name)) {
                    return true;
                }
                // Those that the schema's text does not describe are introspection.
                let known = self.types.field(parent, name);
                known.is_some_and(|known| self.is_private(named(&known.ty), &field.node.selection_set.node))
            }
            Selection::InlineFragment(inline) => {
                let of = inline.node.type_condition.as_ref().map_or(parent, |on| on.node.on.node.as_str());
                self.is_private(of, &inline.node.selection_set.node)
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                let Some(fragment) = self.document.fragments.get(name) else { return false };
                let of = fragment.node.type_condition.node.on.node.as_str();
                self.followed.insert(name) && self.is_private(of, &fragment.node.selection_set.node)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn scope(query: &str) -> Scope {
        let document = parse_query(query).expect("a document");
        let (_, operation) = document.operations.iter().next().expect("an operation");
        of_operation(&ArgumentTypes::of(&crate::graphql::sdl()), &document, &operation.node)
    }

    #[test]
    fn the_fields_are_those_of_the_schema() {
        let types = ArgumentTypes::of(&crate::graphql::sdl());
        for (of, field) in OF_THE_VIEWER {
            assert!(types.field(of, field).is_some(), "{of}.{field}");
        }
    }

    #[test]
    fn what_nobody_owns_is_public() {
        for query in [
            "{ __typename __schema { types { name } } }",
            "{ posts { nodes { title author { handle followersCount } likes { nodes { user { name } } } } } }",
            "query ($id: ID!) { node(id: $id) { id ... on User { name } ...F } } fragment F on Post { title }",
            "{ user(handle: \"viewer\") { viewer: name email: bio } }",
        ] {
            assert_eq!(scope(query), Scope::Public, "{query}");
        }
    }

    #[test]
    fn one_field_of_the_viewers_makes_it_private_wherever_it_stands() {
        for query in [
            "{ viewer { handle } }",
            "{ posts { nodes { title viewerHasLiked } } }",
            "{ posts { edges { node { author { followers { edges { node { mine: email } } } } } } } }",
            "query ($id: ID!) { node(id: $id) { ... on User { viewerFollows } } }",
            "query ($no: Boolean!) { posts { nodes { title } } ... @include(if: $no) { feed { totalCount } } }",
            "{ posts { nodes { ...A } } } fragment A on Post { author { ...B } } fragment B on User { followsViewer }",
            "{ posts { nodes { ...A ...A } } } fragment A on Post { title author { email } }",
            "{ search(query: \"a\") { nodes { node { ... on User { mutualFollowers { totalCount } } } } } }",
        ] {
            assert_eq!(scope(query), Scope::Private, "{query}");
        }
    }
}
