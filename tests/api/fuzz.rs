//! Inputs that nobody would write, to every door that takes bytes: whatever comes is answered, refused with a code, and
//! never a defect of ours.
//!
//! Mutations of a corpus (`tests/api/fuzz/*.txt`, an entry a line), drawn by a fixed seed. What was found goes into the
//! corpus.

mod mutator;

use futures::{StreamExt as _, stream};
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::support::{Answer, World, on_both, run};
use mutator::Mutator;

/// How many inputs a reader gets that no store is asked by.
const INPUTS: usize = 10_000;
/// How many that a store may be asked by.
const ASKED: usize = 1_500;
/// How many at once.
const AT_ONCE: usize = 8;

on_both!(ids_and_cursors, texts_to_be_searched_for);

#[test]
fn bodies() {
    let client = World::embedded().client();
    let post =
        |body: Vec<u8>| client.request(Method::POST, "/graphql").header("content-type", "application/json").body(body);
    let statuses = run(hold(Mutator::new(include_str!("fuzz/bodies.txt"), 1), INPUTS, post));
    // A fuzzer all of whose inputs are refused at the first byte shows little.
    assert!(statuses.iter().filter(|status| **status == 200).count() > INPUTS / 20, "few were executed");
    assert!(statuses.iter().filter(|status| **status == 400).count() > INPUTS / 20, "few were refused");
}

#[test]
fn parameters() {
    let client = World::embedded().client();
    let get = |parameters: Vec<u8>| {
        // What a URL can't have, no client can send.
        let allowed = |byte: &u8| byte.is_ascii_graphic() && *byte != b'#';
        let parameters: String = parameters.iter().filter(|byte| allowed(byte)).map(|byte| char::from(*byte)).collect();
        client.request(Method::GET, &format!("/graphql?{}", &parameters[..parameters.len().min(8_000)]))
    };
    run(hold(Mutator::new(include_str!("fuzz/parameters.txt"), 2), INPUTS / 4, get));
}

async fn ids_and_cursors(world: &World) {
    let ids = "query ($text: ID!) {
        node(id: $text) { id } nodes(ids: [$text]) { id } user(id: $text) { id } post(id: $text) { id }
        posts(author: $text) { totalCount }
    }";
    ask(world, ids, Mutator::new(include_str!("fuzz/ids.txt"), 3)).await;
    let cursors = "query ($text: String!) {
        users(first: 1, after: $text) { totalCount } popular: users(last: 1, before: $text, orderBy: MOST_FOLLOWED) { totalCount }
        posts(last: 1, before: $text, orderBy: MOST_LIKED) { totalCount } search(query: \"bees\", after: $text) { totalCount }
        user(handle: \"demo\") { followers(first: 1, after: $text) { totalCount } likedPosts(after: $text) { totalCount } }
    }";
    ask(world, cursors, Mutator::new(include_str!("fuzz/cursors.txt"), 4)).await;
}

async fn texts_to_be_searched_for(world: &World) {
    let query = "query ($text: String!) {
        search(query: $text, first: 1) { totalCount nodes { highlights { html } } } suggest(prefix: $text, first: 1) { title }
        user(handle: $text) { id }
    }";
    ask(world, query, Mutator::new(include_str!("fuzz/texts.txt"), 5)).await;
}

async fn ask(world: &World, query: &str, mutator: Mutator<'_>) {
    let request = |text: Vec<u8>| {
        let variables = json!({ "text": String::from_utf8_lossy(&text) });
        let body = json!({ "query": query, "variables": variables });
        world.client().request(Method::POST, "/graphql").json(&body)
    };
    hold(mutator, ASKED, request).await;
}

/// Sends inputs. Returns the statuses of the answers, all of which are in order (`support::answer`).
async fn hold(mut mutator: Mutator<'_>, count: usize, request: impl Fn(Vec<u8>) -> RequestBuilder) -> Vec<u16> {
    let inputs: Vec<_> = std::iter::repeat_with(|| mutator.next()).take(count).collect();
    stream::iter(inputs)
        .map(|input| {
            let sent = request(input.clone()).send();
            async move {
                let answer = Answer::read(sent.await.expect("the gateway answers")).await;
                let is_defect = answer.status >= 500 || answer.text.contains("\"INTERNAL\"");
                assert!(!is_defect, "{}: {}", String::from_utf8_lossy(&input), answer.text);
                answer.status
            }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await
}
