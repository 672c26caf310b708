//! Subscriptions: what thousands that wait cost, how soon they are told, and what an event costs the gateway.

mod subscribers;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use self::subscribers::Subscribers;
use crate::gateway::{Binary, Gateway};
use crate::{Failure, Which, machine};

/// The budget of memory for 10,000 that wait, in bytes.
const MEMORY_AT_MOST: u64 = 200 << 20;
/// How soon all but the slowest hundredth of what is told must be there, after the mutation was answered.
const SOON: Duration = Duration::from_millis(250);

/// How subscriptions are measured.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which stores to measure on; embedded and real ones where it is not given.
    #[arg(long, value_enum)]
    stores: Option<Which>,

    /// How many wait, each on a WebSocket of its own. Twice as many files are open.
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000)]
    subscribers: usize,

    /// How many events all of them are told of, one after the other.
    #[arg(long, value_name = "NUMBER", default_value_t = 30)]
    events: usize,

    /// How many events a hundred of them are told of.
    #[arg(long, value_name = "NUMBER", default_value_t = 300)]
    few_events: usize,

    /// The directory for the figures.
    #[arg(long, value_name = "PATH", default_value = "bench/results")]
    out: PathBuf,
}

/// Measures, prints a table, and keeps the figures.
pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let sides = args.stores.map_or(vec![Which::Embedded, Which::Real], |which| vec![which]);
    let mut by_stores = serde_json::Map::new();
    let mut text = String::from(
        "| stores | wait | told | memory above idle | per subscriber | p50 | p99 | slowest | gateway CPU per event |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for which in sides {
        let figures = measure(which, &args).await?;
        for figures in &figures {
            writeln!(text, "{}", figures.row(which))?;
        }
        by_stores.insert(which.name().to_owned(), figures.iter().map(Figures::json).collect());
    }
    let many = args.subscribers as u64;
    writeln!(
        text,
        "\nBudgets: {} MB above idle for 10,000 that wait; p99 of {} ms.",
        MEMORY_AT_MOST >> 20,
        SOON.as_millis()
    )?;
    println!("{text}");
    let figures = json!({ "machine": machine::describe()?, "subscribers": many, "stores": by_stores });
    std::fs::create_dir_all(&args.out)?;
    std::fs::write(args.out.join("live.json"), format!("{figures:#}\n"))?;
    std::fs::write(args.out.join("live.md"), text)?;
    Ok(())
}

/// What was measured with so many who wait.
struct Figures {
    subscribers: usize,
    events: usize,
    idle_bytes: u64,
    waiting_bytes: u64,
    /// From the mutation's answer until each was told.
    delays: Vec<Duration>,
    cpu_per_event: Duration,
}

impl Figures {
    /// The delay within which so many hundredths were told.
    fn percentile(&self, hundredths: usize) -> Duration {
        let last = self.delays.len().saturating_sub(1);
        self.delays.get(last * hundredths / 100).copied().unwrap_or_default()
    }

    fn above_idle(&self) -> u64 {
        self.waiting_bytes.saturating_sub(self.idle_bytes)
    }

    fn row(&self, which: Which) -> String {
        let millis = |duration: Duration| format!("{:.1} ms", duration.as_secs_f64() * 1e3);
        format!(
            "| {} | {} | {} | {:.1} MB | {:.1} kB | {} | {} | {} | {} |",
            which.name(),
            self.subscribers,
            self.delays.len(),
            self.above_idle() as f64 / 1e6,
            self.above_idle() as f64 / 1e3 / self.subscribers.max(1) as f64,
            millis(self.percentile(50)),
            millis(self.percentile(99)),
            millis(self.percentile(100)),
            millis(self.cpu_per_event),
        )
    }

    fn json(&self) -> Value {
        json!({
            "subscribers": self.subscribers,
            "events": self.events,
            "told": self.delays.len(),
            "idle_bytes": self.idle_bytes,
            "waiting_bytes": self.waiting_bytes,
            "p50_millis": self.percentile(50).as_secs_f64() * 1e3,
            "p99_millis": self.percentile(99).as_secs_f64() * 1e3,
            "slowest_millis": self.percentile(100).as_secs_f64() * 1e3,
            "cpu_millis_per_event": self.cpu_per_event.as_secs_f64() * 1e3,
        })
    }
}

async fn measure(which: Which, args: &Args) -> Result<[Figures; 2], Failure> {
    let data = tempfile::tempdir()?;
    let binary = Binary::new(which, data.path(), "live")?.with([
        ("POLYGRAPH_MAX_CONNECTIONS", "100000".into()),
        ("POLYGRAPH_MAX_WEBSOCKETS", "100000".into()),
        ("POLYGRAPH_MAX_CLIENT_SUBSCRIPTIONS", "100000".into()),
        ("POLYGRAPH_RATE_LIMITS", "off".into()),
        ("POLYGRAPH_DEMO_DATA", "false".into()),
    ]);
    if which != Which::Embedded && !binary.command(&["migrate".to_owned()]).status()?.success() {
        return Err("the stores could not be migrated".into());
    }
    // Those who wait are at another gateway than those who write, where there can be another.
    let telling = binary.serve()?;
    let writing = if which == Which::Embedded { None } else { Some(binary.serve()?) };
    let writer = Writer::at(writing.as_ref().unwrap_or(&telling)).await?;

    let few = with(&telling, &writer, args.subscribers.min(100), args.few_events).await?;
    let many = with(&telling, &writer, args.subscribers, args.events).await?;
    telling.stop()?;
    writing.map_or(Ok(()), Gateway::stop)?;
    Ok([few, many])
}

/// Lets so many wait for changes of a post, and changes it so often.
async fn with(telling: &Gateway, writer: &Writer, subscribers: usize, events: usize) -> Result<Figures, Failure> {
    let idle_bytes = telling.resident_bytes()?;
    let mut waiting = Subscribers::connect(telling.url(), &writer.post, subscribers).await?;
    let waiting_bytes = telling.resident_bytes()?;
    let cpu = telling.cpu()?;
    let mut delays = Vec::with_capacity(subscribers * events);
    for turn in 0..events {
        writer.change(turn % 2 == 0).await?;
        let answered = Instant::now();
        for told in waiting.told().await? {
            delays.push(told.saturating_duration_since(answered));
        }
    }
    delays.sort_unstable();
    let events_done = u32::try_from(events.max(1))?;
    let cpu_per_event = telling.cpu()?.saturating_sub(cpu) / events_done;
    Ok(Figures { subscribers, events, idle_bytes, waiting_bytes, delays, cpu_per_event })
}

/// Somebody who likes a post and takes that back.
struct Writer {
    http: reqwest::Client,
    url: String,
    token: String,
    post: String,
}

impl Writer {
    async fn at(gateway: &Gateway) -> Result<Self, Failure> {
        let mut writer = Self {
            http: reqwest::Client::new(),
            url: format!("{}/graphql", gateway.url()),
            token: String::new(),
            post: String::new(),
        };
        let sign_up = "mutation { signUp(input: { handle: \"writer\", name: \"Writer\", email: \"writer@example.org\", \
                       password: \"analytical engine\" }) { accessToken { token } } }";
        writer.token = text(&writer.ask(sign_up, json!({})).await?, "/signUp/accessToken/token")?;
        let publish = "mutation { createPost(input: { title: \"live\", content: \"text\" }) { post { id } } }";
        writer.post = text(&writer.ask(publish, json!({})).await?, "/createPost/post/id")?;
        Ok(writer)
    }

    /// Likes the post, or not any more.
    async fn change(&self, likes: bool) -> Result<(), Failure> {
        let field = if likes { "likePost" } else { "unlikePost" };
        let mutation = format!("mutation ($p: ID!) {{ {field}(input: {{ postId: $p }}) {{ post {{ likeCount }} }} }}");
        self.ask(&mutation, json!({ "p": self.post })).await.map(drop)
    }

    async fn ask(&self, query: &str, variables: Value) -> Result<Value, Failure> {
        let mut request = self.http.post(&self.url).json(&json!({ "query": query, "variables": variables }));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        let mut answer: Value = request.send().await?.json().await?;
        match answer.get("errors") {
            None => Ok(answer["data"].take()),
            Some(errors) => Err(format!("a mutation failed: {errors}").into()),
        }
    }
}

fn text(data: &Value, pointer: &str) -> Result<String, Failure> {
    let text = data.pointer(pointer).and_then(Value::as_str);
    Ok(text.ok_or_else(|| format!("no {pointer} in {data}"))?.to_owned())
}
