//! What a router of a federated graph asks for ([Apollo Federation 2, subgraph
//! specification](https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/subgraph-spec)):
//! the schema with its entities marked, and entities by their keys.
//!
//! Clients see none of it: an operation that selects one of these fields runs on a schema of its own, so that
//! introspection shows the API alone. async-graphql has entity resolvers as well; there one representation without an
//! entity fails all of them, so these are fields like any other.

use std::borrow::Cow;
use std::sync::LazyLock;

use async_graphql::parser::types::{ExecutableDocument, Field, Selection, SelectionSet};
use async_graphql::registry::{MetaType, Registry};
use async_graphql::resolver_utils::resolve_container;
use async_graphql::{
    ContainerType, Context, ContextSelectionSet, InputValueError, InputValueResult, Object, ObjectType, OutputType,
    Positioned, Scalar, ScalarType, ServerResult, SimpleObject, Union, Value,
};
use futures::future::{BoxFuture, join_all};

use super::context::RequestContext;
use super::errors::{ApiError, Result};
use super::in_place::{InPlace, Resolve, each_by_itself};
use super::projection;
use super::query::Query;
use super::types::{Post, User};
use super::weights::{Length, ListSize};
use crate::domain::{GlobalId, InvalidInput, PostFields};
use crate::loaders::PostKey;

/// The most representations of one request. Routers ask for all entities of a level at once.
const MAX_REPRESENTATIONS: usize = 1_000;

/// The fields of a query that routers alone ask for.
const FIELDS: [&str; 2] = ["_entities", "_service"];

/// What is said about federation at the top of the schema.
const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\", import: [\"@key\", \
                    \"@shareable\"])\n\n";
/// The types that are marked, and how: entities, and what many subgraphs have and define alike.
const MARKS: [(&str, &str); 3] = [
    ("type User implements Node", " @key(fields: \"id\")"),
    ("type Post implements Node", " @key(fields: \"id\")"),
    ("type PageInfo", " @shareable"),
];

/// What can be asked, by routers as well: the type `Query` with two fields more. async-graphql merges types only into one of
/// another name.
pub(super) struct RouterQuery;

impl OutputType for RouterQuery {
    fn type_name() -> Cow<'static, str> {
        <Query as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        let MetaType::Object { fields: added, .. } = registry.create_fake_output_type::<RouterFields>() else {
            unreachable!("it is an object");
        };
        registry.types.remove(&*<RouterFields as OutputType>::type_name());
        let name = <Query as OutputType>::create_type_info(registry);
        if let Some(MetaType::Object { fields, .. }) = registry.types.get_mut(&*Self::type_name()) {
            fields.extend(added);
        }
        name
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        resolve_container(ctx, self).await
    }
}

impl ContainerType for RouterQuery {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        if FIELDS.contains(&ctx.field().name()) {
            return RouterFields.resolve_field(ctx).await;
        }
        Query.resolve_field(ctx).await
    }
}

impl ObjectType for RouterQuery {}

struct RouterFields;

/// What routers ask for.
#[Object]
impl RouterFields {
    /// What this subgraph is.
    #[graphql(name = "_service")]
    async fn service(&self) -> Service {
        Service { sdl: sdl() }
    }

    /// The entities with these keys, in their order; null for each there is none of.
    #[graphql(name = "_entities", directive = ListSize::apply(Length::Representations))]
    async fn entities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The types of entities and their keys: at most 1,000.")] representations: Vec<Representation>,
    ) -> async_graphql::Result<Vec<Option<async_graphql::Result<InPlace<Entity>>>>> {
        Ok(fetch_entities(ctx, &representations).await?)
    }
}

/// What a subgraph says of itself.
#[derive(SimpleObject)]
#[graphql(name = "_Service")]
struct Service {
    /// Its schema, with its entities marked.
    sdl: &'static str,
}

/// What other subgraphs may add to.
#[derive(Union)]
#[graphql(name = "_Entity")]
enum Entity {
    /// A user.
    User(User),
    /// A post.
    Post(Post),
}

impl Resolve for Entity {
    fn resolve_fields<'a>(&'a self, ctx: &'a ContextSelectionSet<'a>) -> BoxFuture<'a, ServerResult<Value>> {
        match self {
            Self::User(user) => user.resolve_fields(ctx),
            Self::Post(post) => post.resolve_fields(ctx),
        }
    }
}

/// The key of an entity: an object with its `__typename` and `id`.
struct Representation {
    typename: String,
    id: String,
}

/// The type of an entity (`__typename`) and its key (`id`).
#[Scalar(name = "_Any")]
impl ScalarType for Representation {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::Object(object) = &value else { return Err(InputValueError::expected_type(value)) };
        let text = |key: &str| match object.get(key) {
            Some(Value::String(text)) => Ok(text.clone()),
            // As an `ID` may be written.
            Some(Value::Number(number)) if key == "id" => Ok(number.to_string()),
            _ => Err(InputValueError::custom(format!("A representation needs `{key}`, which must be a string."))),
        };
        Ok(Self { typename: text("__typename")?, id: text("id")? })
    }

    fn to_value(&self) -> Value {
        async_graphql::value!({ "__typename": self.typename.clone(), "id": self.id.clone() })
    }
}

/// What is wrong with one representation is an error at its own place.
async fn fetch_entities(
    ctx: &Context<'_>,
    representations: &[Representation],
) -> Result<Vec<Option<async_graphql::Result<InPlace<Entity>>>>> {
    if representations.len() > MAX_REPRESENTATIONS {
        let sentence = format!("`representations` must have at most {MAX_REPRESENTATIONS}.");
        return Err(InvalidInput::new(sentence).into());
    }
    let fields = projection::here(ctx);
    let entity = |representation| fetch_entity(ctx, representation, fields);
    Ok(each_by_itself(join_all(representations.iter().map(entity)).await))
}

async fn fetch_entity(
    ctx: &Context<'_>,
    Representation { typename, id }: &Representation,
    fields: PostFields,
) -> Result<Option<Entity>> {
    let loaders = &RequestContext::of(ctx).loaders;
    let id = GlobalId::parse(id)?;
    Ok(match typename.as_str() {
        "User" => loaders.users.by_id.load(id.user()?).await?.map(|user| Entity::User(User(user))),
        "Post" => {
            let key = PostKey { id: id.post()?, fields };
            loaders.posts.by_id.load(key).await?.map(|post| Entity::Post(Post(post)))
        }
        _ => return Err(ApiError::from(InvalidInput::new("Only `User` and `Post` are entities here."))),
    })
}

/// Whether a query selects what routers alone ask for. The document is valid, so no fragment contains itself, and within the
/// limits, so fragments in fragments come to no more fields than those allow.
pub(super) fn is_for_routers(document: &ExecutableDocument, selection: &SelectionSet) -> bool {
    selection.items.iter().any(|item| match &item.node {
        Selection::Field(field) => FIELDS.contains(&field.node.name.node.as_str()),
        Selection::InlineFragment(inline) => is_for_routers(document, &inline.node.selection_set.node),
        Selection::FragmentSpread(spread) => document
            .fragments
            .get(&spread.node.fragment_name.node)
            .is_some_and(|fragment| is_for_routers(document, &fragment.node.selection_set.node)),
    })
}

/// Made once: whoever asks for it would else have a whole schema built.
static SDL: LazyLock<String> = LazyLock::new(|| {
    let mut sdl = super::sdl();
    for (definition, mark) in MARKS {
        sdl = sdl.replacen(&format!("\n{definition} {{"), &format!("\n{definition}{mark} {{"), 1);
    }
    format!("{LINK}{sdl}")
});

/// The schema as routers compose it: the API's own, with its entities marked.
pub fn sdl() -> &'static str {
    &SDL
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_is_set() {
        let sdl = sdl();
        for (definition, mark) in MARKS {
            assert_eq!(sdl.matches(&format!("\n{definition}{mark} {{")).count(), 1, "{definition}");
        }
        assert!(async_graphql::parser::parse_schema(sdl).is_ok());
    }

    #[test]
    fn clients_see_none_of_it() {
        let plain = crate::graphql::sdl();
        for name in FIELDS.into_iter().chain(["_Any", "_Entity", "_Service", "@key", "@link"]) {
            assert!(!plain.contains(name), "{name}");
        }
    }
}
