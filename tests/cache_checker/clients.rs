//! Clients: writers of one author each, and readers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::arguments::Arguments;
use crate::board::{Author, Board, number};
use crate::dice::Dice;
use crate::world::World;

/// Longer than any deadline of the gateway's own.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a writer waits after a write of unknown outcome: until it is certain that it comes no later.
const SETTLED: Duration = Duration::from_secs(7);
/// The pause between two writes of one client.
const BREATH: Duration = Duration::from_millis(25);

const EDIT: &str = "mutation ($input: UpdatePostInput!) { updatePost(input: $input) { post { title } } }";
const DESCRIBE: &str = "mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { user { bio } } }";
const POST: &str = "query ($id: ID!) { post(id: $id) { title author { bio } } }";
const AUTHOR: &str = "query ($handle: String!) { user(handle: $handle) { bio posts(first: 3) { nodes { title } } } }";
const ALL: &str = "{ posts(first: 50) { nodes { id title author { bio } } } }";

/// A client of any gateway.
#[derive(Clone)]
pub(crate) struct Client(reqwest::Client);

/// What was answered.
pub(crate) struct Answer {
    pub(crate) body: Value,
    /// It was kept, or made for another request.
    pub(crate) is_hit: bool,
}

impl Default for Client {
    fn default() -> Self {
        Self(reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().expect("an HTTP client"))
    }
}

impl Client {
    pub(crate) async fn send(
        &self,
        base: &str,
        token: Option<&str>,
        query: &str,
        variables: Value,
    ) -> reqwest::Result<Answer> {
        let request = self.0.post(format!("{base}/graphql"));
        let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
        let response = request.json(&json!({ "query": query, "variables": variables })).send().await?;
        let is_hit =
            response.headers().get("x-cache").is_some_and(|how| matches!(how.as_bytes(), b"HIT" | b"COALESCED"));
        Ok(Answer { body: response.json().await?, is_hit })
    }
}

/// Starts all clients.
pub(crate) fn spawn(
    world: &Arc<World>,
    board: &Arc<Board>,
    arguments: &Arguments,
    stop: &CancellationToken,
) -> Vec<JoinHandle<()>> {
    let client = Client::default();
    let mut tasks = Vec::new();
    for n in 0..arguments.clients {
        let (world, board, client, stop) = (world.clone(), board.clone(), client.clone(), stop.clone());
        let dice = Dice::new(arguments.seed, 0, n + 1);
        tasks.push(tokio::spawn(async move { write(&world, &board, n, &client, dice, &stop).await }));
    }
    for n in 0..2 * arguments.clients {
        let (world, board, client, stop) = (world.clone(), board.clone(), client.clone(), stop.clone());
        let dice = Dice::new(arguments.seed, 1, n + 1);
        tasks.push(tokio::spawn(async move { read(&world, &board, &client, dice, &stop).await }));
    }
    tasks
}

/// Writes one author's numbers through any gateway.
async fn write(world: &World, board: &Board, n: usize, client: &Client, mut dice: Dice, stop: &CancellationToken) {
    let author = &board.authors[n];
    let (mut title, mut bio) = (0, 0);
    while !stop.is_cancelled() {
        tokio::time::sleep(BREATH).await;
        let Some(base) = world.base(dice.below(world.gateways())) else { continue };
        let began = Instant::now();
        let is_title = dice.once_in(2);
        let (last, acknowledged): (&mut u64, &AtomicU64) =
            if is_title { (&mut title, &author.title) } else { (&mut bio, &author.bio) };
        *last += 1;
        let written = number(*last);
        let (document, input) = match is_title {
            true => (EDIT, json!({ "id": author.post, "title": written })),
            false => (DESCRIBE, json!({ "bio": written })),
        };
        let answer = client.send(&base, Some(&author.token), document, json!({ "input": input })).await;
        let is_done = answer.is_ok_and(|answer| {
            let data = &answer.body["data"];
            data["updatePost"]["post"]["title"] == written || data["updateProfile"]["user"]["bio"] == written
        });
        if is_done {
            acknowledged.fetch_max(*last, Ordering::SeqCst);
            board.wrote(began.elapsed());
        } else {
            board.failed();
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(SETTLED) => {}
            }
        }
    }
}

/// Reads through any gateway, and holds what it sees to what was acknowledged before.
async fn read(world: &World, board: &Board, client: &Client, mut dice: Dice, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        let gateway = dice.below(world.gateways());
        let Some(base) = world.base(gateway) else {
            tokio::time::sleep(BREATH).await;
            continue;
        };
        let acknowledged = |author: &Author| (author.title.load(Ordering::SeqCst), author.bio.load(Ordering::SeqCst));
        let author = &board.authors[dice.below(board.authors.len())];
        let before: Vec<_> = board.authors.iter().map(acknowledged).collect();
        let (title, bio) = acknowledged(author);
        let kind = dice.below(8);
        let (query, variables) = match kind {
            0 => (ALL, json!({})),
            1..4 => (AUTHOR, json!({ "handle": author.handle })),
            _ => (POST, json!({ "id": author.post })),
        };
        let answer = match client.send(&base, None, query, variables).await {
            Ok(answer) if answer.body["errors"].is_null() => answer,
            failed => {
                // Nothing that happens to Redis may cost anybody an answer.
                if world.base(gateway).is_some_and(|present| present == base) {
                    let why = failed.map_or_else(|error| error.to_string(), |answer| answer.body.to_string());
                    board.violate(format!("{query} was not answered by {base}, which is well: {why}"));
                }
                board.failed();
                continue;
            }
        };
        let (data, is_hit) = (&answer.body["data"], answer.is_hit);
        let told = || format!("{query} of {} through {base}, from the cache: {is_hit}", author.handle);
        match kind {
            0 => {
                for (author, (title, bio)) in board.authors.iter().zip(before) {
                    let nodes = data["posts"]["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
                    let post = nodes.iter().find(|post| post["id"] == author.post).unwrap_or(&Value::Null);
                    board.check(&post["title"], title, told);
                    board.check(&post["author"]["bio"], bio, told);
                }
            }
            1..4 => {
                board.check(&data["user"]["bio"], bio, told);
                board.check(&data["user"]["posts"]["nodes"][0]["title"], title, told);
            }
            _ => {
                board.check(&data["post"]["title"], title, told);
                board.check(&data["post"]["author"]["bio"], bio, told);
            }
        }
        board.read(is_hit);
    }
}
