//! Standing operations: a subscription that was opened, to be resolved for each event that it waits for.
//!
//! It is resolved as a query whose root is the type of subscriptions. What depends on its text and variables alone is
//! done when it is opened.

use std::sync::Arc;

use async_graphql::parser::types::{ExecutableDocument, OperationType};
use async_graphql::{Request, Response, Variables};
use bytes::Bytes;

use super::documents::{Facts, Prepared, Refusal};
use super::execute::{Executed, Extensions, coerced, label, operation_mut, refused, too_costly, written};
use super::merge::merge;
use super::subscription::Occasion;
use super::{ErrorCode, Operation, PolygraphSchema, Ready, RequestContext};
use crate::domain::{About, Scope, Topic};

/// A subscription that was opened.
pub struct Standing {
    prepared: Arc<Prepared>,
    operation: Operation,
    /// The document with the operation as a query.
    document: ExecutableDocument,
    topic: Topic,
    scope: Scope,
}

/// What a subscription's text, name and variables are: two with the same are told the same, where it is public.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Asking {
    query: String,
    name: Option<String>,
    variables: String,
}

/// What became of a subscription that was to be opened.
pub enum Opened {
    /// It stands.
    Standing(Arc<Standing>),
    /// It is refused.
    Refused(Executed),
}

/// What an event comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Nothing: what it is about is gone.
    Nothing,
    /// A response as JSON, without `extensions`.
    Next(Bytes),
    /// The same, and nothing comes after it.
    Last(Bytes),
}

/// Opens a subscription. No store is asked.
///
/// # Errors
/// Only when a refusal can't be serialised, which would be a defect.
pub async fn open(
    schema: &PolygraphSchema,
    context: RequestContext,
    ready: Ready,
    request_id: &str,
) -> serde_json::Result<Opened> {
    let (operation, prepared, cost) = match coerced(schema, ready) {
        Ok(coerced) => coerced,
        Err(refused) => {
            let (operation, Refusal { errors, code }) = *refused;
            return self::refused(schema, &operation, errors, code, request_id).map(Opened::Refused);
        }
    };
    let name = operation.name.as_deref();
    let Some((chosen, Facts { scope, plan, .. })) = prepared.operation(name) else {
        let error = async_graphql::ServerError::new("The operation name does not tell which operation to run.", None);
        return refused(schema, &operation, vec![error], ErrorCode::BadUserInput, request_id).map(Opened::Refused);
    };
    if let Some(refusal) = too_costly(schema, &prepared, chosen, &operation.variables, cost) {
        return refused(schema, &operation, refusal.errors, refusal.code, request_id).map(Opened::Refused);
    }
    let scope = *scope;
    let mut document = prepared.document.clone();
    if let Some(chosen) = operation_mut(&mut document.operations, name) {
        if plan.has_repeats() {
            merge(chosen, &schema.0.arguments, &prepared.document.fragments, &operation.variables);
        }
        chosen.ty = OperationType::Query;
    }
    let opening = Arc::new(Occasion::default());
    let mut response = run(schema, context, &operation, document.clone(), Arc::clone(&opening)).await;
    match opening.topic() {
        Some(topic) => Ok(Opened::Standing(Arc::new(Standing { prepared, operation, document, topic, scope }))),
        None => {
            if response.errors.is_empty() {
                let message = "A subscription must select one of its fields, whatever its variables are.";
                response.errors.push(async_graphql::ServerError::new(message, None));
            }
            for error in &mut response.errors {
                label(error, super::errors::code_of(error), request_id);
            }
            written(&Response::from_errors(response.errors), None, Extensions::default()).map(Opened::Refused)
        }
    }
}

impl Standing {
    /// What it waits for.
    pub fn topic(&self) -> Topic {
        self.topic
    }

    /// Whose its answers are: those of a public one are the same for all who ask the same.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// What was asked.
    pub fn asking(&self) -> Asking {
        let Operation { query, name, variables, .. } = &self.operation;
        // A map's keys are sorted, so the same variables are the same text.
        let variables = serde_json::Value::Object(variables.clone()).to_string();
        Asking { query: query.clone(), name: name.clone(), variables }
    }

    /// Resolves it for an event about this. It loads through the lanes of `context`, which must be run with it; its errors
    /// have `request_id`.
    ///
    /// # Errors
    /// Only when the response can't be serialised, which would be a defect.
    pub async fn resolve(
        &self,
        schema: &PolygraphSchema,
        context: RequestContext,
        about: About,
        request_id: &str,
    ) -> serde_json::Result<Told> {
        let occasion = Arc::new(Occasion::of(about));
        let mut response = run(schema, context, &self.operation, self.document.clone(), Arc::clone(&occasion)).await;
        if occasion.is_void() {
            return Ok(Told::Nothing);
        }
        for error in &mut response.errors {
            label(error, super::errors::code_of(error), request_id);
        }
        let Some((chosen, facts)) = self.prepared.operation(self.operation.name.as_deref()) else {
            return Ok(Told::Nothing);
        };
        if !response.errors.is_empty() {
            let paths = response.errors.iter().map(|error| error.path.as_slice());
            schema.0.outputs.nullify(&mut response.data, paths, &self.prepared.document, chosen);
        }
        let body = written(&response, Some(&facts.plan), Extensions::default())?.body;
        Ok(if occasion.is_last() { Told::Last(body) } else { Told::Next(body) })
    }
}

async fn run(
    schema: &PolygraphSchema,
    context: RequestContext,
    operation: &Operation,
    document: ExecutableDocument,
    occasion: Arc<Occasion>,
) -> Response {
    let variables = serde_json::Value::Object(operation.variables.clone());
    let mut request = Request::new("").variables(Variables::from_json(variables)).data(context).data(occasion);
    request.operation_name.clone_from(&operation.name);
    request.set_parsed_query(document);
    schema.0.events.execute(request).await
}
