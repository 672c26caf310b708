//! The schema: types and resolvers. Clients know stores only as fields that may be null; no store is named here.
//!
//! A resolver turns arguments into domain values, asks a lane or a port, and wraps what came. Joins go through
//! [`crate::loaders`], so that siblings share one batch.

mod context;
mod cost;
mod documents;
mod errors;
mod execute;
mod explain;
mod federation;
mod in_place;
mod limits;
mod merge;
mod mutation;
mod nulls;
mod overlaps;
mod pages;
mod plan;
mod presence;
mod projection;
mod query;
mod scalars;
mod scope;
mod standing;
mod subscription;
mod syntax;
mod types;
mod unsaid;
mod usages;
mod variables;
mod weights;

use std::sync::Arc;

use async_graphql::{EmptyMutation, EmptySubscription, ObjectType, Schema, SubscriptionType, ValidationMode};

pub use context::{Asker, Loading, RequestContext};
pub use errors::ErrorCode;
pub use execute::{Executed, Fate, Operation, Ready, execute, pin, prepare};
pub use explain::Explain;
pub use federation::sdl as federated_sdl;
pub use limits::Limits;
pub use standing::{Asking, Opened, Standing, Told, open};

use documents::Documents;
use federation::RouterQuery;
use nulls::OutputTypes;
use usages::ArgumentTypes;
use variables::InputTypes;

/// The executable schema, and what it remembers of documents. Cheap to clone.
#[derive(Clone)]
pub struct PolygraphSchema(Arc<Executable>);

/// What a schema lets its clients do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchemaOptions {
    /// What they may send at most.
    pub limits: Limits,
    /// Whether they may ask about the schema itself.
    pub introspection: bool,
    /// Whether errors about documents tell names that their sender did not write: known ones that are like an unknown one,
    /// types, required arguments.
    pub suggestions: bool,
    /// Whether routers of a federated graph may ask for entities.
    pub federation: bool,
}

struct Executable {
    limits: Limits,
    suggestions: bool,
    /// Runs queries and mutations that are known to be valid. It knows of subscriptions to describe them.
    executor: Schema<query::Query, mutation::Mutation, subscription::Subscription>,
    /// Runs subscriptions, for each event as if they were queries.
    events: Schema<subscription::Subscription, EmptyMutation, EmptySubscription>,
    /// Runs what routers of a federated graph ask.
    routers: Schema<RouterQuery, EmptyMutation, EmptySubscription>,
    documents: Documents,
    inputs: Arc<InputTypes>,
    arguments: Arc<ArgumentTypes>,
    outputs: OutputTypes,
}

/// Builds the schema. It holds no connection to anything: requests bring a [`RequestContext`].
pub fn schema(options: SchemaOptions) -> PolygraphSchema {
    let sdl = if options.federation {
        text_of(&Schema::new(RouterQuery, mutation::Mutation, subscription::Subscription))
    } else {
        sdl()
    };
    let inputs = Arc::new(InputTypes::of(&sdl));
    let arguments = Arc::new(ArgumentTypes::of(&sdl));
    let outputs = OutputTypes(Arc::clone(&arguments));
    let documents = Documents::new(Arc::clone(&inputs), Arc::clone(&arguments), options);
    let SchemaOptions { limits, suggestions, .. } = options;
    PolygraphSchema(Arc::new(Executable {
        limits,
        suggestions,
        executor: executor(query::Query, mutation::Mutation, subscription::Subscription),
        events: executor(subscription::Subscription, EmptyMutation, EmptySubscription),
        routers: executor(RouterQuery, EmptyMutation, EmptySubscription),
        documents,
        inputs,
        arguments,
        outputs,
    }))
}

/// What runs documents that are known to be valid.
fn executor<Q, M, S>(query: Q, mutation: M, subscription: S) -> Schema<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    Schema::build(query, mutation, subscription)
        .limit_recursive_depth(limits::MAX_NESTING)
        .validation_mode(ValidationMode::Fast)
        .finish()
}

/// The schema in SDL, as `schema.graphql` holds it.
pub fn sdl() -> String {
    text_of(&Schema::new(query::Query, mutation::Mutation, subscription::Subscription))
}

fn text_of<Q, M, S>(schema: &Schema<Q, M, S>) -> String
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    let options = async_graphql::SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by();
    let mut text = schema.sdl_with_options(options).trim().to_owned();
    text.push('\n');
    text
}
