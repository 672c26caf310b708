//! From the answer to a write until search finds it, while others write as well.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::percentile;
use crate::Failure;
use crate::gateway::{Binary, Gateway};

/// How many users write. Posts of one author are counted in one place, one after the other.
const WRITERS: u32 = 40;
/// One post in so many is looked for.
const SAMPLED: u32 = 25;
/// How often it is looked for.
const EVERY: Duration = Duration::from_millis(20);
/// The longest that it is looked for.
const PATIENCE: Duration = Duration::from_secs(30);

const SIGN_UP: &str = "mutation ($handle: String!, $email: String!) {
    signUp(input: { handle: $handle, name: \"A writer\", email: $email, password: \"to write and write\" }) {
        accessToken { token } } }";
const CREATE: &str = "mutation ($title: String!) {
    createPost(input: { title: $title, content: \"Written while others write.\" }) { post { id } userErrors { code } } }";
const LIKE: &str = "mutation ($post: ID!) { likePost(input: { postId: $post }) { userErrors { code } } }";
const SEARCH: &str = "query ($text: String!) { search(query: $text, first: 1) { totalCount } }";

/// How long it took, in milliseconds, ascending; and how many writes a second there were meanwhile.
pub(super) struct Lag {
    millis: Vec<f64>,
    writes_per_second: f64,
}

impl Lag {
    pub(super) fn row(&self) -> String {
        let Self { millis, writes_per_second } = self;
        let (p50, p99) = (percentile(millis, 50), percentile(millis, 99));
        let count = millis.len();
        format!(
            "from answer to searchable at {writes_per_second:.0} writes/s: p50 {p50:.0} ms, p99 {p99:.0} ms ({count} samples)"
        )
    }

    pub(super) fn figures(&self) -> Value {
        json!({
            "writes_per_second": self.writes_per_second,
            "samples": self.millis.len(),
            "p50_millis": percentile(&self.millis, 50),
            "p99_millis": percentile(&self.millis, 99),
            "resolution_millis": EVERY.as_millis() as u64,
        })
    }
}

/// A gateway, and somebody who is signed in there.
struct Api {
    client: Client,
    url: String,
    token: String,
}

impl Api {
    async fn sign_up(gateway: &Gateway, number: u32) -> Result<Self, Failure> {
        let client = Client::builder().no_proxy().build()?;
        let mut api = Self { client, url: format!("{}/graphql", gateway.url()), token: String::new() };
        let handle = format!("writer_{number}");
        let email = format!("{handle}@example.org");
        let signed_up = api.ask(SIGN_UP, json!({ "handle": handle, "email": email })).await?;
        let token = signed_up.pointer("/signUp/accessToken/token").and_then(Value::as_str);
        api.token = token.ok_or_else(|| format!("{handle} could not sign up"))?.to_owned();
        Ok(api)
    }

    async fn ask(&self, query: &str, variables: Value) -> Result<Value, Failure> {
        let request = self.client.post(&self.url).json(&json!({ "query": query, "variables": variables }));
        let request = if self.token.is_empty() { request } else { request.bearer_auth(&self.token) };
        let mut answer: Value = request.send().await?.json().await?;
        match answer.get("errors") {
            None => Ok(answer["data"].take()),
            Some(errors) => Err(errors.to_string().into()),
        }
    }

    async fn publish(&self, title: &str) -> Result<String, Failure> {
        let created = self.ask(CREATE, json!({ "title": title })).await?;
        let id = created.pointer("/createPost/post/id").and_then(Value::as_str);
        Ok(id.ok_or_else(|| format!("not published: {created}"))?.to_owned())
    }

    /// Publishes a post with a word of its own, and looks for it until it is found. In milliseconds.
    async fn find_after_publishing(&self, word: &str) -> Result<f64, Failure> {
        self.publish(word).await?;
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let found = self.ask(SEARCH, json!({ "text": word })).await?;
            if found["search"]["totalCount"] == 1 {
                return Ok(began.elapsed().as_secs_f64() * 1_000.0);
            }
            tokio::time::sleep(EVERY).await;
        }
        Err(format!("{word} was not found within {PATIENCE:?}").into())
    }
}

/// Writes posts and likes in turns, so many a second for so long, and looks for some of it.
pub(super) async fn measure(binary: &Binary, rate: u32, length: Duration) -> Result<Lag, Failure> {
    let gateway = binary.serve()?;
    let mut writers = Vec::new();
    for number in 0..WRITERS {
        writers.push(Arc::new(Api::sign_up(&gateway, number).await?));
    }
    let liked = writers[0].publish("Liked all the time").await?;
    let mut ticks = interval(Duration::from_secs(1) / rate);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut writes: JoinSet<Result<Option<f64>, Failure>> = JoinSet::new();
    let began = Instant::now();
    for number in 0.. {
        ticks.tick().await;
        if began.elapsed() >= length {
            break;
        }
        let (api, liked) = (Arc::clone(&writers[(number / 2 % WRITERS) as usize]), liked.clone());
        writes.spawn(async move {
            // A word that no typo tolerance takes for another: digits as letters.
            let word: String = format!("{number:06}").bytes().map(|digit| char::from(b'k' + (digit - b'0'))).collect();
            let word = format!("{word}{word}q{word}");
            if number % (2 * SAMPLED) == 0 {
                return api.find_after_publishing(&word).await.map(Some);
            }
            if number % 2 == 0 {
                api.publish(&word).await?;
            } else {
                api.ask(LIKE, json!({ "post": liked })).await?;
            }
            Ok(None)
        });
    }
    let (mut millis, mut count) = (Vec::new(), 0_u32);
    while let Some(written) = writes.join_next().await {
        millis.extend(written??);
        count += 1;
    }
    millis.sort_unstable_by(f64::total_cmp);
    let writes_per_second = f64::from(count) / began.elapsed().as_secs_f64();
    gateway.stop()?;
    Ok(Lag { millis, writes_per_second })
}
