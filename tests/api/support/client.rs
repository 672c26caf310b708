//! A client of a gateway.

use std::net::SocketAddr;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Answer, Certificate};

/// Asks one gateway, as nobody in particular or as a user.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

impl Client {
    /// A client of the gateway at `address`.
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self::of(reqwest::Client::builder(), format!("http://{address}"))
    }

    /// A client by HTTPS, which trusts this certificate alone.
    pub(crate) fn encrypted(address: SocketAddr, certificate: &Certificate, http: reqwest::ClientBuilder) -> Self {
        let http = http.tls_built_in_root_certs(false).add_root_certificate(certificate.root());
        Self::of(http, format!("https://{address}"))
    }

    fn of(http: reqwest::ClientBuilder, base: String) -> Self {
        // A feature that another crate asks for would inflate what is compressed; answers are looked at as they come.
        let http = http.redirect(reqwest::redirect::Policy::none()).no_proxy().no_gzip();
        Self { http: http.build().expect("an HTTP client"), base, token: None }
    }

    /// The same client with a token. In worlds of tests a user's handle is one (`world::Handles`).
    pub(crate) fn signed_in(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same user at the gateway that another client asks.
    pub(crate) fn at(&self, other: &Self) -> Self {
        Self { base: other.base.clone(), ..self.clone() }
    }

    /// Sends a query by POST.
    pub(crate) async fn ask(&self, query: &str) -> Answer {
        self.ask_with(query, json!({})).await
    }

    /// Sends a query with variables by POST.
    pub(crate) async fn ask_with(&self, query: &str, variables: Value) -> Answer {
        let body = json!({ "query": query, "variables": variables });
        self.send(self.request(Method::POST, "/graphql").json(&body)).await
    }

    /// Sends a query with variables by POST, and asks what it asks of the stores.
    pub(crate) async fn ask_explained(&self, query: &str, variables: Value) -> Answer {
        let body = json!({ "query": query, "variables": variables });
        self.send(self.request(Method::POST, "/graphql").header("x-explain", "1").json(&body)).await
    }

    /// A request that is yet to be completed.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        Answer::read(request.send().await.expect("the gateway answers")).await
    }
}
