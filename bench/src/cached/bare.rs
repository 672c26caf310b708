//! The least that a cached answer can cost: axum handlers that know every request and its answer beforehand, and either
//! have the bytes at hand, or get them from Redis.
//!
//! They are what Polygraph's router is in other respects: the same server, a route, the whole body read, the same content
//! type; and the pool of connections to Redis has the same settings. A request is known by the bytes of its body.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bb8_redis::RedisConnectionManager;
use bb8_redis::bb8::{Pool, QueueStrategy};
use bb8_redis::redis::cmd;
use clap::Parser;
use tokio::net::TcpListener;

use super::TTL_SECONDS;
use crate::Failure;

/// As many connections as Polygraph has by default.
const CONNECTIONS: u32 = 16;

/// What a bare handler answers with.
#[derive(Debug, Parser)]
pub(crate) struct Args {
    /// A JSON file: pairs of a request's body and its answer.
    answers: PathBuf,

    /// Answers are in Redis (REDIS_URL), and each request gets its own from there.
    #[arg(long)]
    redis: bool,
}

/// Serves until it is killed.
pub(crate) async fn serve(args: Args) -> Result<(), Failure> {
    let answers: Vec<(String, String)> = serde_json::from_slice(&std::fs::read(&args.answers)?)?;
    let router = if args.redis {
        let kept = Arc::new(Kept::fill(answers).await?);
        Router::new().route("/graphql", post(fetched)).with_state(kept)
    } else {
        let bytes = |(body, answer)| (Bytes::from(body), Bytes::from(answer));
        let constants: HashMap<Bytes, Bytes> = answers.into_iter().map(bytes).collect();
        Router::new().route("/graphql", post(constant)).with_state(Arc::new(constants))
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("Listening on http://{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}

async fn constant(State(constants): State<Arc<HashMap<Bytes, Bytes>>>, body: Bytes) -> Response {
    constants.get(&body).cloned().map_or_else(|| StatusCode::NOT_FOUND.into_response(), json)
}

async fn fetched(State(kept): State<Arc<Kept>>, body: Bytes) -> Response {
    match kept.fetch(&body).await {
        Ok(Some(answer)) => json(answer),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(failure) => (StatusCode::INTERNAL_SERVER_ERROR, failure.to_string()).into_response(),
    }
}

fn json(answer: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], answer).into_response()
}

/// Answers that are kept in Redis.
struct Kept {
    pool: Pool<RedisConnectionManager>,
    /// The key of each request's answer, by the request's body.
    keys: HashMap<Bytes, String>,
}

impl Kept {
    async fn fill(answers: Vec<(String, String)>) -> Result<Self, Failure> {
        let (url, namespace) = (std::env::var("REDIS_URL")?, std::env::var("POLYGRAPH_NAMESPACE")?);
        // Those of src/stores/redis/mod.rs.
        let pool = Pool::builder()
            .max_size(CONNECTIONS)
            .retry_connection(false)
            .test_on_check_out(false)
            .queue_strategy(QueueStrategy::Lifo)
            .build(RedisConnectionManager::new(url)?)
            .await?;
        let mut keys = HashMap::new();
        let mut connection = pool.get().await.map_err(|error| error.to_string())?;
        for (number, (body, answer)) in answers.into_iter().enumerate() {
            let key = format!("{namespace}:bare:{number}");
            cmd("SET").arg(&key).arg(answer).arg("EX").arg(TTL_SECONDS).exec_async(&mut *connection).await?;
            keys.insert(Bytes::from(body), key);
        }
        drop(connection);
        Ok(Self { pool, keys })
    }

    async fn fetch(&self, body: &Bytes) -> Result<Option<Bytes>, Failure> {
        let Some(key) = self.keys.get(body) else { return Ok(None) };
        let mut connection = self.pool.get().await.map_err(|error| error.to_string())?;
        Ok(cmd("GET").arg(key).query_async(&mut *connection).await?)
    }
}
