//! A client of the gateway, to which every mutation is done, refused, or of unknown outcome.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};

/// Longer than any deadline of the gateway's own.
const PATIENCE: Duration = Duration::from_secs(30);

/// What became of a mutation.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    /// It was acknowledged, with this payload.
    Done(Value),
    /// It was refused, with this code: nothing may have been written.
    Refused(String),
    /// The answer was lost, or says that the outcome is: it was done as a whole or not at all.
    Unknown,
}

/// A mutation to be sent.
pub(crate) struct Request {
    /// The session that asks, if any does.
    pub(crate) token: Option<String>,
    /// The mutation's field.
    pub(crate) field: &'static str,
    pub(crate) document: &'static str,
    pub(crate) variables: Value,
}

/// A client of one gateway process.
#[derive(Clone)]
pub(crate) struct Api {
    http: reqwest::Client,
    pub(crate) base: String,
}

impl Api {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().expect("an HTTP client");
        Self { http, base: format!("http://{address}") }
    }

    pub(crate) async fn mutate(&self, request: &Request) -> Outcome {
        let answer = match self.send(request.token.as_deref(), request.document, &request.variables).await {
            Ok(answer) => answer,
            // Nothing was sent: there was nobody to send it to.
            Err(error) if error.is_connect() => return Outcome::Refused("NOT_SENT".to_owned()),
            Err(_) => return Outcome::Unknown,
        };
        let errors = answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        if errors.iter().any(|error| error["extensions"]["outcome"] == "UNKNOWN") {
            return Outcome::Unknown;
        }
        let payload = &answer["data"][request.field];
        if let Some(error) = errors.first().filter(|_| payload.is_null()) {
            return Outcome::Refused(text(&error["extensions"]["code"]));
        }
        match payload["userErrors"].get(0) {
            Some(refusal) => Outcome::Refused(text(&refusal["code"])),
            None => Outcome::Done(payload.clone()),
        }
    }

    /// The data of an answer without errors.
    pub(crate) async fn query(&self, document: &str, variables: &Value) -> Result<Value, String> {
        let answer = self.send(None, document, variables).await.map_err(|error| error.to_string())?;
        if answer["errors"].is_null() { Ok(answer["data"].clone()) } else { Err(answer.to_string()) }
    }

    /// Whether a session is there.
    pub(crate) async fn is_signed_in(&self, token: &str) -> Result<bool, String> {
        let answer =
            self.send(Some(token), "{ viewer { id } }", &json!({})).await.map_err(|error| error.to_string())?;
        match (&answer["data"]["viewer"]["id"], &answer["errors"][0]["extensions"]["code"]) {
            (Value::String(_), Value::Null) => Ok(true),
            (_, Value::String(code)) if code == "UNAUTHENTICATED" => Ok(false),
            _ => Err(answer.to_string()),
        }
    }

    /// What `/readyz` says of the whole, `ready` for instance.
    pub(crate) async fn readiness(&self) -> Result<String, reqwest::Error> {
        let answer: Value = self.http.get(format!("{}/readyz", self.base)).send().await?.json().await?;
        Ok(text(&answer["status"]))
    }

    async fn send(&self, token: Option<&str>, query: &str, variables: &Value) -> reqwest::Result<Value> {
        let request = self.http.post(format!("{}/graphql", self.base));
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        request.json(&json!({ "query": query, "variables": variables })).send().await?.json().await
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}
