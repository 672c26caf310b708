//! What was acknowledged, and what was seen.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::clients::Client;
use crate::world::World;

/// A user and a post, whose bio and title are numbers that grow.
pub(crate) struct Author {
    pub(crate) handle: String,
    pub(crate) token: String,
    pub(crate) post: String,
    pub(crate) bio: AtomicU64,
    pub(crate) title: AtomicU64,
}

/// What all clients share.
pub(crate) struct Board {
    pub(crate) authors: Vec<Author>,
    reads: AtomicU64,
    hits: AtomicU64,
    failures: AtomicU64,
    writes: AtomicU64,
    longest: AtomicU64,
    violation: Mutex<Option<String>>,
}

const SIGN_UP: &str = "mutation ($input: SignUpInput!) { signUp(input: $input) { accessToken { token } } }";
const CREATE: &str = "mutation ($input: CreatePostInput!) { createPost(input: $input) { post { id } } }";

impl Board {
    /// So many authors, each with a post.
    pub(crate) async fn open(world: &World, authors: usize) -> Self {
        let (client, base) = (Client::default(), world.base(0).expect("a gateway is there"));
        let mut all = Vec::new();
        for n in 0..authors {
            let handle = format!("author_{n}");
            let email = format!("{handle}@example.org");
            let input = json!({ "handle": handle, "name": handle, "email": email, "password": "a-long-password",
                "bio": number(0) });
            let answer = client.send(&base, None, SIGN_UP, json!({ "input": input })).await.expect("it answers");
            let token = text(&answer.body, "/data/signUp/accessToken/token");
            let input = json!({ "title": number(0), "content": "Numbers" });
            let answer = client.send(&base, Some(&token), CREATE, json!({ "input": input })).await.expect("it answers");
            let post = text(&answer.body, "/data/createPost/post/id");
            all.push(Author { handle, token, post, bio: AtomicU64::new(0), title: AtomicU64::new(0) });
        }
        Self {
            authors: all,
            reads: AtomicU64::new(0),
            hits: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            writes: AtomicU64::new(0),
            longest: AtomicU64::new(0),
            violation: Mutex::default(),
        }
    }

    /// Notes an answer, and whether it came from the cache.
    pub(crate) fn read(&self, is_hit: bool) {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.hits.fetch_add(u64::from(is_hit), Ordering::Relaxed);
    }

    /// Notes a question or a write that was not answered.
    pub(crate) fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes an acknowledged write.
    pub(crate) fn wrote(&self, took: Duration) {
        self.writes.fetch_add(1, Ordering::Relaxed);
        self.longest.fetch_max(u64::try_from(took.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Holds what was seen to what was acknowledged before it was asked for.
    pub(crate) fn check(&self, seen: &Value, at_least: u64, what: impl FnOnce() -> String) {
        let value = seen.as_str().and_then(|seen| seen.strip_prefix("number ")?.parse().ok());
        if value.is_none_or(|value: u64| value < at_least) {
            self.violate(format!("{seen} after {at_least} was acknowledged: {}", what()));
        }
    }

    /// Notes something that must not be.
    pub(crate) fn violate(&self, what: String) {
        self.violation.lock().expect("nobody panicked with it").get_or_insert(what);
    }

    pub(crate) fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    pub(crate) fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    /// The first answer that was stale, or should have been one.
    pub(crate) fn violation(&self) -> Option<String> {
        self.violation.lock().expect("nobody panicked with it").clone()
    }

    /// Says what happened.
    pub(crate) fn print(&self, took: Duration) {
        let number = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let (reads, hits) = (self.reads(), self.hits());
        println!("  reads                 {reads} in {} s, {hits} of them from the cache", took.as_secs());
        println!("  writes acknowledged   {}, the slowest in {} ms", number(&self.writes), number(&self.longest));
        println!("  without an answer     {}", number(&self.failures));
        println!("  stale or refused      {}", usize::from(self.violation().is_some()));
    }
}

/// A number, as it is written.
pub(crate) fn number(value: u64) -> String {
    format!("number {value}")
}

fn text(answer: &Value, path: &str) -> String {
    let value = answer.pointer(path).and_then(Value::as_str);
    value.unwrap_or_else(|| panic!("no {path} in {answer}")).to_owned()
}
