//! What Polygraph tells of its own store calls (`x-explain: 1`): whether there is one batch per key space per level, and
//! what a request takes beyond the time that its stores take one after the other.

use std::collections::BTreeSet;
use std::time::Instant;

use hyper::body::Bytes;
use hyper::header::HeaderValue;
use serde_json::{Value, json};

use super::contender::Role;
use super::question::Question;
use super::rounds::Running;
use super::wire::{Connection, Viewer, headers};
use crate::Failure;

/// Four levels of joins.
const JOINS: &str = include_str!("../../queries/joins.graphql");
/// Requests before those that are timed.
const WARM_UP: usize = 50;
/// Requests that are timed.
const TIMED: usize = 400;

/// The store calls of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Batches {
    /// How many there were.
    pub(crate) calls: usize,
    /// On how many levels.
    pub(crate) levels: usize,
    /// How many were asked for on one level by the same method of the same port as another.
    pub(crate) repeated: usize,
    /// The time of the longest call of each level, together.
    critical_micros: u64,
}

impl Batches {
    fn of(answer: &Value) -> Result<Self, Failure> {
        let levels = answer.pointer("/extensions/explain/levels").and_then(Value::as_array);
        let levels = levels.ok_or("the request was not explained")?;
        let (mut calls, mut repeated, mut critical_micros) = (0, 0, 0);
        for level in levels {
            let batches = level["batches"].as_array().map(Vec::as_slice).unwrap_or_default();
            let distinct: BTreeSet<_> =
                batches.iter().map(|batch| (batch["store"].as_str(), batch["port"].as_str())).collect();
            calls += batches.len();
            repeated += batches.len() - distinct.len();
            critical_micros += batches.iter().filter_map(|batch| batch["micros"].as_u64()).max().unwrap_or(0);
        }
        Ok(Self { calls, levels: levels.len(), repeated, critical_micros })
    }
}

/// What a single client waits for beyond the stores, in a query with four levels of joins: medians, in microseconds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Added {
    /// Whose scheduler it is.
    pub(crate) contender: &'static str,
    /// The calls of one request.
    pub(crate) batches: Batches,
    /// From the first byte sent to the last byte received.
    pub(crate) total: f64,
    /// The stores' part: the longest call of each level, together.
    pub(crate) stores: f64,
    /// The difference.
    pub(crate) added: f64,
}

impl Added {
    /// As JSON.
    pub(crate) fn json(&self) -> Value {
        let Batches { calls, levels, .. } = self.batches;
        let (total, stores, added) = (self.total, self.stores, self.added);
        json!({ "store_calls": calls, "levels": levels, "p50_us": total, "stores_p50_us": stores, "added_p50_us": added })
    }
}

/// All that Polygraph tells of itself.
pub(crate) struct Explained {
    /// The calls of each question, in their order.
    pub(crate) batches: Vec<Batches>,
    /// Four levels of joins, by Polygraph itself first.
    pub(crate) joins: Vec<Added>,
}

/// Asks Polygraph to explain each question, and whoever explains itself the query of four levels.
pub(crate) async fn ask(field: &[Running], questions: &[Question], viewer: &Viewer) -> Result<Explained, Failure> {
    let mut batches = Vec::with_capacity(questions.len());
    let mut joins = Vec::new();
    for contender in field.iter().filter(|contender| matches!(contender.role, Role::Polygraph | Role::OtherLoader)) {
        let mut connection = Connection::open(contender.url()).await?;
        if contender.role == Role::Polygraph {
            for question in questions {
                let answer = explain(&mut connection, question, viewer).await?;
                batches.push(Batches::of(&serde_json::from_slice(&answer)?)?);
            }
        }
        joins.push(time(&mut connection, contender.name, viewer).await?);
    }
    Ok(Explained { batches, joins })
}

async fn explain(connection: &mut Connection, question: &Question, viewer: &Viewer) -> Result<Bytes, Failure> {
    let mut headers = headers(question, viewer)?;
    headers.insert("x-explain", HeaderValue::from_static("1"));
    connection.ask(&headers, &question.body).await
}

async fn time(connection: &mut Connection, contender: &'static str, viewer: &Viewer) -> Result<Added, Failure> {
    let question = Question::new("joins", "four levels of joins", JOINS, None)?;
    let (mut totals, mut stores, mut added) = (Vec::new(), Vec::new(), Vec::new());
    let mut last = None;
    for request in 0..WARM_UP + TIMED {
        let began = Instant::now();
        let answer = explain(connection, &question, viewer).await?;
        let total = began.elapsed().as_micros() as f64;
        let batches = Batches::of(&serde_json::from_slice(&answer)?)?;
        if request >= WARM_UP {
            let critical = batches.critical_micros as f64;
            totals.push(total);
            stores.push(critical);
            added.push(total - critical);
        }
        last = Some(batches);
    }
    let batches = last.ok_or("nothing was asked")?;
    Ok(Added { contender, batches, total: median(totals), stores: median(stores), added: median(added) })
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_call_of_each_level_is_waited_for() {
        let call = |store, port, micros| json!({ "store": store, "port": port, "micros": micros });
        let answer = json!({ "extensions": { "explain": { "levels": [
            { "batches": [call("posts", "posts_newest", 500)] },
            { "batches": [call("users", "users_by_id", 200), call("posts", "likes_of_posts", 900)] },
            { "batches": [call("users", "users_by_id", 300), call("users", "users_by_id", 100)] },
        ] } } });
        let batches = Batches::of(&answer).expect("it is explained");
        assert_eq!(batches, Batches { calls: 5, levels: 3, repeated: 1, critical_micros: 1_700 });
    }
}
