//! An answer of the gateway, and what holds for every one.

use reqwest::header::HeaderMap;
use serde_json::{Map, Value};

/// Every code that an error may have (CONTRACT.md, "Errors").
const CODES: [&str; 18] = [
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "BAD_USER_INPUT",
    "UNAUTHENTICATED",
    "FORBIDDEN",
    "STORE_UNAVAILABLE",
    "TIMEOUT",
    "RATE_LIMITED",
    "OVERLOADED",
    "QUERY_TOO_DEEP",
    "QUERY_TOO_COMPLEX",
    "TOO_MANY_TOKENS",
    "TOO_MANY_ALIASES",
    "REQUEST_TOO_LARGE",
    "PERSISTED_QUERY_NOT_FOUND",
    "PERSISTED_QUERY_NOT_SUPPORTED",
    "INTROSPECTION_DISABLED",
    "INTERNAL",
];

/// Parts of SQL, addresses, paths and drivers' vocabulary. None may stand in an error.
const INTERNALS: [&str; 22] = [
    "select ",
    "insert ",
    " where ",
    "sqlx",
    "sea_orm",
    "seaorm",
    "postgres",
    "sqlite",
    "mongo",
    "bson",
    "elastic",
    "lucene",
    "tantivy",
    "redis",
    "127.0.0.1",
    "localhost",
    "tcp",
    "os error",
    "refused",
    "panicked",
    "/tmp",
    ".rs:",
];

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

/// An error of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: String,
    /// The path's parts with dots between them; empty without a path.
    pub(crate) path: String,
    pub(crate) message: String,
}

impl Answer {
    /// Reads a response, and checks what holds for every one.
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let answer = Self { status, headers, text: response.text().await.expect("a whole answer") };
        answer.check();
        answer
    }

    fn check(&self) {
        let request_id = self.header("x-request-id").unwrap_or_else(|| panic!("no request id: {self:?}"));
        if !self.header("content-type").is_some_and(|media| media.contains("json")) {
            return;
        }
        let Some(errors) = self.json().get("errors").cloned() else { return };
        let errors = errors.as_array().expect("`errors` is a list").clone();
        assert!(!errors.is_empty(), "`errors` is there, and empty: {self:?}");
        for error in errors {
            assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{error}");
            let code = error["extensions"]["code"].as_str().unwrap_or_else(|| panic!("no code: {error}"));
            assert!(CODES.contains(&code), "an unknown code: {error}");
            assert_eq!(error["extensions"]["requestId"], request_id, "{error}");
            let text = error.to_string().to_lowercase();
            for internal in INTERNALS {
                assert!(!text.contains(internal), "`{internal}` in an error: {error}");
            }
        }
    }

    /// A header's text, if it is there.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a header of ASCII"))
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The data of an answer without errors.
    pub(crate) fn data(&self) -> Value {
        assert_eq!(self.errors(), [], "{}", self.text);
        assert_eq!(self.status, 200);
        self.partial()
    }

    /// The data of an answer that may have errors; it must have been executed.
    pub(crate) fn partial(&self) -> Value {
        self.json().get("data").unwrap_or_else(|| panic!("no data: {}", self.text)).clone()
    }

    /// The errors, in their order.
    pub(crate) fn errors(&self) -> Vec<Failure> {
        let json = self.json();
        let errors = json.get("errors").and_then(Value::as_array).cloned().unwrap_or_default();
        errors.iter().filter_map(Value::as_object).map(failure).collect()
    }

    /// The code of the one error that there is.
    pub(crate) fn code(&self) -> String {
        let errors = self.errors();
        assert_eq!(errors.len(), 1, "one error: {}", self.text);
        errors[0].code.clone()
    }

    /// The codes of all errors with their paths, sorted.
    pub(crate) fn failures(&self) -> Vec<(String, String)> {
        let mut failures: Vec<_> = self.errors().into_iter().map(|error| (error.path, error.code)).collect();
        failures.sort();
        failures
    }
}

fn failure(error: &Map<String, Value>) -> Failure {
    let part = |part: &Value| part.as_str().map_or_else(|| part.to_string(), ToOwned::to_owned);
    let path = error.get("path").and_then(Value::as_array).map(|path| path.iter().map(part).collect::<Vec<_>>());
    Failure {
        code: error["extensions"]["code"].as_str().unwrap_or_default().to_owned(),
        path: path.unwrap_or_default().join("."),
        message: error["message"].as_str().unwrap_or_default().to_owned(),
    }
}
