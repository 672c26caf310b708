//! Requests: the body of a POST, the parameters of a GET.

use http::{HeaderMap, HeaderValue, header};
use polygraph::cache::Form;
use polygraph::graphql::Operation;
use polygraph::http::Encoded;
use serde_json::json;

/// What was read from a request is read again from the same, written plainly. The first byte says which it is: `?` for
/// parameters, all else for a body.
pub fn requests(data: &[u8]) {
    let Some((form, raw)) = data.split_first() else { return };
    let form = if *form == b'?' { Form::Parameters } else { Form::Body };
    let Some(operation) = decode(form, raw) else { return };
    assert!(!operation.query.trim().is_empty());
    assert_eq!(operation.safe, form == Form::Parameters, "only what came by GET must not change anything");
    let plain = json!({
        "query": operation.query, "operationName": operation.name, "variables": operation.variables,
    });
    let again = decode(Form::Body, plain.to_string().as_bytes()).expect("it was read before");
    assert_eq!((again.query, again.name), (operation.query, operation.name));
    // Their values may be rounded once more: serde_json reads most numbers exactly, not all.
    assert!(again.variables.keys().eq(operation.variables.keys()));
}

fn decode(form: Form, raw: &[u8]) -> Option<Operation> {
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    Encoded { form, raw }.decode(&headers).ok()
}
