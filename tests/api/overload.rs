//! More is asked for than can be done: so much is executed, so much waits, and the rest is refused at once; what needs no
//! execution answers all the same, and all is well afterwards.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::future::join_all;
use polygraph::http::{Admission, AdmissionLimits, Gateway};
use polygraph::ports::{StoreResult, Stores};
use polygraph::stores::layer::{Call, Layered, Policy, Rows};
use reqwest::Method;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::cache::counting;
use crate::support::{Answer, Served, Serving, Which, World, namespace, on_both, run, scratch, variables};

on_both!(
    so_much_runs_so_much_waits_and_the_rest_is_refused,
    who_hangs_up_while_waiting_leaves_the_line,
    kept_answers_do_not_wait_for_those_that_are_made,
    mutations_wait_as_well,
);

const RUNNING: usize = 2;
const WAITING: usize = 3;
/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);
const SLOW: &str = "{ users(first: 3) { nodes { handle } } }";

/// Holds every call of a method until it is told to let go.
#[derive(Clone)]
struct Blocking(watch::Receiver<bool>);

impl Policy for Blocking {
    async fn around<T, F>(&self, call: Call, attempt: impl Fn() -> F + Send + Sync) -> StoreResult<T>
    where
        T: Rows + Send,
        F: Future<Output = StoreResult<T>> + Send,
    {
        if call.method == "users_newest" {
            // Who blocks it may be gone, once a test has ended.
            let _ = self.0.clone().wait_for(|is_open| *is_open).await;
        }
        attempt().await
    }
}

/// A gateway on the world's stores, whose store of users is blocked until the sender says `true`.
async fn blocked(world: &World) -> (Served, watch::Sender<bool>) {
    let (open, is_open) = watch::channel(false);
    let (gateway, _) = counting(world, Some(PATIENCE)).await;
    let stores =
        Stores { users: Layered::new(Arc::clone(&gateway.stores.users), Blocking(is_open)), ..gateway.stores.clone() };
    let limits = AdmissionLimits { at_once: RUNNING, waiting: WAITING, patience: PATIENCE };
    let admission = Admission::new(limits, Instant::now);
    (world.serve(Gateway { stores, admission, ..gateway }).await, open)
}

/// What the gateway says of operations that are running or waiting, and how many it refused.
async fn load(served: &Served) -> (usize, usize, usize) {
    let metrics = served.client.send(served.client.request(Method::GET, "/metrics")).await;
    let value = |name: &str| {
        let line = metrics.text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name}: {}", metrics.text))
    };
    (
        value("polygraph_operations_running"),
        value("polygraph_operations_waiting"),
        value("polygraph_operations_refused_total"),
    )
}

/// Waits until that is what the gateway says.
async fn until(served: &Served, expected: (usize, usize, usize)) {
    let began = Instant::now();
    loop {
        let load = load(served).await;
        if load == expected {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{load:?} in place of {expected:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Sends a query that nobody has sent before: it is not kept, and nobody waits for another's answer to the same.
fn send(served: &Served) -> JoinHandle<Answer> {
    static SENT: AtomicUsize = AtomicUsize::new(0);
    let (client, number) = (served.client.clone(), SENT.fetch_add(1, Ordering::Relaxed));
    tokio::spawn(async move { client.ask(&SLOW.replace("users", &format!("u{number}: users"))).await })
}

/// Sends as many as can run and wait, one after the other.
async fn fill(served: &Served) -> Vec<JoinHandle<Answer>> {
    let mut sent = Vec::new();
    for number in 0..RUNNING + WAITING {
        sent.push(send(served));
        until(served, ((number + 1).min(RUNNING), (number + 1).saturating_sub(RUNNING), 0)).await;
    }
    sent
}

fn assert_refused(answer: &Answer) {
    assert_eq!((answer.status, answer.code()), (503, "OVERLOADED".to_owned()));
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(answer.json()["errors"][0]["extensions"]["retryAfter"], 1);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

async fn so_much_runs_so_much_waits_and_the_rest_is_refused(world: &World) {
    let (served, open) = blocked(world).await;
    let sent = fill(&served).await;
    let refused = join_all((0..20).map(|_| send(&served))).await;
    refused.into_iter().for_each(|answer| assert_refused(&answer.expect("it was asked")));
    assert_eq!(load(&served).await, (RUNNING, WAITING, 20));
    for path in ["/livez", "/readyz", "/schema.graphql", "/"] {
        let answer = served.client.send(served.client.request(Method::GET, path)).await;
        assert!(answer.status == 200 || path == "/readyz", "{path}: {answer:?}");
    }
    open.send_replace(true);
    for answer in sent {
        answer.await.expect("it was asked").data();
    }
    assert_eq!(load(&served).await, (0, 0, 20));
    send(&served).await.expect("it was asked").data();
}

async fn who_hangs_up_while_waiting_leaves_the_line(world: &World) {
    let (served, open) = blocked(world).await;
    let mut sent = fill(&served).await;
    for left in (0..WAITING).rev() {
        // Dropping a request closes its connection.
        let last = sent.pop().expect("one of them");
        last.abort();
        until(&served, (RUNNING, left, 0)).await;
    }
    let running = sent.pop().expect("one of them");
    running.abort();
    until(&served, (RUNNING - 1, 0, 0)).await;
    open.send_replace(true);
    for answer in sent {
        answer.await.expect("it was asked").data();
    }
    assert_eq!(load(&served).await, (0, 0, 0));
}

async fn kept_answers_do_not_wait_for_those_that_are_made(world: &World) {
    let (served, open) = blocked(world).await;
    let query = "{ keptUnderLoad: posts(first: 2) { nodes { title } } }";
    let made = served.client.ask(query).await;
    made.data();
    let sent = fill(&served).await;
    for _ in 0..20 {
        let kept = served.client.ask(query).await;
        assert_eq!((kept.status, kept.header("x-cache"), &kept.text), (200, Some("HIT"), &made.text));
    }
    let fresh = served.client.request(Method::POST, "/graphql").header("cache-control", "no-cache");
    assert_refused(&served.client.send(fresh.json(&serde_json::json!({ "query": query }))).await);
    open.send_replace(true);
    for answer in sent {
        answer.await.expect("it was asked").data();
    }
}

async fn mutations_wait_as_well(world: &World) {
    let (served, open) = blocked(world).await;
    let sent = fill(&served).await;
    assert_refused(&served.client.ask("mutation { signOut { userErrors { code } } }").await);
    open.send_replace(true);
    for answer in sent {
        answer.await.expect("it was asked").data();
    }
}

/// How a gateway that executes one operation at once, and lets none wait, answers many that are sent at once.
fn many_at_once(which: Which) {
    let directory = scratch();
    let mut env = variables(which, directory.path(), &namespace());
    for (name, value) in [
        ("POLYGRAPH_DEMO_DATA", "false"),
        ("POLYGRAPH_RESULT_CACHE_TTL", "off"),
        ("POLYGRAPH_MAX_CONCURRENT_REQUESTS", "1"),
        ("POLYGRAPH_MAX_QUEUED_REQUESTS", "0"),
    ] {
        env.push((name, value.to_owned()));
    }
    let serving = Serving::start(&env, directory.path());
    let answers = run(join_all((0..100).map(|_| serving.client.ask("{ users { totalCount } posts { totalCount } }"))));
    assert!(answers.iter().any(|answer| answer.status == 200));
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert_refused(answer);
    }
    run(serving.client.ask("{ users { totalCount } }")).data();
}

#[test]
fn limits_are_as_configured_embedded() {
    many_at_once(Which::Embedded);
}

#[test]
fn limits_are_as_configured_real() {
    many_at_once(Which::Real);
}
