//! Store calls per request: everybody is asked everything once more, through taps before the stores.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::contender;
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

/// Counts the calls of those whose names are `chosen`, one contender after the other.
pub(crate) async fn count(
    binary: &Binary,
    chosen: &[&'static str],
    questions: &[Question],
    viewer: &Viewer,
) -> Result<AllCalls, Failure> {
    let mut taps = Vec::new();
    for (name, protocol) in Protocol::ALL {
        let url = binary.value(name).ok_or_else(|| format!("{name} is not set"))?;
        taps.push((name, Tap::open(url, protocol).await?));
    }
    let tapped = binary.with(taps.iter().map(|(name, tap)| (*name, tap.url.clone())));
    let mut all = AllCalls::default();
    for contender in contender::all(&tapped)?.into_iter().filter(|contender| chosen.contains(&contender.name)) {
        // Starting takes the thread that the taps need.
        let contender = tokio::task::spawn_blocking(move || Running::start(contender)).await??;
        let mut connection = Connection::open(contender.url()).await?;
        for question in questions {
            let headers = headers(question, viewer)?;
            let mut counted = Vec::with_capacity(COUNTED);
            for request in 0..WARM_UP + COUNTED {
                for (_, tap) in &taps {
                    tap.take();
                }
                let answer = connection.ask(&headers, &question.body).await?;
                if request >= WARM_UP {
                    question.data(&answer).map_err(|error| format!("{}: {error}", contender.title))?;
                    counted.push([0, 1, 2, 3].map(|store: usize| taps[store].1.take()));
                }
            }
            all.0.insert((question.name, contender.name), median(&counted));
        }
    }
    Ok(all)
}

fn median(counted: &[[u64; 4]]) -> Calls {
    Calls([0, 1, 2, 3].map(|store: usize| {
        let mut of_store: Vec<u64> = counted.iter().map(|calls| calls[store]).collect();
        of_store.sort_unstable();
        of_store[of_store.len() / 2]
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_few_requests_have_is_not_counted() {
        let calls = median(&[[2, 1, 0, 0], [3, 1, 0, 1], [2, 1, 0, 0]]);
        assert_eq!(calls, Calls([2, 1, 0, 0]));
        assert_eq!(calls.to_string(), "2 SQL, 1 Mongo");
    }
}
