//! Runs one operation: prepare its document, coerce its variables, execute within a batching scope, give every error
//! its code, and write the response.

use std::sync::Arc;

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType};
use async_graphql::{Request, Response, ServerError, Value, Variables};
use bytes::Bytes;
use serde::Serialize;
use serde_json::json;

use super::documents::{Prepared, Refusal};
use super::errors::code_of;
use super::merge::merge;
use super::plan::Plan;
use super::{ErrorCode, Explain, Limits, PolygraphSchema, RequestContext, cost, unsaid};
use crate::domain::Scope;

/// How many errors of a document are told at most: a short text can have thousands.
const MAX_TOLD: usize = 20;

/// An operation as a client sent it.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// The document.
    pub query: String,
    /// Which of the document's operations to run, where there are several.
    pub name: Option<String>,
    /// Values of its variables.
    pub variables: serde_json::Map<String, serde_json::Value>,
    /// Whether it came in a way that must not change anything (GET): then mutations are refused.
    pub safe: bool,
}

/// How far an operation came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It was executed.
    Ran,
    /// It was refused before, for what it is.
    Refused,
    /// It was refused before, since it is a mutation that came by GET.
    RefusedMutation,
}

/// What became of an operation.
#[derive(Debug)]
pub struct Executed {
    /// The response as JSON. Every error has `extensions.code` and `extensions.requestId`.
    pub body: Bytes,
    /// How far it came.
    pub fate: Fate,
    /// Whether it is a query whose response is without errors, and tells nothing of the request: only such a one may be
    /// kept.
    pub keepable: bool,
    /// After how many seconds to try again, where something was tried too often.
    pub retry_after: Option<u64>,
}

/// An operation whose document is known to be good, or to be refused.
pub struct Ready {
    operation: Operation,
    prepared: Result<Arc<Prepared>, Refusal>,
    /// What it may cost, once that was asked; its variables are coerced then.
    cost: Option<u64>,
}

impl Ready {
    /// Whose the answer is; `None` where the operation is no query, or which one is meant can't be told.
    pub fn scope(&self) -> Option<Scope> {
        let (chosen, facts) = self.prepared.as_ref().ok()?.operation(self.operation.name.as_deref())?;
        (chosen.ty == OperationType::Query).then_some(facts.scope)
    }

    /// Whether its document is valid.
    pub fn is_valid(&self) -> bool {
        self.prepared.is_ok()
    }

    /// Whether it is a subscription.
    pub fn is_subscription(&self) -> bool {
        let chosen =
            self.prepared.as_ref().ok().and_then(|prepared| prepared.operation(self.operation.name.as_deref()));
        chosen.is_some_and(|(chosen, _)| chosen.ty == OperationType::Subscription)
    }

    /// The operation.
    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    /// What it may cost, at least 1: an upper bound on the objects in its answer. Its variables get their defaults, which
    /// may say how long lists are. One that is to be refused costs 1.
    pub fn cost(&mut self, schema: &PolygraphSchema) -> u64 {
        let Ok(prepared) = &self.prepared else { return 1 };
        let Some((chosen, facts)) = prepared.operation(self.operation.name.as_deref()) else { return 1 };
        let variables = &mut self.operation.variables;
        if schema.0.inputs.coerce(chosen, &facts.never_null, variables).is_err() {
            return 1;
        }
        let cost = cost::of_operation(&schema.0.arguments, &prepared.document, chosen, variables);
        self.cost = Some(cost);
        if schema.0.limits.check_cost(cost).is_err() { 1 } else { cost.max(1) }
    }
}

/// Prepares the document of an operation, which most often was prepared before.
pub async fn prepare(schema: &PolygraphSchema, operation: Operation) -> Ready {
    let prepared = match schema.0.limits.check_variables(&operation.variables) {
        Ok(()) => schema.0.documents.prepare(&operation.query).await,
        Err(excess) => Err(excess.into()),
    };
    Ready { prepared, operation, cost: None }
}

/// Prepares documents that are asked for as long as the schema is there, once and for all. Returns the places of those
/// that are refused, and why. To be called once.
pub async fn pin(schema: &PolygraphSchema, texts: &[Arc<str>]) -> Vec<(usize, String)> {
    let refused = schema.0.documents.pin(texts).await;
    let reason = |refusal: Refusal| refusal.errors.into_iter().next().map(|error| error.message).unwrap_or_default();
    refused.into_iter().map(|(place, refusal)| (place, reason(refusal))).collect()
}

/// Executes an operation.
///
/// # Errors
/// Only when the response can't be serialised, which would be a defect.
pub async fn execute(
    schema: &PolygraphSchema,
    context: RequestContext,
    ready: Ready,
    request_id: &str,
) -> serde_json::Result<Executed> {
    let (operation, prepared, cost) = match coerced(schema, ready) {
        Ok(coerced) => coerced,
        Err(refused) => {
            let (operation, Refusal { errors, code }) = *refused;
            return self::refused(schema, &operation, errors, code, request_id);
        }
    };
    let name = operation.name.clone();
    // Where the name does not tell which operation is meant, the executor says so.
    let chosen = prepared.operation(name.as_deref());
    if chosen.is_some_and(|(chosen, _)| chosen.ty == OperationType::Subscription) {
        let message = "Subscriptions come over WebSocket (graphql-transport-ws) or as text/event-stream.";
        return refused(schema, &operation, vec![ServerError::new(message, None)], ErrorCode::BadUserInput, request_id);
    }
    if operation.safe && chosen.is_some_and(|(chosen, _)| chosen.ty == OperationType::Mutation) {
        let error = ServerError::new("Mutations must be sent by POST.", None);
        let executed = refused(schema, &operation, vec![error], ErrorCode::BadUserInput, request_id)?;
        return Ok(Executed { fate: Fate::RefusedMutation, ..executed });
    }
    let mut told = Told { explain: context.explain.clone(), tells_cost: context.tells_cost, cost: 0 };
    let limits = &schema.0.limits;
    if let Some((chosen, _)) = chosen
        && (limits.cost.is_some() || told.is_wanted())
    {
        let count = || cost::of_operation(&schema.0.arguments, &prepared.document, chosen, &operation.variables);
        told.cost = cost.unwrap_or_else(count);
        if let Err(excess) = limits.check_cost(told.cost) {
            let Refusal { mut errors, code } = excess.into();
            errors.iter_mut().for_each(|error| label(error, code, request_id));
            return written(&Response::from_errors(errors), None, told.extensions(limits));
        }
    }
    let mut document = prepared.document.clone();
    if chosen.is_some_and(|(_, facts)| facts.plan.has_repeats())
        && let Some(chosen) = operation_mut(&mut document.operations, name.as_deref())
    {
        merge(chosen, &schema.0.arguments, &prepared.document.fragments, &operation.variables);
    }
    let noted = context.noted();
    let is_for_routers = chosen.is_some_and(|(_, facts)| facts.is_for_routers);
    let mut response = run(schema, context, operation, document, is_for_routers).await;
    // Errors of a field have a path; those without one stopped the request before any field was resolved.
    let ran = response.errors.is_empty() || response.errors.iter().any(|error| !error.path.is_empty());
    for error in &mut response.errors {
        let code = code_of(error);
        label(error, code, request_id);
    }
    let Some((operation, facts)) = chosen.filter(|_| ran) else {
        return written(&response, None, Extensions::default());
    };
    if !response.errors.is_empty() {
        let paths = response.errors.iter().map(|error| error.path.as_slice());
        schema.0.outputs.nullify(&mut response.data, paths, &prepared.document, operation);
    }
    // What a fallback helped to make is not what is answered when all is well, and what is told is for this request.
    let keepable = operation.ty == OperationType::Query && noted.degraded().is_none() && !told.is_wanted();
    let degraded = noted.degraded().map(|role| [role.name()]);
    let executed = written(&response, Some(&facts.plan), Extensions { degraded, ..told.extensions(limits) })?;
    Ok(Executed { keepable: executed.keepable && keepable, ..executed })
}

/// An operation whose variables are coerced, and what it may cost, where that was counted; or why there is none.
pub(super) type Coerced = Result<(Operation, Arc<Prepared>, Option<u64>), Box<(Operation, Refusal)>>;

/// The operation with its variables as its document declares them.
pub(super) fn coerced(schema: &PolygraphSchema, Ready { mut operation, prepared, cost }: Ready) -> Coerced {
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(refusal) => return Err(Box::new((operation, refusal))),
    };
    if cost.is_none()
        && let Some((chosen, facts)) = prepared.operation(operation.name.as_deref())
        && let Err(misfit) = schema.0.inputs.coerce(chosen, &facts.never_null, &mut operation.variables)
    {
        let errors = vec![ServerError::new(misfit.to_string(), None)];
        return Err(Box::new((operation, Refusal { errors, code: ErrorCode::BadUserInput })));
    }
    Ok((operation, prepared, cost))
}

/// Why an operation is refused for what it may cost, if it is.
pub(super) fn too_costly(
    schema: &PolygraphSchema,
    prepared: &Prepared,
    chosen: &OperationDefinition,
    variables: &serde_json::Map<String, serde_json::Value>,
    cost: Option<u64>,
) -> Option<Refusal> {
    schema.0.limits.cost?;
    let count = || cost::of_operation(&schema.0.arguments, &prepared.document, chosen, variables);
    schema.0.limits.check_cost(cost.unwrap_or_else(count)).err().map(Refusal::from)
}

/// What a response tells of its request, where that is wanted.
struct Told {
    explain: Option<Explain>,
    tells_cost: bool,
    /// Known where it is wanted, or limited.
    cost: u64,
}

impl Told {
    fn is_wanted(&self) -> bool {
        self.tells_cost || self.explain.is_some()
    }

    fn extensions(&self, limits: &Limits) -> Extensions {
        Extensions {
            cost: self.tells_cost.then(|| json!({ "requested": self.cost, "limit": limits.cost })),
            explain: self.explain.as_ref().map(|explain| explain.describe(self.cost)),
            degraded: None,
        }
    }
}

/// The operation of this name; without a name, the only one.
pub(super) fn operation_mut<'a>(
    operations: &'a mut DocumentOperations,
    name: Option<&str>,
) -> Option<&'a mut OperationDefinition> {
    let found = match (operations, name) {
        (DocumentOperations::Single(operation), _) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get_mut(name),
        (DocumentOperations::Multiple(operations), None) => operations.values_mut().next(),
    };
    found.map(|operation| &mut operation.node)
}

async fn run(
    schema: &PolygraphSchema,
    context: RequestContext,
    operation: Operation,
    document: ExecutableDocument,
    is_for_routers: bool,
) -> Response {
    let loaders = Arc::clone(&context.loaders);
    let variables = serde_json::Value::Object(operation.variables);
    let mut request = Request::new(operation.query).variables(Variables::from_json(variables)).data(context);
    request.operation_name = operation.name;
    request.set_parsed_query(document);
    if is_for_routers {
        // Boxed, so that what clients ask needs no room for it.
        return Box::pin(loaders.run(schema.0.routers.execute(request))).await;
    }
    loaders.run(schema.0.executor.execute(request)).await
}

/// The answer to an operation that is not executed.
pub(super) fn refused(
    schema: &PolygraphSchema,
    operation: &Operation,
    mut errors: Vec<ServerError>,
    code: ErrorCode,
    request_id: &str,
) -> serde_json::Result<Executed> {
    errors.truncate(MAX_TOLD);
    if !schema.0.suggestions {
        unsaid::hide(&mut errors, &operation.query, &operation.variables);
    }
    for error in &mut errors {
        label(error, code, request_id);
    }
    written(&Response::from_errors(errors), None, Extensions::default())
}

/// What a response says beside its data.
#[derive(Default, Serialize)]
pub(super) struct Extensions {
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explain: Option<serde_json::Value>,
    /// The stores in whose place others have answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    degraded: Option<[&'static str; 1]>,
}

impl Extensions {
    fn is_empty(&self) -> bool {
        self.cost.is_none() && self.explain.is_none() && self.degraded.is_none()
    }
}

/// Writes a response by the plan of its operation. One that was never executed has none, and so no data, not even
/// null (GraphQL specification, §7.1).
pub(super) fn written(
    response: &Response,
    plan: Option<&Plan>,
    extensions: Extensions,
) -> serde_json::Result<Executed> {
    let clean = response.errors.is_empty();
    let mut body = Vec::with_capacity(1024);
    body.push(b'{');
    if !clean {
        body.extend_from_slice(b"\"errors\":");
        serde_json::to_writer(&mut body, &response.errors)?;
    }
    if let Some(plan) = plan {
        body.extend_from_slice(if clean { b"\"data\":" } else { b",\"data\":" });
        plan.write(&response.data, &mut body)?;
    }
    if !extensions.is_empty() {
        body.extend_from_slice(b",\"extensions\":");
        serde_json::to_writer(&mut body, &extensions)?;
    }
    body.push(b'}');
    let fate = if plan.is_some() { Fate::Ran } else { Fate::Refused };
    let retry_after = response.errors.iter().filter_map(retry_after).max();
    Ok(Executed { body: body.into(), fate, keepable: clean, retry_after })
}

/// The seconds that an error asks to wait.
fn retry_after(error: &ServerError) -> Option<u64> {
    match error.extensions.as_ref()?.get("retryAfter")? {
        Value::Number(seconds) => seconds.as_u64(),
        _ => None,
    }
}

pub(super) fn label(error: &mut ServerError, code: ErrorCode, request_id: &str) {
    let extensions = error.extensions.get_or_insert_with(Default::default);
    extensions.set("code", Value::from(code.as_str()));
    extensions.set("requestId", Value::from(request_id));
}
