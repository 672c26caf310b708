//! Where attacks are tried: a gateway without a network, whose calls of stores are counted and whose CPU is measured.

use std::io::Write as _;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use cpu_time::ThreadTime;
use polygraph::http::router;
use polygraph::stores::layer::CallLog;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;

use crate::support::World;

/// How often each is tried: the least CPU of them counts, since whatever else runs here only adds to it.
const TRIES: usize = 7;

/// A request that means no good, and what it is answered.
pub(super) struct Attack {
    pub(super) name: String,
    pub(super) method: Method,
    pub(super) uri: String,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Bytes,
    /// Status and code. A code that is empty: without an error.
    pub(super) answer: (u16, &'static str),
    /// How many calls of stores it may make.
    pub(super) calls: usize,
}

impl Attack {
    /// A POST of this body.
    pub(super) fn post(name: &str, body: impl Into<Bytes>, status: u16, code: &'static str) -> Self {
        Self {
            name: name.to_owned(),
            method: Method::POST,
            uri: "/graphql".to_owned(),
            headers: vec![(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))],
            body: body.into(),
            answer: (status, code),
            calls: 0,
        }
    }

    /// A POST of this document.
    pub(super) fn query(name: &str, query: &str, status: u16, code: &'static str) -> Self {
        Self::post(name, json!({ "query": query }).to_string(), status, code)
    }

    /// The same with another header.
    pub(super) fn with(mut self, name: HeaderName, value: &[u8]) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, HeaderValue::from_bytes(value).expect("a header's value")));
        self
    }

    /// The same, which may make so many calls of stores.
    pub(super) fn calling(self, calls: usize) -> Self {
        Self { calls, ..self }
    }

    fn request(&self) -> Request<Body> {
        let mut request = Request::new(Body::from(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.parse().expect("a URI");
        request.headers_mut().extend(self.headers.iter().cloned());
        request
    }
}

/// An answer, and the CPU that it took.
pub(super) struct Shot {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
    pub(super) cpu: Duration,
    pub(super) calls: usize,
}

impl Shot {
    /// The code of its first error; empty where there is none.
    pub(super) fn code(&self) -> String {
        let body: Value = serde_json::from_str(&self.text).unwrap_or_default();
        body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

pub(super) struct Range {
    router: Router,
    log: CallLog,
    runtime: Runtime,
}

impl Range {
    /// A gateway on the shared embedded world, configured differently by these variables.
    pub(super) fn open(changes: &[(&'static str, &str)]) -> Self {
        let (gateway, log) = World::embedded().counted_gateway(changes);
        // All that is done for a request is done on this thread, but for what stores do.
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { router: router(gateway), log, runtime }
    }

    pub(super) fn shoot(&self, attack: &Attack) -> Shot {
        let shots = (0..TRIES).map(|_| {
            let request = attack.request();
            self.log.take();
            let began = ThreadTime::now();
            let (parts, body) = self.runtime.block_on(async {
                let response = self.router.clone().oneshot(request).await.expect("it always answers");
                let (parts, body) = response.into_parts();
                (parts, to_bytes(body, usize::MAX).await.expect("a whole body"))
            });
            let cpu = began.elapsed();
            let text = String::from_utf8(body.to_vec()).expect("UTF-8");
            let calls = self.log.take().len();
            Shot { status: parts.status.as_u16(), headers: parts.headers, text, cpu, calls }
        });
        shots.min_by_key(|shot| shot.cpu).expect("at least one")
    }

    /// Tries each attack, prints a table, and says what was not as it should be.
    pub(super) fn hold(&self, title: &str, attacks: &[Attack], most: f64) -> Vec<String> {
        let hello = self.shoot(&Attack::query("hello", include_str!("../../golden/01-hello.graphql"), 200, "")).cpu;
        let mut table = format!("\n{title}: answer, CPU relative to hello ({hello:?}), at most {most} times\n");
        let mut faults = Vec::new();
        for attack in attacks {
            let shot = self.shoot(attack);
            let times = shot.cpu.as_secs_f64() / hello.as_secs_f64();
            let code = shot.code();
            table += &format!("  {:<52} {} {:<26} {times:>6.1} x\n", attack.name, shot.status, code);
            if (shot.status, code.as_str()) != attack.answer {
                let start: String = shot.text.chars().take(300).collect();
                faults.push(format!("{}: {} {code}, not {:?}: {start}", attack.name, shot.status, attack.answer));
            }
            if shot.calls > attack.calls {
                faults.push(format!("{}: {} calls of stores", attack.name, shot.calls));
            }
            if times > most {
                faults.push(format!("{}: {times:.1} times the CPU of hello", attack.name));
            }
        }
        // Past the test harness, which would keep it to itself.
        let _ = std::io::stderr().lock().write_all(table.as_bytes());
        faults
    }
}
