//! Reads an operation out of a request (GraphQL over HTTP, sections GET and POST).

use axum::http::{HeaderMap, header};
use serde::Deserialize;
use serde_json::error::Category;
use serde_json::{Map, Value};

use super::json::Unambiguous;
use crate::cache::Form;
use crate::services::documents::{DocumentName, Protocol};

/// The version of Apollo's protocol for persisted queries.
const PERSISTED_QUERY_VERSION: u64 = 1;

/// What a request asks for. Its document is given by its text, by a name, or by both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requested {
    /// The document.
    pub text: Option<String>,
    /// What names the document.
    pub document: Option<DocumentName>,
    /// Which of the document's operations is meant.
    pub operation: Option<String>,
    /// The values of its variables.
    pub variables: Map<String, Value>,
    /// Whether nothing may change, since it came by a safe method (RFC 9110 §9.2.1).
    pub safe: bool,
}

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
    pub fn decode(self, headers: &HeaderMap) -> Result<Requested, NotARequest> {
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
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Raw {
    query: Option<String>,
    document_id: Option<String>,
    operation_name: Option<String>,
    variables: Option<Unambiguous>,
    extensions: Option<Unambiguous>,
}

impl Raw {
    fn checked(self, safe: bool) -> Result<Requested, NotARequest> {
        let text = self.query.filter(|query| !query.trim().is_empty());
        let document = named(self.document_id, &object("extensions", self.extensions)?)?;
        if text.is_none() && document.is_none() {
            return Err(malformed("There is no `query` in the request."));
        }
        // An empty operation name is what some clients send for none.
        let operation = self.operation_name.filter(|name| !name.is_empty());
        Ok(Requested { text, document, operation, variables: object("variables", self.variables)?, safe })
    }
}

fn malformed(message: &str) -> NotARequest {
    NotARequest::Malformed(message.to_owned())
}

fn object(name: &str, value: Option<Unambiguous>) -> Result<Map<String, Value>, NotARequest> {
    match value {
        None | Some(Unambiguous(Value::Null)) => Ok(Map::new()),
        Some(Unambiguous(Value::Object(object))) => Ok(object),
        Some(_) => Err(NotARequest::Malformed(format!("`{name}` must be a JSON object."))),
    }
}

/// What names the document, by either protocol.
fn named(id: Option<String>, extensions: &Map<String, Value>) -> Result<Option<DocumentName>, NotARequest> {
    let id = id.filter(|id| !id.is_empty());
    let persisted = match extensions.get("persistedQuery") {
        None | Some(Value::Null) => None,
        Some(persisted) => {
            if persisted.get("version").and_then(Value::as_u64) != Some(PERSISTED_QUERY_VERSION) {
                return Err(malformed("`extensions.persistedQuery.version` must be 1."));
            }
            let hash = persisted.get("sha256Hash").and_then(Value::as_str).filter(|hash| !hash.is_empty());
            Some(hash.ok_or_else(|| malformed("`extensions.persistedQuery.sha256Hash` must be a string."))?)
        }
    };
    match (id, persisted) {
        (Some(_), Some(_)) => Err(malformed("Name the document by `documentId` or `persistedQuery`, not by both.")),
        (Some(id), None) => Ok(Some(DocumentName { id, protocol: Protocol::DocumentId })),
        (None, Some(hash)) => Ok(Some(DocumentName { id: hash.to_owned(), protocol: Protocol::PersistedQuery })),
        (None, None) => Ok(None),
    }
}

/// Reads the body of a POST.
fn from_body(headers: &HeaderMap, body: &[u8]) -> Result<Requested, NotARequest> {
    if !is_json(headers) {
        return Err(NotARequest::UnsupportedMediaType);
    }
    // RFC 8259 §8.1 lets a reader ignore a byte order mark.
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
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
fn from_parameters(parameters: &[u8]) -> Result<Requested, NotARequest> {
    let mut raw = Raw::default();
    let json = |name: &str, text: &str| {
        serde_json::from_str(text).map_err(|_| NotARequest::Malformed(format!("`{name}` is not JSON.")))
    };
    for (name, value) in url::form_urlencoded::parse(parameters) {
        let stands_twice = match name.as_ref() {
            "query" => raw.query.replace(value.into_owned()).is_some(),
            "documentId" => raw.document_id.replace(value.into_owned()).is_some(),
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
