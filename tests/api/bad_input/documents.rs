//! Documents that are hard to get right: read, validated or refused as the specification has it.

use std::fmt::Write as _;

use crate::support::{World, on_both};

on_both!(documents_are_refused_as_the_specification_has_it);

/// Documents after lines that say what is to become of them. tests/schema asks graphql-js about the same ones.
const DOCUMENTS: &str = include_str!("../../schema/documents.txt");

async fn documents_are_refused_as_the_specification_has_it(world: &World) {
    let mut differences = String::new();
    let mut parts = DOCUMENTS.split("\n=== ").skip(1).peekable();
    while let Some(part) = parts.next() {
        let (header, text) = part.split_once('\n').expect("a document after its header");
        let text = if parts.peek().is_some() { text } else { text.trim_end() };
        let expected = header.split([',', ':']).next().expect("a verdict");
        let answer = world.client().ask(text).await;
        let found = match answer.errors().first().map(|error| error.code.clone()).as_deref() {
            Some("GRAPHQL_PARSE_FAILED") => "unreadable",
            Some("GRAPHQL_VALIDATION_FAILED") => "invalid",
            _ => "valid",
        };
        if found != "valid" {
            assert_eq!((answer.status, answer.json().get("data")), (400, None), "{text}: {}", answer.text);
        }
        if found != expected {
            let _ = writeln!(differences, "{header}\n{text}\n  {found}: {}", answer.text);
        }
    }
    assert_eq!(differences, "");
}
