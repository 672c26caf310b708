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
    pub(crate) body: Bytes,
    /// How many bytes a whole answer has: one that has fewer or more is not the answer that was compared.
    pub(crate) answer_bytes: usize,
}

/// What came of a stretch of time under load.
pub(crate) struct Outcome {
    pub(crate) requests: u64,
    pub(crate) seconds: f64,
    /// The CPU time of the server.
    pub(crate) cpu_seconds: f64,
    /// How long each request took, in microseconds, ascending.
    latencies: Vec<u32>,
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
    let loops: Vec<_> = connections
        .into_iter()
        .map(|connection| local.spawn_local(ask_until(connection, Rc::clone(&load), began + duration)))
        .collect();
    local.await;
    let seconds = began.elapsed().as_secs_f64();
    let cpu = server.cpu()?.saturating_sub(cpu_before);
    let mut latencies = Vec::new();
    for client in loops {
        latencies.extend(client.await??);
    }
    latencies.sort_unstable();
    Ok(Outcome { requests: latencies.len() as u64, seconds, cpu_seconds: cpu.as_secs_f64(), latencies })
}

async fn ask_until(mut connection: Connection, load: Rc<Load>, end: Instant) -> Result<Vec<u32>, Failure> {
    let mut latencies = Vec::new();
    let mut began = Instant::now();
    while began < end {
        let answer = connection.ask(&load.headers, &load.body).await?;
        let now = Instant::now();
        latencies.push(u32::try_from((now - began).as_micros()).unwrap_or(u32::MAX));
        if answer.len() != load.answer_bytes {
            let (found, expected) = (answer.len(), load.answer_bytes);
            return Err(format!("an answer has {found} bytes in place of {expected}").into());
        }
        began = now;
    }
    Ok(latencies)
}
