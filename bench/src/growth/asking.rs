//! The queries, put to a gateway in a process of its own by one client.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use polygraph::app::{OpenStores, SystemClock, gateway};
use polygraph::config::Config;
use polygraph::domain::{GlobalId, PostId, Timestamp, UserId};
use polygraph::http::{Gateway, router};
use polygraph::ports::{Clock, StoreResult, TokenHash};
use polygraph::services::identity::{Identified, Identity, IdentityError};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use uuid::Uuid;

use super::society::Society;
use crate::Failure;
use crate::gateway::{self, Binary};
use crate::peers::{Connection, json_headers};

/// How many different things of a kind are asked for in turn: a page that is in every cache is not all there is.
const VARIANTS: u64 = 200;
/// Requests that are not measured.
const WARM_UP: usize = 2 * VARIANTS as usize;
/// The longest that one query is measured.
const PATIENCE: Duration = Duration::from_secs(6);

/// Whoever asks is believed: the token is the user's id.
struct Believing;

#[async_trait]
impl Identity for Believing {
    async fn identify(&self, token: &str) -> Result<Identified, IdentityError> {
        let user = GlobalId::parse(token).and_then(GlobalId::user).map_err(|_| IdentityError::Invalid)?;
        Ok(Identified { user, session: None, expires_at: None, is_confirmed: true })
    }

    async fn living(&self, _sessions: &[TokenHash]) -> StoreResult<HashMap<TokenHash, Timestamp>> {
        // There are none.
        Ok(HashMap::new())
    }
}

/// Serves Polygraph as it is, but that it believes whoever asks, until it is killed.
pub(crate) async fn serve() -> Result<(), Failure> {
    let env: Vec<_> = std::env::vars_os().collect();
    let config = Config::from_sources(None, &env, &[])?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let stores = OpenStores::open(&config, Arc::clone(&clock))?;
    let gateway = Gateway { identity: Arc::new(Believing), ..gateway(&config, &stores, &clock) };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("Listening on http://{}", listener.local_addr()?);
    axum::serve(listener, router(gateway).into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}

/// A query, in as many variants as there are.
pub(super) struct Query {
    pub(super) name: &'static str,
    variants: Vec<(HeaderMap, Bytes)>,
}

/// What was measured of one query.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    pub(super) requests: usize,
    pub(super) cpu_us: f64,
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
}

/// The five queries, and the search for a word that three posts in a hundred have.
pub(super) fn queries(society: Society) -> Result<Vec<Query>, Failure> {
    let text = |text: &str| json!({ "text": text });
    let spread = |variant: u64, among: u64| variant * 7_919 % among;
    let post = |variant| PostId(Uuid::from_u128(Society::post(spread(variant, society.posts))));
    let user = |variant| UserId(Uuid::from_u128(Society::user(spread(variant, society.users()))));
    let variants = |query: &str, variables: &dyn Fn(u64) -> Value, asker: Option<&dyn Fn(u64) -> UserId>| {
        let variant = |variant| {
            let mut headers = json_headers();
            if let Some(asker) = asker {
                let token = format!("Bearer {}", GlobalId::from(asker(variant)));
                headers.insert(AUTHORIZATION, HeaderValue::from_str(&token)?);
            }
            Ok((headers, json!({ "query": query, "variables": variables(variant) }).to_string().into()))
        };
        (0..VARIANTS).map(variant).collect::<Result<Vec<_>, Failure>>()
    };
    let nothing = |_| json!({});
    let (hello, of_post) = (include_str!("../../queries/hello.graphql"), include_str!("../../queries/post.graphql"));
    let (list, feed) = (include_str!("../../queries/list.graphql"), include_str!("../../queries/feed.graphql"));
    let search = include_str!("../../queries/search.graphql");
    Ok(vec![
        Query { name: "hello", variants: variants(hello, &nothing, None)? },
        Query {
            name: "post",
            variants: variants(of_post, &|variant| json!({ "id": GlobalId::from(post(variant)).to_string() }), None)?,
        },
        Query { name: "list", variants: variants(list, &nothing, None)? },
        Query { name: "feed", variants: variants(feed, &nothing, Some(&user))? },
        Query {
            name: "search",
            variants: variants(search, &|variant| text(&Society::title_word(spread(variant, society.words()))), None)?,
        },
        Query {
            name: "search for a common word",
            variants: variants(search, &|_| text(&Society::common_word()), None)?,
        },
    ])
}

/// Asks `query` of a gateway that is started for it, `requests` times after the warm-up.
pub(super) async fn measure(binary: &Binary, query: &Query, requests: usize) -> Result<Cost, Failure> {
    let gateway = gateway::Gateway::start(binary.own_command(&["grown"])?)?;
    let mut connection = Connection::open(gateway.url()).await?;
    let mut next = query.variants.iter().cycle();
    let mut ask = async || {
        let (headers, body) = next.next().ok_or("a query has no variant")?;
        connection.ask(headers, body).await
    };
    for _ in 0..WARM_UP {
        let answer: Value = serde_json::from_slice(&ask().await?)?;
        whole(&answer).map_err(|what| format!("{}: {what}: {answer}", query.name))?;
    }
    let (began, cpu) = (Instant::now(), gateway.cpu()?);
    let mut micros = Vec::with_capacity(requests);
    while micros.len() < requests && began.elapsed() < PATIENCE {
        let began = Instant::now();
        ask().await?;
        micros.push(began.elapsed().as_micros() as f64);
    }
    let cpu = gateway.cpu()?.saturating_sub(cpu);
    drop(gateway);
    micros.sort_unstable_by(f64::total_cmp);
    let at = |share: usize| micros[(micros.len() - 1) * share / 100];
    let cpu_us = cpu.as_secs_f64() * 1e6 / micros.len() as f64;
    Ok(Cost { requests: WARM_UP + micros.len(), cpu_us, p50_us: at(50), p99_us: at(99) })
}

/// Whether an answer is whole: a page that is short would pass for a cheap one.
fn whole(answer: &Value) -> Result<(), &'static str> {
    if answer.get("errors").is_some() || !answer["data"].is_object() {
        return Err("errors in the answer");
    }
    let full = [("/data/posts/nodes", 20), ("/data/feed/nodes", 50), ("/data/search/nodes", 20)];
    let is_short = full
        .iter()
        .any(|(list, items)| answer.pointer(list).is_some_and(|list| list.as_array().map_or(0, Vec::len) != *items));
    if is_short || answer.pointer("/data/post").is_some_and(Value::is_null) {
        Err("not a whole answer")
    } else {
        Ok(())
    }
}
