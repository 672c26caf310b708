//! How long queries take, asked one after the other over HTTP.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use polygraph::app::{OpenStores, SystemClock, gateway};
use polygraph::config::Config;
use polygraph::domain::{Timestamp, UserId};
use polygraph::http::{Gateway, router};
use polygraph::ports::{Clock, StoreResult, TokenHash};
use polygraph::services::identity::{Identified, Identity, IdentityError};
use polygraph::services::seed::{DEMO_HANDLE, SeedPlan};
use reqwest::Client;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use crate::Failure;
use crate::gateway::Binary;

/// What a first answer is the answer to.
const FIRST: &str =
    "{ posts(first: 5) { nodes { title author { handle } likeCount likes(first: 3) { nodes { user { handle } } } } } }";

/// Answers that are not counted: pools fill, statements are prepared, pages are read.
const WARM_UP: usize = 200;
/// The most answers that are timed.
const SAMPLES: usize = 2_000;
/// The longest that one query is timed for.
const PATIENCE: Duration = Duration::from_secs(30);

/// The queries that are timed, each with its name.
const QUERIES: [(&str, &str); 6] = [
    ("04-feed", include_str!("../../../tests/golden/04-feed.graphql")),
    ("05-profile", include_str!("../../../tests/golden/05-profile.graphql")),
    ("06-search", include_str!("../../../tests/golden/06-search.graphql")),
    ("07-leaderboard", include_str!("../../../tests/golden/07-leaderboard.graphql")),
    ("11-deep", include_str!("../../../tests/golden/11-deep.graphql")),
    ("readme", include_str!("../../queries/readme.graphql")),
];

/// Whoever asks is this user.
struct Always(UserId);

#[async_trait]
impl Identity for Always {
    async fn identify(&self, _token: &str) -> Result<Identified, IdentityError> {
        Ok(Identified { user: self.0, session: None, expires_at: None, is_confirmed: true })
    }

    async fn living(&self, _sessions: &[TokenHash]) -> StoreResult<HashMap<TokenHash, Timestamp>> {
        // There are none.
        Ok(HashMap::new())
    }
}

/// Asks a gateway that has demo data for some of it.
pub(crate) async fn first_answer(url: &str) -> Result<(), Failure> {
    let answer: Value = serde_json::from_slice(&post(&client()?, url, None, &json!({ "query": FIRST })).await?)?;
    let posts = answer.pointer("/data/posts/nodes").and_then(Value::as_array).map_or(0, Vec::len);
    if posts == 5 { Ok(()) } else { Err(format!("five posts were expected: {answer}").into()) }
}

/// Times every query on the stores that `binary` uses, asked by the user `demo`.
pub(crate) async fn measure(binary: &Binary, plan: SeedPlan) -> Result<Value, Failure> {
    let config = Config::from_sources(None, binary.env(), &[])?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let stores = OpenStores::open(&config, Arc::clone(&clock))?;
    let demo = plan.data()?.users().find(|user| user.handle.as_str() == DEMO_HANDLE).ok_or("there is no demo user")?;
    let gateway = Gateway { identity: Arc::new(Always(demo.id)), ..gateway(&config, &stores, &clock) };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let server = tokio::spawn(axum::serve(listener, router(gateway)).into_future());
    let client = client()?;
    let mut figures = Map::new();
    for (name, query) in QUERIES {
        let body = json!({ "query": query, "variables": { "handle": DEMO_HANDLE, "text": "plantign bees" } });
        figures.insert(name.to_owned(), time(&client, &url, &body).await?);
    }
    server.abort();
    Ok(Value::Object(figures))
}

async fn time(client: &Client, url: &str, body: &Value) -> Result<Value, Failure> {
    let ends = Instant::now() + PATIENCE;
    let mut micros = Vec::with_capacity(SAMPLES);
    let mut bytes = 0;
    for round in 0..WARM_UP + SAMPLES {
        let began = Instant::now();
        let answer = post(client, url, Some("demo"), body).await?;
        let took = began.elapsed();
        if round == 0 {
            bytes = answer.len();
            let answer: Value = serde_json::from_slice(&answer)?;
            if answer.get("errors").is_some() {
                return Err(format!("errors in the answer: {answer}").into());
            }
        }
        if round >= WARM_UP {
            micros.push(took.as_micros() as u64);
        }
        if Instant::now() > ends && !micros.is_empty() {
            break;
        }
    }
    micros.sort_unstable();
    let at = |share: usize| micros[(micros.len() - 1) * share / 100];
    Ok(json!({ "p50_us": at(50), "p99_us": at(99), "samples": micros.len(), "bytes": bytes }))
}

/// Asks the gateway at `url`, with a token if there is one, and returns the answer as it came.
async fn post(client: &Client, url: &str, token: Option<&str>, body: &Value) -> Result<Vec<u8>, Failure> {
    let request = client.post(format!("{url}/graphql")).json(body);
    let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
    Ok(request.send().await?.bytes().await?.to_vec())
}

fn client() -> Result<Client, Failure> {
    Ok(Client::builder().no_proxy().build()?)
}
