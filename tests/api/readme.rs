//! The README's query and its answer, held to the demo data.

use serde_json::Value;

use crate::support::{World, on_both};

const README: &str = include_str!("../../README.md");

on_both!(its_query_has_its_answer_by_as_many_calls_as_it_says);

async fn its_query_has_its_answer_by_as_many_calls_as_it_says(world: &World) {
    let (served, log) = world.counted().await;
    let answer = served.client.ask(block("graphql")).await;
    let shown: Value = serde_json::from_str(block("json")).expect("JSON in the README");
    assert_eq!(answer.data(), shown["data"]);
    assert_eq!(log.take().len(), 5);
    assert!(README.contains("Five store calls"));
}

/// The README's first block of code in this language.
fn block(language: &str) -> &'static str {
    let (_, rest) = README.split_once(&format!("```{language}\n")).expect("the block begins");
    rest.split_once("```").expect("the block ends").0
}
