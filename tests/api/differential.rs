//! The same random queries to the embedded stores and to the real ones: the same answers.

mod draw;

use futures::{StreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Client, World, run};
use draw::Draw;

/// How many queries are asked.
const QUERIES: usize = 10_000;
/// How many at once.
const AT_ONCE: usize = 8;

#[test]
fn embedded_and_real_stores_answer_the_same() {
    let (embedded, real) = (World::embedded(), World::real());
    let other = embedded.society.users[5].handle.as_str();
    let mut draw = Draw::new(&embedded.society, 11);
    let asked: Vec<_> = [None, Some("demo"), Some(other)].into_iter().cycle().take(QUERIES).collect();
    let asked: Vec<_> = asked.into_iter().map(|viewer| (viewer, draw.query())).collect();
    assert!(draw.missing().is_empty(), "never asked for: {:?}", draw.missing());
    let differences = run(stream::iter(&asked)
        .map(|(viewer, query)| async move {
            let clients = [embedded.client(), real.client()];
            let [embedded, real] =
                clients.map(|client| viewer.map_or_else(|| client.clone(), |as_| client.signed_in(as_)));
            let (one, other) = futures::join!(ask(&embedded, query), ask(&real, query));
            (one != other).then(|| format!("as {viewer:?}: {query}\n  embedded: {one}\n  real:     {other}"))
        })
        .buffer_unordered(AT_ONCE)
        .filter_map(|difference| async move { difference })
        .take(5)
        .collect::<Vec<_>>());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// An answer, with what is found in the order of its text.
async fn ask(client: &Client, query: &str) -> Value {
    // The id stands in errors.
    let request = client.request(Method::POST, "/graphql").header("x-request-id", "differential");
    let mut answer = client.send(request.json(&json!({ "query": query }))).await.json();
    if let Some(errors) = answer["errors"].as_array_mut() {
        errors.sort_by_cached_key(Value::to_string);
    }
    sort_what_is_found(&mut answer["data"], false);
    answer
}

/// Engines order what they find differently.
fn sort_what_is_found(value: &mut Value, is_found: bool) {
    match value {
        Value::Object(fields) => {
            for (alias, field) in fields {
                let name = alias.split('_').next().unwrap_or_default();
                let is_list = is_found && ["nodes", "edges"].contains(&name);
                if (is_list || name == "suggest")
                    && let Some(items) = field.as_array_mut()
                {
                    items.iter_mut().for_each(|item| sort_what_is_found(item, false));
                    items.sort_by_cached_key(Value::to_string);
                    continue;
                }
                sort_what_is_found(field, name == "search");
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| sort_what_is_found(item, is_found)),
        _ => {}
    }
}
