//! Reads an operation out of a request (GraphQL over HTTP, sections GET and POST).

use axum::http::{HeaderMap, header};
use serde::Deserialize;
use serde_json::error::Category;
use serde_json::{Map, Value};

use super::json::Unambiguous;
use crate::cache::Form;
use crate::graphql::Operation;

/// Why a request is not one; the sentence goes to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotARequest {
    /// The body is not JSON, or not of the right shape.
    Malformed(String),
    /// The body is something other than JSON.
    UnsupportedMediaType,
}

/// A request's operation as it came.
#[derive(Debug, Clone, Copy)]
pub struct Encoded<'a> {
    /// How its bytes are to be read.
    pub form: Form,
    /// The body, or what stands behind the `?`.
    pub raw: &'a [u8],
}

impl Encoded<'_> {
    /// Reads it; `headers` say what a body is.
    ///
    /// # Errors
    /// [`NotARequest`], with the sentence for the client.
    pub fn decode(self, headers: &HeaderMap) -> Result<Operation, NotARequest> {
        match self.form {
            Form::Body => from_body(headers, self.raw),
            Form::Parameters => from_parameters(self.raw),
        }
    }

    /// Whether it is declared as something that we read.
    pub(super) fn is_readable(self, headers: &HeaderMap) -> bool {
        self.form == Form::Parameters || is_json(headers)
    }
}

/// A POST body or GET parameters, before they are checked.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<Unambiguous>,
    extensions: Option<Unambiguous>,
}

impl Raw {
    fn checked(self, safe: bool) -> Result<Operation, NotARequest> {
        let object = |name: &str, value: Option<Unambiguous>| match value {
            None | Some(Unambiguous(Value::Null)) => Ok(Map::new()),
            Some(Unambiguous(Value::Object(object))) => Ok(object),
            Some(_) => Err(NotARequest::Malformed(format!("`{name}` must be a JSON object."))),
        };
        let query = self.query.filter(|query| !query.trim().is_empty());
        let query = query.ok_or_else(|| NotARequest::Malformed("There is no `query` in the request.".to_owned()))?;
        object("extensions", self.extensions)?;
        // An empty operation name is what some clients send for none.
        let name = self.operation_name.filter(|name| !name.is_empty());
        Ok(Operation { query, name, variables: object("variables", self.variables)?, safe })
    }
}

/// Reads the body of a POST.
fn from_body(headers: &HeaderMap, body: &[u8]) -> Result<Operation, NotARequest> {
    if !is_json(headers) {
        return Err(NotARequest::UnsupportedMediaType);
    }
    // RFC 8259 §8.1 lets a reader ignore a byte order mark.
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let malformed = |message: &str| NotARequest::Malformed(message.to_owned());
    // An array would pass for the fields of an object in their order.
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(malformed("The body must be a JSON object: batches of operations are not accepted."));
    }
    let raw: Raw = serde_json::from_slice(body).map_err(|error| match error.classify() {
        Category::Data => {
            let message = "The body must be a JSON object with `query`, and if need be `variables` and `operationName`; \
                           no key may stand twice.";
            malformed(message)
        }
        _ if error.to_string().starts_with("recursion limit") => malformed("The body is nested too deeply."),
        _ => malformed("The body is not JSON."),
    })?;
    raw.checked(false)
}

/// Reads the parameters of a GET.
fn from_parameters(parameters: &[u8]) -> Result<Operation, NotARequest> {
    let mut raw = Raw { query: None, operation_name: None, variables: None, extensions: None };
    let json = |name: &str, text: &str| {
        serde_json::from_str(text).map_err(|_| NotARequest::Malformed(format!("`{name}` is not JSON.")))
    };
    for (name, value) in url::form_urlencoded::parse(parameters) {
        let stands_twice = match name.as_ref() {
            "query" => raw.query.replace(value.into_owned()).is_some(),
            "operationName" => raw.operation_name.replace(value.into_owned()).is_some(),
            "variables" if !value.is_empty() => raw.variables.replace(json("variables", &value)?).is_some(),
            "extensions" if !value.is_empty() => raw.extensions.replace(json("extensions", &value)?).is_some(),
            _ => false,
        };
        if stands_twice {
            return Err(NotARequest::Malformed(format!("`{name}` stands twice.")));
        }
    }
    raw.checked(true)
}

/// Whether the body is declared as JSON in UTF-8.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let mut parts = value.split(';').map(str::trim);
    let json = parts.next().is_some_and(|media| media.eq_ignore_ascii_case("application/json"));
    let charset = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    });
    json && charset.is_none_or(|charset| charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8"))
}
