//! Runs one operation: parse, validate, execute within a batching scope, and give every error its code.

use async_graphql::parser::parse_query;
use async_graphql::{Request, Response, ServerError, Value, Variables};

use super::errors::code_of;
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
}

/// What became of an operation.
#[derive(Debug)]
pub struct Executed {
    /// The response as it goes to the client.
    pub response: Response,
    /// Whether it was executed at all, or refused before.
    pub ran: bool,
}

impl Executed {
    fn refused(mut error: ServerError, code: ErrorCode, request_id: &str) -> Self {
        label(&mut error, code, request_id);
        Self { response: Response::from_errors(vec![error]), ran: false }
    }
}

/// Executes `operation`. Every error in the response has `extensions.code` and `extensions.requestId`.
pub async fn execute(
    schema: &PolygraphSchema,
    context: RequestContext,
    operation: Operation,
    request_id: &str,
) -> Executed {
    let document = match parse_query(&operation.query) {
        Ok(document) => document,
        Err(error) => return Executed::refused(error.into(), ErrorCode::ParseFailed, request_id),
    };
    let checked = schema
        .data::<InputTypes>()
        .map_or(Ok(()), |inputs| inputs.check(&document, operation.name.as_deref(), &operation.variables));
    if let Err(misfit) = checked {
        let error = ServerError::new(misfit.to_string(), None);
        return Executed::refused(error, ErrorCode::BadUserInput, request_id);
    }
    let loaders = std::sync::Arc::clone(&context.loaders);
    let variables = serde_json::Value::Object(operation.variables);
    let mut request = Request::new(operation.query).variables(Variables::from_json(variables)).data(context);
    request.operation_name = operation.name;
    request.set_parsed_query(document);

    let mut response = loaders.run(schema.execute(request)).await;
    // Errors of a field have a path; those without one stopped the request before any field was resolved.
    let ran = response.errors.is_empty() || response.errors.iter().any(|error| !error.path.is_empty());
    for error in &mut response.errors {
        let code = code_of(error);
        label(error, code, request_id);
    }
    Executed { response, ran }
}

fn label(error: &mut ServerError, code: ErrorCode, request_id: &str) {
    let extensions = error.extensions.get_or_insert_with(Default::default);
    extensions.set("code", Value::from(code.as_str()));
    extensions.set("requestId", Value::from(request_id));
}
