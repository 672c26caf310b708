//! Documents, parsed and validated once: what was found out about one is kept, and the next request with the same
//! text skips all of it.
//!
//! async-graphql validates each request anew, its variables included. Here a document is validated by itself, by a
//! schema handle of its own that stops before it executes; the variables of each request are checked by
//! [`super::variables`], and the executor runs in its fast mode, which takes the rest for granted.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use ahash::RandomState;
use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute};
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType};
use async_graphql::{Name, ObjectType, Request, Response, Schema, ServerError, Value};
use async_trait::async_trait;
use moka::sync::Cache;

use super::errors::code_of;
use super::federation::{self, RouterQuery};
use super::limits::{self, Excess, Limits};
use super::mutation::Mutation;
use super::plan::Plan;
use super::query::Query;
use super::subscription::Subscription;
use super::syntax::{self, Parsed, Unreadable};
use super::usages::{ArgumentTypes, NeverNull};
use super::variables::InputTypes;
use super::{ErrorCode, SchemaOptions, overlaps, presence, scope};
use crate::domain::Scope;

/// The most bytes that kept documents may hold, by an estimate that is never too low.
const MAX_HELD: u64 = 64 * 1024 * 1024;
/// What a byte of text may come to once it is parsed: a field of one letter and a space is about 240 bytes.
const HELD_BY_BYTE: u64 = 128;
/// What a field of the plan may come to.
const HELD_BY_FIELD: u64 = 256;

/// A document that is within the limits and valid, with what was found out about it.
#[derive(Debug)]
pub(super) struct Prepared {
    /// The document, as the executor takes it.
    pub document: ExecutableDocument,
    facts: HashMap<Option<Name>, Facts>,
    weight: u64,
}

/// What was found out about an operation.
#[derive(Debug)]
pub(super) struct Facts {
    /// How its response is written.
    pub plan: Plan,
    /// The variables that must not be null.
    pub never_null: NeverNull,
    /// Whose its answer is.
    pub scope: Scope,
    /// Whether it asks what routers of a federated graph alone ask.
    pub is_for_routers: bool,
}

/// Why a document is not executed.
#[derive(Debug)]
pub(super) struct Refusal {
    /// At least one; those of validation come together.
    pub errors: Vec<ServerError>,
    /// What is wrong with it.
    pub code: ErrorCode,
}

impl Refusal {
    fn of(error: ServerError, code: ErrorCode) -> Self {
        Self { errors: vec![error], code }
    }

    fn of_text(unreadable: Unreadable, limits: &Limits) -> Self {
        match unreadable {
            Unreadable::Syntax { message, at } => {
                Self::of(ServerError::new(format!("Syntax error: {message}."), Some(at)), ErrorCode::ParseFailed)
            }
            Unreadable::Beyond(bound) => limits.beyond(bound).into(),
        }
    }
}

impl From<Excess> for Refusal {
    fn from(excess: Excess) -> Self {
        Self::of(ServerError::new(excess.message, None), excess.code)
    }
}

impl Prepared {
    fn new(text: &str, mut document: ExecutableDocument, facts: HashMap<Option<Name>, Facts>) -> Self {
        let planned: u64 = facts.values().map(|facts| facts.plan.count_fields()).sum();
        let weight = HELD_BY_BYTE * text.len() as u64 + HELD_BY_FIELD * planned;
        presence::keep(&mut document);
        Self { document, facts, weight }
    }

    /// The operation that runs under this name, and what is known of it; `None` where the name does not tell.
    pub(super) fn operation(&self, name: Option<&str>) -> Option<(&OperationDefinition, &Facts)> {
        if name.is_none() && self.facts.len() > 1 {
            return None;
        }
        let mut operations = self.document.operations.iter();
        let (key, operation) =
            operations.find(|(found, _)| name.is_none() || found.map(|name| name.as_str()) == name)?;
        Some((&operation.node, self.facts.get(&key.cloned())?))
    }
}

/// Documents that were prepared, the most useful of them kept.
pub(super) struct Documents {
    validator: Validator,
    inputs: Arc<InputTypes>,
    arguments: Arc<ArgumentTypes>,
    options: SchemaOptions,
    kept: Cache<Arc<str>, Arc<Prepared>, RandomState>,
    /// Those that are never forgotten.
    pinned: OnceLock<HashMap<Arc<str>, Arc<Prepared>, RandomState>>,
}

impl Documents {
    /// Keeps none yet.
    pub(super) fn new(inputs: Arc<InputTypes>, arguments: Arc<ArgumentTypes>, options: SchemaOptions) -> Self {
        let validator = match options.federation {
            false => Validator::OfClients(validator(Query, options.suggestions)),
            true => Validator::OfRouters(validator(RouterQuery, options.suggestions)),
        };
        // A document is admitted in place of another only if it is asked for more often (W-TinyLFU: Einziger, Friedman
        // and Manes, 2017). So a stream of texts that never come again pushes none out that do.
        let kept = Cache::builder()
            .max_capacity(MAX_HELD)
            .weigher(|_, prepared: &Arc<Prepared>| u32::try_from(prepared.weight).unwrap_or(u32::MAX))
            .build_with_hasher(RandomState::new());
        Self { validator, inputs, arguments, options, kept, pinned: OnceLock::new() }
    }

    /// The document in a text: parsed, within limits, valid.
    ///
    /// # Errors
    /// [`Refusal`], which is never kept.
    pub(super) async fn prepare(&self, text: &str) -> Result<Arc<Prepared>, Refusal> {
        if let Some(prepared) = self.pinned.get().and_then(|pinned| pinned.get(text)) {
            return Ok(Arc::clone(prepared));
        }
        if let Some(prepared) = self.kept.get(text) {
            return Ok(prepared);
        }
        let prepared = Arc::new(self.prepare_anew(text).await?);
        self.kept.insert(Arc::from(text), Arc::clone(&prepared));
        Ok(prepared)
    }

    /// Prepares documents that are never forgotten. Returns those that are refused, by their places. To be called once.
    pub(super) async fn pin(&self, texts: &[Arc<str>]) -> Vec<(usize, Refusal)> {
        let (mut pinned, mut refused) = (HashMap::with_hasher(RandomState::new()), Vec::new());
        for (place, text) in texts.iter().enumerate() {
            match self.prepare_anew(text).await {
                Ok(prepared) => drop(pinned.insert(Arc::clone(text), Arc::new(prepared))),
                Err(refusal) => refused.push((place, refusal)),
            }
        }
        // Whoever calls it again has what was pinned before.
        let _ = self.pinned.set(pinned);
        refused
    }

    async fn prepare_anew(&self, text: &str) -> Result<Prepared, Refusal> {
        let limits = &self.options.limits;
        let parsed = syntax::parse(text, limits.bounds());
        let Parsed { document, faults } = parsed.map_err(|unreadable| Refusal::of_text(unreadable, limits))?;
        if !faults.is_empty() {
            return Err(Refusal { errors: faults, code: ErrorCode::ValidationFailed });
        }
        limits.check_document(&document, self.options.introspection)?;
        self.validate(&document).await?;
        let facts = self.facts(&document)?;
        Ok(Prepared::new(text, document, facts))
    }

    async fn validate(&self, document: &ExecutableDocument) -> Result<(), Refusal> {
        let mut request = Request::new("");
        // Any operation will do: validation is about the whole document.
        if let DocumentOperations::Multiple(operations) = &document.operations {
            request.operation_name = operations.keys().next().map(Name::to_string);
        }
        request.set_parsed_query(document.clone());
        let Response { mut errors, .. } = match &self.validator {
            Validator::OfClients(schema) => schema.execute(request).await,
            Validator::OfRouters(schema) => schema.execute(request).await,
        };
        errors.retain(|error| !overlaps::is_of_other_form(error));
        match errors.first() {
            None => Ok(()),
            Some(error) => Err(Refusal { code: code_of(error), errors }),
        }
    }

    fn facts(&self, document: &ExecutableDocument) -> Result<HashMap<Option<Name>, Facts>, Refusal> {
        let mut facts = HashMap::new();
        for (name, operation) in document.operations.iter() {
            let invalid = |errors| Refusal { errors, code: ErrorCode::ValidationFailed };
            let never_null = self.arguments.check(&self.inputs, document, &operation.node).map_err(invalid)?;
            overlaps::check(&self.arguments, document, &operation.node).map_err(invalid)?;
            let plan = Plan::of(&operation.node.selection_set.node, &document.fragments);
            if operation.node.ty == OperationType::Subscription && !plan.is_single_field() {
                // GraphQL specification, §5.2.3.1.
                let message = "A subscription must select exactly one field.";
                return Err(invalid(vec![ServerError::new(message, Some(operation.pos))]));
            }
            let scope = scope::of_operation(&self.arguments, document, &operation.node);
            let is_for_routers =
                self.options.federation && federation::is_for_routers(document, &operation.node.selection_set.node);
            facts.insert(name.cloned(), Facts { plan, never_null, scope, is_for_routers });
        }
        Ok(facts)
    }
}

/// What validates documents, and executes none.
enum Validator {
    /// Knows what clients may ask.
    OfClients(Schema<Query, Mutation, Subscription>),
    /// Knows what routers of a federated graph may ask as well.
    OfRouters(Schema<RouterQuery, Mutation, Subscription>),
}

fn validator<Q: ObjectType + 'static>(query: Q, suggestions: bool) -> Schema<Q, Mutation, Subscription> {
    let validator =
        Schema::build(query, Mutation, Subscription).limit_recursive_depth(limits::MAX_NESTING).extension(ValidateOnly);
    if suggestions { validator.finish() } else { validator.disable_suggestions().finish() }
}

/// Stops a request before it is executed.
struct ValidateOnly;

impl ExtensionFactory for ValidateOnly {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Extension for ValidateOnly {
    async fn execute(&self, _: &ExtensionContext<'_>, _: Option<&str>, _: NextExecute<'_>) -> Response {
        Response::new(Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::limits::testing::LIMITS;

    fn documents() -> Documents {
        let sdl = crate::graphql::sdl();
        let options = SchemaOptions { limits: LIMITS, introspection: true, suggestions: true, federation: true };
        Documents::new(Arc::new(InputTypes::of(&sdl)), Arc::new(ArgumentTypes::of(&sdl)), options)
    }

    /// As many bytes of estimate as `documents` holds now.
    fn held(documents: &Documents) -> u64 {
        documents.kept.run_pending_tasks();
        documents.kept.weighted_size()
    }

    #[tokio::test]
    async fn a_text_is_prepared_once() {
        let documents = documents();
        let text = "query A($n: Int = 3) { posts(first: $n) { totalCount } } query B { __typename }";
        let first = documents.prepare(text).await.expect("valid");
        let second = documents.prepare(text).await.expect("valid");
        assert!(Arc::ptr_eq(&first, &second));
        for name in ["A", "B"] {
            assert!(first.operation(Some(name)).is_some());
        }
        assert!(first.operation(Some("C")).is_none());
    }

    #[tokio::test]
    async fn what_is_refused_is_not_kept() {
        let documents = documents();
        for (text, code) in [
            ("{ posts", ErrorCode::ParseFailed),
            ("{ nothing }", ErrorCode::ValidationFailed),
            ("query A { nothing } query B { __typename }", ErrorCode::ValidationFailed),
            ("{ posts(first: \"x\") { totalCount } }", ErrorCode::ValidationFailed),
            ("query ($n: String) { posts(first: $n) { totalCount } }", ErrorCode::ValidationFailed),
        ] {
            assert_eq!(documents.prepare(text).await.expect_err(text).code, code, "{text}");
        }
        assert_eq!(held(&documents), 0);
    }

    #[tokio::test]
    async fn texts_that_never_come_again_push_none_out_that_do() {
        let documents = documents();
        let known: Vec<_> = (0..20).map(|n| format!("query {{ posts(first: {n}) {{ totalCount }} }}")).collect();
        for (round, text) in known.iter().cycle().take(1_000).enumerate() {
            documents.prepare(text).await.expect("valid");
            let hostile = format!("{{ __typename }} # {round} {}", "x".repeat(30_000));
            documents.prepare(&hostile).await.expect("valid");
        }
        assert!(held(&documents) <= MAX_HELD);
        let kept = known.iter().filter(|text| documents.kept.contains_key(text.as_str())).count();
        assert_eq!(kept, known.len());
    }
}
