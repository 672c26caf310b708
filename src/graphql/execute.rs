//! Runs one operation: parse, validate, execute within a batching scope, give every error its code, and write the
//! response.

use std::sync::Arc;

use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, OperationType};
use async_graphql::parser::{self, parse_query};
use async_graphql::{Request, Response, ServerError, Value, Variables};
use bytes::Bytes;

use super::errors::code_of;
use super::limits::{self, Excess};
use super::nulls::OutputTypes;
use super::plan::Plan;
use super::presence;
use super::variables::InputTypes;
use super::{ErrorCode, PolygraphSchema, RequestContext};

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
    /// Whether it is a query whose response is without errors: only such a one may be kept.
    pub keepable: bool,
    /// After how many seconds to try again, where something was tried too often.
    pub retry_after: Option<u64>,
}

/// The types of the schema, as requests are checked and completed against.
#[derive(Debug)]
pub(super) struct Types {
    inputs: InputTypes,
    outputs: OutputTypes,
}

impl Types {
    pub(super) fn of(sdl: &str) -> Self {
        Self { inputs: InputTypes::of(sdl), outputs: OutputTypes::of(sdl) }
    }
}

/// Executes `operation`.
///
/// # Errors
/// Only when the response can't be serialised, which would be a defect.
pub async fn execute(
    schema: &PolygraphSchema,
    context: RequestContext,
    mut operation: Operation,
    request_id: &str,
) -> serde_json::Result<Executed> {
    let document = match parsed(&operation.query) {
        Ok(document) => document,
        Err((error, code)) => return refused(*error, code, request_id),
    };
    let types = schema.data::<Types>();
    let Operation { name, variables, .. } = &mut operation;
    let misfit = types.and_then(|types| types.inputs.coerce(&document, name.as_deref(), variables).err());
    if let Some(misfit) = misfit {
        return refused(ServerError::new(misfit.to_string(), None), ErrorCode::BadUserInput, request_id);
    }
    let name = operation.name.clone();
    let chosen = selected(&document, name.as_deref());
    if operation.safe && chosen.is_some_and(|chosen| chosen.ty == OperationType::Mutation) {
        let error = ServerError::new("Mutations must be sent by POST.", None);
        let executed = refused(error, ErrorCode::BadUserInput, request_id)?;
        return Ok(Executed { fate: Fate::RefusedMutation, ..executed });
    }
    let mut response = run(schema, context, operation, document.clone()).await;
    // Errors of a field have a path; those without one stopped the request before any field was resolved.
    let ran = response.errors.is_empty() || response.errors.iter().any(|error| !error.path.is_empty());
    for error in &mut response.errors {
        let code = code_of(error);
        label(error, code, request_id);
    }
    match (types, chosen) {
        (Some(types), Some(operation)) if ran => completed(types, &document, operation, response),
        _ => written(&response, None),
    }
}

/// The document in a text, if both are within limits.
fn parsed(query: &str) -> Result<ExecutableDocument, (Box<ServerError>, ErrorCode)> {
    let excessive = |excess: Excess| (Box::new(ServerError::new(excess.message, None)), excess.code);
    limits::check_text(query).map_err(excessive)?;
    let document = parse_query(query).map_err(|error| (Box::new(unreadable(error)), ErrorCode::ParseFailed))?;
    limits::check_document(&document).map_err(excessive)?;
    Ok(document)
}

/// A parser's error, without its drawing of the line at fault: that may be the whole document.
fn unreadable(error: parser::Error) -> ServerError {
    let mut refusal = ServerError::from(error.clone());
    if let parser::Error::Syntax { message, .. } = error {
        let expected = message.lines().last().unwrap_or_default().trim_start_matches([' ', '=']);
        refusal.message = format!("Syntax error: {expected}");
    }
    refusal
}

async fn run(
    schema: &PolygraphSchema,
    context: RequestContext,
    operation: Operation,
    mut document: ExecutableDocument,
) -> Response {
    presence::keep(&mut document);
    let loaders = Arc::clone(&context.loaders);
    let variables = serde_json::Value::Object(operation.variables);
    let mut request = Request::new(operation.query).variables(Variables::from_json(variables)).data(context);
    request.operation_name = operation.name;
    request.set_parsed_query(document);
    loaders.run(schema.execute(request)).await
}

/// The operation of a document that runs under this name.
fn selected<'a>(document: &'a ExecutableDocument, name: Option<&str>) -> Option<&'a OperationDefinition> {
    let mut operations = document.operations.iter();
    let (_, operation) = operations.find(|(found, _)| name.is_none() || found.map(|name| name.as_str()) == name)?;
    Some(&operation.node)
}

/// A response of an operation that was executed: with nulls where fields failed, in the order of selection.
fn completed(
    types: &Types,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    mut response: Response,
) -> serde_json::Result<Executed> {
    if !response.errors.is_empty() {
        let paths = response.errors.iter().map(|error| error.path.as_slice());
        types.outputs.nullify(&mut response.data, paths, document, operation);
    }
    let plan = Plan::of(&operation.selection_set.node, &document.fragments);
    let executed = written(&response, Some(&plan))?;
    Ok(Executed { keepable: executed.keepable && operation.ty == OperationType::Query, ..executed })
}

fn refused(mut error: ServerError, code: ErrorCode, request_id: &str) -> serde_json::Result<Executed> {
    label(&mut error, code, request_id);
    written(&Response::from_errors(vec![error]), None)
}

/// Writes a response by the plan of its operation. One that was never executed has none, and so no data, not even
/// null (GraphQL specification, §7.1).
fn written(response: &Response, plan: Option<&Plan>) -> serde_json::Result<Executed> {
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

fn label(error: &mut ServerError, code: ErrorCode, request_id: &str) {
    let extensions = error.extensions.get_or_insert_with(Default::default);
    extensions.set("code", Value::from(code.as_str()));
    extensions.set("requestId", Value::from(request_id));
}
