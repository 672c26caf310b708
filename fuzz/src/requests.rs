//! Requests: the body of a POST, the parameters of a GET.

use http::{HeaderMap, HeaderValue, header};
use polygraph::cache::Form;
use polygraph::http::{Encoded, Requested};
use polygraph::services::documents::Protocol;
use serde_json::{Map, Value, json};

/// What was read from a request is read again from the same, written plainly. The first byte says which it is: `?` for
/// parameters, all else for a body.
pub fn requests(data: &[u8]) {
    let Some((form, raw)) = data.split_first() else { return };
    let form = if *form == b'?' { Form::Parameters } else { Form::Body };
    let Some(requested) = decode(form, raw) else { return };
    assert!(requested.text.is_some() || requested.document.is_some(), "it has a document, or names one");
    assert!(requested.text.as_ref().is_none_or(|text| !text.trim().is_empty()));
    assert_eq!(requested.safe, form == Form::Parameters, "only what came by GET must not change anything");
    let again = decode(Form::Body, plainly(&requested).to_string().as_bytes()).expect("it was read before");
    assert_eq!((again.text, again.document), (requested.text, requested.document));
    assert_eq!(again.operation, requested.operation);
    // Their values may be rounded once more: serde_json reads most numbers exactly, not all.
    assert!(again.variables.keys().eq(requested.variables.keys()));
}

fn plainly(requested: &Requested) -> Value {
    let mut plain = Map::new();
    plain.insert("query".to_owned(), json!(requested.text));
    plain.insert("operationName".to_owned(), json!(requested.operation));
    plain.insert("variables".to_owned(), json!(requested.variables));
    if let Some(name) = &requested.document {
        match name.protocol {
            Protocol::DocumentId => plain.insert("documentId".to_owned(), json!(name.id)),
            Protocol::PersistedQuery => {
                let persisted = json!({ "persistedQuery": { "version": 1, "sha256Hash": name.id } });
                plain.insert("extensions".to_owned(), persisted)
            }
        };
    }
    Value::Object(plain)
}

fn decode(form: Form, raw: &[u8]) -> Option<Requested> {
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    Encoded { form, raw }.decode(&headers).ok()
}
