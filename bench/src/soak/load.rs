//! Those who ask: in a closed loop, to learn what can be done, and then so many a second, whatever comes back.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::ledger::{Heard, Ledger};
use super::matrix::{Matrix, Verdict};
use super::mix::{Request, Society};
use super::stores::Outages;
use crate::Failure;
use crate::chance::Chance;

/// Longer than any deadline of the gateway's own.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many are signed in.
const VIEWERS: usize = 24;
/// How many users each of them follows at first.
const FOLLOWED: usize = 15;

const SIGN_UP: &str = "mutation ($handle: String!, $email: String!) {
    signUp(input: { handle: $handle, name: \"A patient one\", email: $email, password: \"all day and all night\" }) {
        accessToken { token } } }";
const FOLLOW: &str = "mutation ($id: ID!) { follow(input: { userId: $id }) { userErrors { code } } }";
const WHO_AND_WHAT: &str = "query ($first: Int!, $after: String) {
    users(first: 100) { nodes { id handle } }
    posts(first: $first, after: $after) { nodes { id title } pageInfo { endCursor } } }";
/// How many posts are known by their ids at first.
const PAGES_OF_POSTS: usize = 10;

/// A gateway's clients.
#[derive(Clone)]
pub(super) struct Api {
    http: Client,
    base: String,
}

impl Api {
    pub(super) fn new(base: &str) -> Result<Self, Failure> {
        // The gateway closes connections that idle; they are given up here before.
        let http = Client::builder().no_proxy().timeout(PATIENCE).pool_idle_timeout(Duration::from_secs(5)).build()?;
        Ok(Self { http, base: base.to_owned() })
    }

    /// The status, and the answer's text.
    async fn send(&self, token: Option<&str>, body: String) -> reqwest::Result<(u16, String)> {
        let request = self.http.post(format!("{}/graphql", self.base)).header(CONTENT_TYPE, "application/json");
        let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
        let answer = request.body(body).send().await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }

    /// The data of an answer without errors.
    async fn ask(&self, token: Option<&str>, query: &str, variables: Value) -> Result<Value, Failure> {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let (_, text) = self.send(token, body).await?;
        let mut answer: Value = serde_json::from_str(&text)?;
        if answer["errors"].is_null() { Ok(answer["data"].take()) } else { Err(text.into()) }
    }

    /// Whether it says that all of its stores are up.
    pub(super) async fn is_ready(&self) -> bool {
        let asked = async {
            let answer = self.http.get(format!("{}/readyz", self.base)).send().await?.text().await?;
            Ok::<_, reqwest::Error>(answer.contains("\"ready\""))
        };
        asked.await.unwrap_or(false)
    }

    /// Signs people up, lets them follow others, and learns what there is.
    pub(super) async fn society(&self) -> Result<Society, Failure> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (mut posts, mut users, mut words, mut after) = (Vec::new(), Vec::new(), Vec::new(), Value::Null);
        for _ in 0..PAGES_OF_POSTS {
            let page = self.ask(None, WHO_AND_WHAT, json!({ "first": 100, "after": after })).await?;
            let nodes = |list: &str| page[list]["nodes"].as_array().cloned().unwrap_or_default();
            users = nodes("users").iter().map(|user| (text(&user["id"]), text(&user["handle"]))).collect();
            for post in nodes("posts") {
                posts.push(text(&post["id"]));
                words.extend(text(&post["title"]).split_whitespace().filter(|word| word.len() > 3).map(str::to_owned));
            }
            after = page["posts"]["pageInfo"]["endCursor"].clone();
        }
        words.sort_unstable();
        words.dedup();
        let (mut viewers, mut chance) = (Vec::new(), Chance::new(2));
        for number in 0..VIEWERS {
            let handle = format!("patient_{number}");
            let variables = json!({ "handle": handle, "email": format!("{handle}@example.org") });
            let signed_up = self.ask(None, SIGN_UP, variables).await?;
            let token = text(&signed_up["signUp"]["accessToken"]["token"]);
            for _ in 0..FOLLOWED {
                let (id, _) = chance.one_of(&users)?;
                self.ask(Some(&token), FOLLOW, json!({ "id": id })).await?;
            }
            viewers.push(token);
        }
        Ok(Society::new(viewers, posts, users, words))
    }

    /// How many whole answers a second so many clients get, each of which sends its next request when it has the answer
    /// to the last.
    pub(super) async fn saturation(
        &self,
        society: &Society,
        clients: usize,
        duration: Duration,
    ) -> Result<f64, Failure> {
        let (matrix, began) = (Matrix::read()?, Instant::now());
        let asks = (0..clients).map(|_| async {
            let mut answers = 0_u64;
            while began.elapsed() < duration {
                let Request { question, token, body } = society.draw()?;
                let (status, text) = self.send(token.as_deref(), body).await?;
                let answer = serde_json::from_str(&text)?;
                society.heard(question, &answer);
                answers += u64::from(matrix.judge(question, status, &answer, &[]) == Verdict::Whole);
            }
            Ok::<_, Failure>(answers)
        });
        let answers: u64 = futures::future::try_join_all(asks).await?.iter().sum();
        Ok(answers as f64 / began.elapsed().as_secs_f64())
    }
}

/// Those who ask at a fixed rate, and what they note.
pub(super) struct Crowd {
    pub(super) api: Api,
    pub(super) society: Society,
    pub(super) matrix: Matrix,
    pub(super) outages: Outages,
    pub(super) ledger: RefCell<Ledger>,
}

impl Crowd {
    /// Sends `rate` requests a second, at random moments, until `end`; returns when all have been answered. It must run
    /// within a `LocalSet`.
    pub(super) async fn ask_until(self: &Rc<Self>, end: Instant, rate: f64) -> Result<(), Failure> {
        let (mut chance, mut next) = (Chance::new(3), Instant::now());
        let mut asked = tokio::task::JoinSet::new();
        while next < end {
            tokio::time::sleep_until(next.into()).await;
            let (crowd, request, due) = (Rc::clone(self), self.society.draw()?, next);
            asked.spawn_local(async move { crowd.hear(request, due).await });
            while asked.try_join_next().is_some() {}
            next += Duration::from_secs_f64(chance.exponential() / rate);
        }
        asked.join_all().await;
        Ok(())
    }

    async fn hear(&self, Request { question, token, body }: Request, due: Instant) {
        let answered = self.api.send(token.as_deref(), body).await;
        let down = self.outages.during(due, Instant::now());
        let mut ledger = self.ledger.borrow_mut();
        let read = answered.map_err(|error| format!("{error:?}")).and_then(|(status, text)| {
            let answer: Value = serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))?;
            Ok((status, text, answer))
        });
        match read {
            Ok((status, text, answer)) => {
                self.society.heard(question, &answer);
                let verdict = self.matrix.judge(question, status, &answer, &down);
                ledger.hear(&Heard { question, due, down: &down, text: &text }, verdict);
            }
            Err(why) => ledger.hear_nothing(&Heard { question, due, down: &down, text: &why }),
        }
    }
}
