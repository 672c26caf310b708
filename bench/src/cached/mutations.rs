//! How often a mutation asks Redis, with a cache to be told and without, counted on the wire.
//!
//! A gateway that keeps no results tells Redis of its writes all the same, since others may keep some. So a mutation is
//! compared with a query of the same viewer as well, which goes past the cache: what both ask is not about invalidation.
//!
//! The wire does not tell who asked. The relay tells Redis of every write again, at about the time of its answer, and a
//! second later for the index; so the least of several requests counts. That a mutation itself tells the cache once is
//! held by `tests/api/cache/telling.rs`, where there is no relay.

use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CACHE_CONTROL, HeaderMap, HeaderValue};
use serde_json::{Value, json};

use super::contenders::POLYGRAPH;
use super::side::is_hit;
use crate::Failure;
use crate::gateway::{Binary, RESULT_CACHE_TTL};
use crate::peers::budgets::Budget;
use crate::peers::calls::Tapped;
use crate::peers::contender::polygraph;
use crate::peers::rounds::Running;
use crate::peers::wire::{Connection, Viewer, json_headers};

/// Mutations before those that are counted: connections are opened, scripts are loaded.
const WARM_UP: usize = 10;
/// Mutations that are counted, each by itself.
const COUNTED: usize = 21;
/// What invalidation may add, at most.
const MOST: u64 = 1;

const QUERY: &str = "{ posts(first: 100) { nodes { id author { handle } } } }";
const LIKE: &str = "mutation ($post: ID!) { likePost(input: { postId: $post }) { userErrors { message } } }";
const UNLIKE: &str = "mutation ($post: ID!) { unlikePost(input: { postId: $post }) { userErrors { message } } }";
const CREATE: &str = "mutation { createPost(input: { title: \"Counted\", content: \"On the wire.\" }) \
                      { post { id } userErrors { message } } }";

/// The names of what is counted, which are those of the mutations.
pub(crate) const NAMES: [&str; 2] = ["likePost", "createPost"];

/// The commands that Redis gets for a request.
pub(crate) struct RoundTrips {
    /// Of each mutation, where results are kept.
    kept: [u64; 2],
    /// Of each mutation, where they are not.
    off: [u64; 2],
    /// Of a query of the same viewer that goes past the cache.
    query: u64,
}

impl RoundTrips {
    pub(crate) fn budgets(&self) -> Vec<Budget> {
        let Self { kept, off, query } = self;
        let each = NAMES.iter().zip(kept).zip(off).map(|((&question, &kept), &off)| Budget {
            promise: format!("Redis round trips that invalidation adds to a mutation ≤ {MOST}"),
            question,
            measured: format!("{kept}; {off} with the cache off; {query} of a query past it"),
            is_met: kept <= off.min(*query) + MOST,
        });
        each.collect()
    }

    pub(crate) fn json(&self) -> Value {
        let Self { kept, off, query } = self;
        json!({ "mutations": NAMES, "with_cache": kept, "without_cache": off, "query_past_the_cache": query })
    }
}

/// Counts those of a gateway with the cache and of one without. What they write stays.
pub(crate) async fn count(tapped: &Tapped, viewer: &Viewer) -> Result<RoundTrips, Failure> {
    let (kept, query) = of_gateway(tapped, &tapped.binary, viewer, true).await?;
    let without = tapped.binary.with([(RESULT_CACHE_TTL, "off".into())]);
    let (off, _) = of_gateway(tapped, &without, viewer, false).await?;
    Ok(RoundTrips { kept, off, query })
}

async fn of_gateway(
    tapped: &Tapped,
    binary: &Binary,
    viewer: &Viewer,
    is_kept: bool,
) -> Result<([u64; 2], u64), Failure> {
    let gateway = polygraph(binary, POLYGRAPH, "Polygraph");
    // Starting takes the thread that the taps need.
    let gateway = tokio::task::spawn_blocking(move || Running::start(gateway)).await??;
    let mut headers = json_headers();
    headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {}", viewer.token))?);
    let mut past = headers.clone();
    past.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let mut client = Client { connection: Connection::open(gateway.url()).await?, tapped };

    let query = body(QUERY, &json!({}));
    if is_kept {
        client.connection.ask_until(&headers, &query, is_hit).await?;
    }
    let posts = client.ask(&past, &query).await?;
    let post = somebody_elses(&posts).ok_or("no post of somebody else")?;
    let [like, unlike] = [LIKE, UNLIKE].map(|text| body(text, &json!({ "post": post })));
    let like = client.count(&headers, &like, Some(&unlike)).await?;
    let create = client.count(&headers, &body(CREATE, &json!({})), None).await?;
    let query = client.count(&past, &query, None).await?;
    Ok(([like, create], query))
}

fn body(query: &str, variables: &Value) -> Bytes {
    json!({ "query": query, "variables": variables }).to_string().into()
}

/// A post that the viewer may like.
fn somebody_elses(answer: &Value) -> Option<&str> {
    let posts = answer.pointer("/data/posts/nodes")?.as_array()?;
    let demo = polygraph::services::seed::DEMO_HANDLE;
    posts.iter().find(|post| post["author"]["handle"] != demo)?["id"].as_str()
}

struct Client<'a> {
    connection: Connection,
    tapped: &'a Tapped,
}

impl Client<'_> {
    async fn ask(&mut self, headers: &HeaderMap, body: &Bytes) -> Result<Value, Failure> {
        let answer: Value = serde_json::from_slice(&self.connection.ask(headers, body).await?)?;
        let mut fields = answer["data"].as_object().into_iter().flat_map(serde_json::Map::values);
        let is_refused = |field: &Value| field["userErrors"].as_array().is_some_and(|errors| !errors.is_empty());
        if answer.get("errors").is_some() || fields.any(is_refused) {
            return Err(format!("refused: {answer}").into());
        }
        Ok(answer)
    }

    /// The commands that Redis gets for a request. What undoes it is not counted: without that, it would change nothing
    /// the second time.
    async fn count(&mut self, headers: &HeaderMap, body: &Bytes, undo: Option<&Bytes>) -> Result<u64, Failure> {
        let mut least = u64::MAX;
        for request in 0..WARM_UP + COUNTED {
            if let Some(undo) = undo {
                self.ask(headers, undo).await?;
            }
            self.tapped.take();
            self.ask(headers, body).await?;
            let calls = self.tapped.take().redis();
            if request >= WARM_UP {
                least = least.min(calls);
            }
        }
        Ok(least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_one_round_trip_is_too_many() {
        let met = |kept, off, query| {
            RoundTrips { kept: [kept; 2], off: [off; 2], query }.budgets().iter().all(|budget| budget.is_met)
        };
        assert!(met(2, 2, 1));
        assert!(met(1, 0, 0));
        assert!(!met(2, 2, 0), "the cache is told of writes even where it is off");
        assert!(!met(2, 0, 2));
    }

    #[test]
    fn a_post_of_ones_own_is_not_liked() {
        let post = |id, handle| json!({ "id": id, "author": { "handle": handle } });
        let answer = json!({ "data": { "posts": { "nodes": [post("a", "demo"), post("b", "other")] } } });
        assert_eq!(somebody_elses(&answer), Some("b"));
    }
}
