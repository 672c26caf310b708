//! Loads: a closed loop of clients, to learn what can be done, and an open one, in which requests come whether or not
//! those before were answered, as they do where many people ask.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use hyper::header::HeaderMap;
use hyper::{Response, StatusCode};
use tokio::task::LocalSet;

use crate::Failure;
use crate::chance::Chance;
use crate::peers::wire::{Connection, json_headers};

/// The most connections that are open at once. A request that finds none free is not sent, and told of.
const CONNECTIONS: usize = 3_000;
/// How long those are waited for that were sent before the end.
const GRACE: Duration = Duration::from_secs(10);

/// What came of an open loop, without its warm-up.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// How many requests were to be sent.
    pub(super) offered: u64,
    /// From when a request was to be sent to its whole answer, in microseconds, ascending: of those that were answered with
    /// data,
    pub(super) answered: Vec<u32>,
    /// and of those that were refused.
    pub(super) refused: Vec<u32>,
    /// How many were answered with errors in place of data, since a store was too slow.
    pub(super) failed: u64,
    /// How many found no connection free, or were not answered within ten seconds of the end.
    pub(super) lost: u64,
    /// How many were answered with data before the end.
    in_time: u64,
    seconds: f64,
}

impl Outcome {
    /// Answers with data per second.
    pub(super) fn goodput(&self) -> f64 {
        self.in_time as f64 / self.seconds
    }
}

/// The value below which this share (in percent) of ascending latencies lie, in milliseconds.
pub(super) fn percentile(ascending: &[u32], percent: usize) -> f64 {
    let last = ascending.len().saturating_sub(1);
    ascending.get(last * percent / 100).copied().map_or(f64::NAN, |micros| f64::from(micros) / 1_000.0)
}

/// How many answers per second so many clients get, each of which sends its next request when it has the answer to the
/// last.
pub(super) async fn closed(url: &str, body: &Bytes, clients: usize, duration: Duration) -> Result<f64, Failure> {
    let mut connections = Vec::with_capacity(clients);
    for _ in 0..clients {
        connections.push(Connection::open(url).await?);
    }
    let (headers, began) = (json_headers(), Instant::now());
    let asks = connections.into_iter().map(|mut connection| {
        let headers = &headers;
        async move {
            let mut answers = 0_u64;
            while began.elapsed() < duration {
                answers += u64::from(is_whole(&connection.ask_any(headers, body).await?));
            }
            Ok::<_, Failure>(answers)
        }
    });
    let answers: u64 = futures::future::try_join_all(asks).await?.iter().sum();
    Ok(answers as f64 / began.elapsed().as_secs_f64())
}

/// Sends `rate` requests a second, at random moments (exponential pauses, the same in every run), for `warm_up` and then
/// `duration`, which counts.
pub(super) async fn open(
    url: &str,
    body: &Bytes,
    rate: f64,
    warm_up: Duration,
    duration: Duration,
) -> Result<Outcome, Failure> {
    let clients = Rc::new(Clients::new(url, body, Instant::now() + warm_up, duration));
    let local = LocalSet::new();
    let sending = async {
        let mut chance = Chance::new(0x9E37_79B9_7F4A_7C15);
        let mut next = Instant::now();
        while next < clients.end {
            tokio::time::sleep_until(next.into()).await;
            tokio::task::spawn_local(ask(Rc::clone(&clients), next));
            next += Duration::from_secs_f64(chance.exponential() / rate);
        }
    };
    local.run_until(sending).await;
    // Those who get no answer in this time are dropped with `local`.
    let _ = tokio::time::timeout(GRACE, local).await;
    clients.outcome(duration)
}

/// Those who ask, and what they heard.
struct Clients {
    url: String,
    headers: HeaderMap,
    body: Bytes,
    counts_from: Instant,
    end: Instant,
    idle: RefCell<Vec<Connection>>,
    connections: Cell<usize>,
    heard: RefCell<Outcome>,
    failure: RefCell<Option<Failure>>,
}

impl Clients {
    fn new(url: &str, body: &Bytes, counts_from: Instant, duration: Duration) -> Self {
        Self {
            url: url.to_owned(),
            headers: json_headers(),
            body: body.clone(),
            counts_from,
            end: counts_from + duration,
            idle: RefCell::default(),
            connections: Cell::new(0),
            heard: RefCell::default(),
            failure: RefCell::default(),
        }
    }

    async fn connection(&self) -> Result<Option<Connection>, Failure> {
        if let Some(idle) = self.idle.borrow_mut().pop() {
            return Ok(Some(idle));
        }
        if self.connections.get() == CONNECTIONS {
            return Ok(None);
        }
        self.connections.set(self.connections.get() + 1);
        Connection::open(&self.url).await.map(Some)
    }

    async fn hear(&self, due: Instant) -> Result<(), Failure> {
        let counts = due >= self.counts_from;
        if counts {
            self.heard.borrow_mut().offered += 1;
        }
        let Some(mut connection) = self.connection().await? else { return Ok(()) };
        let answer = connection.ask_any(&self.headers, &self.body).await?;
        let now = Instant::now();
        self.idle.borrow_mut().push(connection);
        if !counts {
            return Ok(());
        }
        let latency = u32::try_from((now - due).as_micros()).unwrap_or(u32::MAX);
        let mut heard = self.heard.borrow_mut();
        match answer.status() {
            StatusCode::OK if !is_whole(&answer) => heard.failed += 1,
            StatusCode::OK => {
                heard.answered.push(latency);
                heard.in_time += u64::from(now <= self.end);
            }
            StatusCode::SERVICE_UNAVAILABLE => heard.refused.push(latency),
            status => return Err(format!("answered {status}").into()),
        }
        Ok(())
    }

    fn outcome(&self, duration: Duration) -> Result<Outcome, Failure> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let mut outcome = self.heard.take();
        outcome.answered.sort_unstable();
        outcome.refused.sort_unstable();
        let heard = (outcome.answered.len() + outcome.refused.len()) as u64 + outcome.failed;
        outcome.lost = outcome.offered - heard;
        outcome.seconds = duration.as_secs_f64();
        Ok(outcome)
    }
}

/// Whether an answer has data and no errors, which would stand first.
fn is_whole(answer: &Response<Bytes>) -> bool {
    answer.status() == StatusCode::OK && answer.body().starts_with(b"{\"data\"")
}

async fn ask(clients: Rc<Clients>, due: Instant) {
    if let Err(failure) = clients.hear(due).await {
        clients.failure.replace(Some(failure));
    }
}
