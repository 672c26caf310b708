//! A world of real stores, one of which is behind a proxy, and what is asked of a gateway on it while that one fails.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::proxy::{Fault, Proxy};
use crate::support::{Answer, Client, Serving, Which, authority, namespace, polygraph, run, scratch, variables};

/// How long what is bound to come may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a gateway may take to heal.
const HEALED_WITHIN: Duration = Duration::from_secs(5);
/// How long a session counts as open without another look, with some more.
const TRUSTED_FOR: Duration = Duration::from_millis(2_500);
/// Between two looks at what is waited for.
const BREATH: Duration = Duration::from_millis(100);

/// Something of every store, on several levels.
const READS: &str = "query ($post: ID!) {
    viewer { handle }
    users(first: 1) { nodes { handle postsCount } }
    user(handle: \"demo\") { handle followersCount posts(first: 1) { totalCount } likedPosts(first: 1) { totalCount } }
    post(id: $post) { title viewerHasLiked author { handle } likes(first: 1) { nodes { user { handle } } } }
    posts(first: 1) { totalCount nodes { title author { handle } } }
    feed(first: 1) { nodes { title author { handle } } }
    search(query: \"demo\", types: [USER]) { totalCount facets { types { count } } nodes { title node { __typename } } }
    suggest(prefix: \"demo\", first: 1) { title }
    leaderboard(first: 1) { likeCount user { handle } }
    trending(first: 1) { likeCount post { title } }
    activity(from: \"2024-01-01T00:00:00Z\", to: \"2026-01-01T00:00:00Z\", interval: MONTH) { posts likes }
}";

/// A write, by the field that makes it.
struct Write {
    name: &'static str,
    query: &'static str,
}

/// A write of each kind: to users, to posts, and one that is sent through a task of its own.
static WRITES: [Write; 4] = [
    Write {
        name: "updateProfile",
        query: "mutation { updateProfile(input: { bio: \"At sea.\" }) { user { bio } userErrors { code } } }",
    },
    Write {
        name: "follow",
        query: "mutation ($user: ID!) { follow(input: { userId: $user }) { user { handle } userErrors { code } } }",
    },
    Write {
        name: "createPost",
        query: "mutation ($title: String!) {
            createPost(input: { title: $title, content: \"Of faults.\" }) { post { title } userErrors { code } }
        }",
    },
    Write {
        name: "likePost",
        query: "mutation ($post: ID!) { likePost(input: { postId: $post }) { post { title } userErrors { code } } }",
    },
];

/// A world with one store behind a proxy.
pub(super) struct Lane {
    pub(super) proxy: Proxy,
    env: Vec<(&'static str, String)>,
    gateway: Option<Serving>,
    token: String,
    post: String,
    user: String,
    directory: TempDir,
}

/// How a query was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reads {
    /// The fields that are null by an error, without places in lists, with its code.
    pub(super) failed: BTreeSet<(String, String)>,
    /// `extensions.degraded`.
    pub(super) degraded: Vec<String>,
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Written {
    Done,
    /// It was not made, since a store is not available.
    Refused,
    /// Nobody knows.
    Unknown,
}

impl Lane {
    /// A world of its own, whose store at `variable` is behind a proxy.
    pub(super) fn open(variable: &'static str) -> Self {
        let directory = scratch();
        let mut env = variables(Which::Real, directory.path(), &namespace());
        let few = ["--users", "20", "--posts", "60", "--likes", "300", "--follows", "100"];
        command(&["migrate"], &env, directory.path());
        command(&[&["seed"][..], &few].concat(), &env, directory.path());
        let (_, url) = env.iter_mut().find(|(name, _)| *name == variable).expect("a store");
        let server = authority(url);
        let proxy = run(Proxy::before(server.clone()));
        *url = url.replace(&server, &proxy.address.to_string());
        env.retain(|(name, _)| !["POLYGRAPH_STORE_TIMEOUT", "POLYGRAPH_RESULT_CACHE_TIMEOUT"].contains(name));
        // So that the index does not wait for what a gateway of this lane had claimed before it was stopped.
        env.push(("POLYGRAPH_RELAY_LEASE", "2s".to_owned()));
        let none = String::new;
        Self { proxy, env, gateway: None, token: none(), post: none(), user: none(), directory }
    }

    /// Starts a gateway with these settings, in place of the one before.
    pub(super) fn start(&mut self, settings: &[(&'static str, &str)]) {
        self.gateway = None;
        let mut env = self.env.clone();
        env.extend(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let gateway = Serving::start(&env, self.directory.path());
        let signed_in = run(gateway.client.ask(
            "mutation { signIn(input: { login: \"demo\", password: \"demo-demo-demo\" }) { accessToken { token } } }",
        ));
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned();
        self.token = text(&signed_in.data()["signIn"]["accessToken"]["token"]);
        let things = run(gateway
            .client
            .ask("{ posts(orderBy: MOST_LIKED, first: 1) { nodes { id } } users(first: 2) { nodes { id handle } } }"));
        let things = things.data();
        self.post = text(&things["posts"]["nodes"][0]["id"]);
        let mut users = things["users"]["nodes"].as_array().expect("users").iter();
        self.user = text(&users.find(|user| user["handle"] != "demo").expect("another user")["id"]);
        self.gateway = Some(gateway);
    }

    fn client(&self) -> Client {
        self.gateway.as_ref().expect("a gateway is started").client.signed_in(&self.token)
    }

    /// What the gateway has logged.
    pub(super) fn log(&self) -> String {
        self.gateway.as_ref().map(Serving::log).unwrap_or_default()
    }

    /// Asks for everything, and never what is kept.
    pub(super) fn read(&self) -> Reads {
        let answer = run(self.client().ask_with(READS, json!({ "post": self.post })));
        assert_eq!(answer.status, 200, "{}", answer.text);
        let data = answer.partial();
        let failed = answer.errors().into_iter().map(|error| {
            assert_eq!(value_at(&data, &error.path), None, "{} has an error and a value: {data}", error.path);
            (without_places(&error.path), error.code)
        });
        let degraded = &answer.json()["extensions"]["degraded"];
        let degraded = degraded.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        Reads { failed: failed.collect(), degraded: degraded.collect() }
    }

    /// Makes every write, all at once.
    fn write_once(&self) -> BTreeMap<&'static str, Written> {
        thread::scope(|scope| {
            let made = WRITES.iter().map(|write| scope.spawn(|| (write.name, self.write(write))));
            let made: Vec<_> = made.collect();
            made.into_iter().map(|write| write.join().expect("an answer")).collect()
        })
    }

    /// Makes a write.
    fn write(&self, Write { name, query }: &Write) -> Written {
        let answer = self.send(query, name);
        let errors = answer.errors();
        let Some(error) = errors.first() else {
            let payload = &answer.data()[name];
            assert_eq!(payload["userErrors"], json!([]), "{name}");
            return Written::Done;
        };
        assert_eq!((errors.len(), answer.partial()), (1, json!({ *name: null })), "{}", answer.text);
        match answer.json()["errors"][0]["extensions"]["outcome"].as_str() {
            Some("UNKNOWN") => Written::Unknown,
            _ => {
                assert_eq!(error.code, "STORE_UNAVAILABLE", "{}", answer.text);
                Written::Refused
            }
        }
    }

    fn send(&self, query: &str, title: &str) -> Answer {
        let all = json!({ "post": self.post, "user": self.user, "title": title });
        let used = all.as_object().expect("an object").iter().filter(|(name, _)| query.contains(&format!("${name}:")));
        run(self.client().ask_with(query, used.map(|(name, value)| (name.clone(), value.clone())).collect()))
    }

    /// What becomes of each write once the gateway has got used to the fault: what a round of them comes to twice, with
    /// nothing unknown, when no session is taken on trust any more.
    pub(super) fn write_all(&self) -> BTreeMap<&'static str, Written> {
        let begun = Instant::now();
        let mut before = BTreeMap::new();
        loop {
            let is_untrusted = begun.elapsed() > TRUSTED_FOR;
            let now = self.write_once();
            let is_done = now.values().all(|written| *written == Written::Done);
            let is_known = now.values().all(|written| *written != Written::Unknown);
            if is_done || is_untrusted && is_known && now == before {
                return now;
            }
            assert!(begun.elapsed() < PATIENCE, "{now:?} after {before:?}");
            before = if is_untrusted { now } else { BTreeMap::new() };
        }
    }

    /// Mends the store, and sees to it that everything is well again in time.
    pub(super) fn heal(&self) {
        self.proxy.set(Fault::None);
        let mended = Instant::now();
        loop {
            let reads = self.read();
            let is_well = reads.failed.is_empty() && reads.degraded.is_empty();
            if is_well && self.write_once().values().all(|written| *written == Written::Done) {
                assert!(mended.elapsed() < HEALED_WITHIN, "healed after {:?}", mended.elapsed());
                return;
            }
            assert!(mended.elapsed() < PATIENCE, "not healed: {reads:?}");
            thread::sleep(BREATH);
        }
    }

    /// Waits until what was posted under this title while the index was away is found.
    pub(super) fn catch_up(&self) {
        let begun = Instant::now();
        loop {
            let found = run(self.client().ask("{ search(query: \"faults\", types: [POST]) { totalCount } }")).json();
            if found["data"]["search"]["totalCount"].as_u64() >= Some(2) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "the index has not caught up: {found}");
            thread::sleep(BREATH);
        }
    }
}

fn command(arguments: &[&str], env: &[(&'static str, String)], directory: &Path) {
    let ended = polygraph(arguments, env, directory);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

/// What is at a path, but for null, by whatever was null before.
fn value_at<'a>(data: &'a Value, path: &str) -> Option<&'a Value> {
    let found = path.split('.').try_fold(data, |at, part| match at {
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        _ => at.get(part),
    });
    found.filter(|value| !value.is_null())
}

fn without_places(path: &str) -> String {
    let names = path.split('.').filter(|part| part.parse::<usize>().is_err());
    names.collect::<Vec<_>>().join(".")
}
