//! A closed loop of clients: each sends its next request when it has the answer to the last.

use std::rc::Rc;
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use hyper::header::HeaderMap;
use tokio::task::LocalSet;

use super::wire::Connection;
use crate::Failure;
use crate::gateway::Gateway;

/// What all clients send.
pub(crate) struct Load {
    pub(crate) headers: HeaderMap,
    /// What is asked in turns: a body, and how many bytes its whole answer has. One that has fewer or more is not the
    /// answer that was compared.
    pub(crate) requests: Vec<(Bytes, usize)>,
    /// Whether an answer's headers are as they should be. Others are counted.
    pub(crate) is_expected: fn(&HeaderMap) -> bool,
}

/// What came of a stretch of time under load.
pub(crate) struct Outcome {
    pub(crate) requests: u64,
    pub(crate) seconds: f64,
    /// The CPU time of the server.
    pub(crate) cpu_seconds: f64,
    /// How long each request took, in microseconds, ascending.
    latencies: Vec<u32>,
    /// How many answers were not [as they should be](Load::is_expected).
    pub(crate) unexpected: u64,
}

impl Outcome {
    /// The latency, in microseconds, that this share (in percent) of all requests kept below.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies.get(last * percent / 100).copied().map_or(f64::NAN, f64::from)
    }
}

/// Puts a server under the load of so many clients, for `duration` and until what was sent by then is answered.
pub(crate) async fn run(
    server: &Gateway,
    load: Rc<Load>,
    clients: usize,
    duration: Duration,
) -> Result<Outcome, Failure> {
    let mut connections = Vec::with_capacity(clients);
    for _ in 0..clients {
        connections.push(Connection::open(server.url()).await?);
    }
    let cpu_before = server.cpu()?;
    let began = Instant::now();
    let local = LocalSet::new();
    // Each begins elsewhere, so that they don't ask for the same at once where there is more than one thing to ask for.
    let starts = (0..clients).map(|client| client * load.requests.len() / clients);
    let loops: Vec<_> = connections
        .into_iter()
        .zip(starts)
        .map(|(connection, start)| local.spawn_local(ask_until(connection, Rc::clone(&load), start, began + duration)))
        .collect();
    local.await;
    let seconds = began.elapsed().as_secs_f64();
    let cpu = server.cpu()?.saturating_sub(cpu_before);
    let (mut latencies, mut unexpected) = (Vec::new(), 0);
    for client in loops {
        let (of_client, of_them) = client.await??;
        latencies.extend(of_client);
        unexpected += of_them;
    }
    latencies.sort_unstable();
    Ok(Outcome { requests: latencies.len() as u64, seconds, cpu_seconds: cpu.as_secs_f64(), latencies, unexpected })
}

async fn ask_until(
    mut connection: Connection,
    load: Rc<Load>,
    start: usize,
    end: Instant,
) -> Result<(Vec<u32>, u64), Failure> {
    let (mut latencies, mut unexpected) = (Vec::new(), 0);
    let mut requests = load.requests.iter().cycle().skip(start);
    let mut began = Instant::now();
    while began < end {
        let (body, answer_bytes) = requests.next().ok_or("there is nothing to ask for")?;
        let answer = connection.ask_whole(&load.headers, body).await?;
        let now = Instant::now();
        latencies.push(u32::try_from((now - began).as_micros()).unwrap_or(u32::MAX));
        unexpected += u64::from(!(load.is_expected)(answer.headers()));
        let found = answer.body().len();
        if found != *answer_bytes {
            return Err(format!("an answer has {found} bytes in place of {answer_bytes}").into());
        }
        began = now;
    }
    Ok((latencies, unexpected))
}
