//! Store calls per request: everybody is asked everything once more, through taps before the stores.

use std::collections::BTreeMap;

use hyper::header::HeaderMap;
use serde_json::{Value, json};

use super::contender::Contender;
use super::question::Question;
use super::rounds::Running;
use super::tap::{Protocol, Tap};
use super::wire::{Connection, Viewer, headers};
use crate::Failure;
use crate::gateway::Binary;

/// Requests before those that are counted: connections are opened, statements prepared.
const WARM_UP: usize = 10;
/// Requests that are counted, each by itself. What goes on beside them, such as a look whether a store is well, falls
/// into few of them, and the median has none of it.
const COUNTED: usize = 11;

/// What a request asks of each store, in the order of [`Protocol::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Calls([u64; 4]);

impl Calls {
    /// Those of Redis.
    pub(crate) fn redis(self) -> u64 {
        self.0[3]
    }

    /// Whether anything but Redis was asked.
    pub(crate) fn are_beyond_redis(self) -> bool {
        self.0[..3].iter().any(|count| *count > 0)
    }

    /// Per store, as JSON.
    fn json(self) -> Value {
        let [postgresql, mongodb, elasticsearch, redis] = self.0;
        json!({ "postgresql": postgresql, "mongodb": mongodb, "elasticsearch": elasticsearch, "redis": redis })
    }
}

impl std::fmt::Display for Calls {
    /// Those of each store that is asked at all.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = self.0.iter().zip(["SQL", "Mongo", "index", "Redis"]).filter(|(count, _)| **count > 0);
        let parts: Vec<_> = parts.map(|(count, name)| format!("{count} {name}")).collect();
        if parts.is_empty() { f.write_str("0") } else { f.write_str(&parts.join(", ")) }
    }
}

/// The calls of every contender at every question.
#[derive(Default)]
pub(crate) struct AllCalls(BTreeMap<(&'static str, &'static str), Calls>);

impl AllCalls {
    /// Those of a contender at a question.
    pub(crate) fn of(&self, question: &str, contender: &str) -> Option<Calls> {
        self.0.iter().find(|((of, by), _)| *of == question && *by == contender).map(|(_, calls)| *calls)
    }

    /// Question → contender → store → calls.
    pub(crate) fn json(&self) -> Value {
        let mut questions = json!({});
        for ((question, contender), calls) in &self.0 {
            questions[question][contender] = calls.json();
        }
        questions
    }
}

/// The stores of a binary with a tap before each.
pub(crate) struct Tapped {
    taps: Vec<(&'static str, Tap)>,
    /// The binary on them.
    pub(crate) binary: Binary,
}

impl Tapped {
    /// Opens taps before all four stores.
    pub(crate) async fn open(binary: &Binary) -> Result<Self, Failure> {
        let mut taps = Vec::new();
        for (name, protocol) in Protocol::ALL {
            let url = binary.value(name).ok_or_else(|| format!("{name} is not set"))?;
            taps.push((name, Tap::open(url, protocol).await?));
        }
        let binary = binary.with(taps.iter().map(|(name, tap)| (*name, tap.url.clone())));
        Ok(Self { taps, binary })
    }

    /// What each store was asked since the last time.
    pub(crate) fn take(&self) -> Calls {
        Calls([0, 1, 2, 3].map(|store: usize| self.taps[store].1.take()))
    }
}

/// Counts the calls of those of `all` whose names are `chosen`, one contender after the other. Counting begins once an
/// answer's headers say that it `is_settled`.
pub(crate) async fn count(
    tapped: &Tapped,
    all: Vec<Contender>,
    chosen: &[&'static str],
    questions: &[Question],
    viewer: &Viewer,
    is_settled: fn(&HeaderMap) -> bool,
) -> Result<AllCalls, Failure> {
    let mut counts = AllCalls::default();
    for contender in all.into_iter().filter(|contender| chosen.contains(&contender.name)) {
        // Starting takes the thread that the taps need.
        let contender = tokio::task::spawn_blocking(move || Running::start(contender)).await??;
        let mut connection = Connection::open(contender.url()).await?;
        for question in questions {
            let headers = headers(question, viewer)?;
            let named = |error| format!("{}, {}: {error}", contender.title, question.name);
            for _ in 0..WARM_UP {
                connection.ask(&headers, &question.body).await.map_err(named)?;
            }
            connection.ask_until(&headers, &question.body, is_settled).await.map_err(named)?;
            let mut counted = Vec::with_capacity(COUNTED);
            for _ in 0..COUNTED {
                tapped.take();
                let answer = connection.ask(&headers, &question.body).await.map_err(named)?;
                question.data(&answer).map_err(named)?;
                counted.push(tapped.take());
            }
            counts.0.insert((question.name, contender.name), median(&counted));
        }
    }
    Ok(counts)
}

/// The median for each store by itself.
fn median(counted: &[Calls]) -> Calls {
    Calls([0, 1, 2, 3].map(|store: usize| {
        let mut of_store: Vec<u64> = counted.iter().map(|calls| calls.0[store]).collect();
        of_store.sort_unstable();
        of_store[of_store.len() / 2]
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_few_requests_have_is_not_counted() {
        let calls = median(&[Calls([2, 1, 0, 0]), Calls([3, 1, 0, 1]), Calls([2, 1, 0, 0])]);
        assert_eq!(calls, Calls([2, 1, 0, 0]));
        assert_eq!(calls.to_string(), "2 SQL, 1 Mongo");
    }
}
