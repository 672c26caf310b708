//! Growth: whether a page costs the same, however much else there is.

mod asking;
mod reads;
mod society;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Instant;

use clap::Parser;
use polygraph::app::{OpenStores, SystemClock};
use polygraph::config::Config;
use polygraph::domain::search::{IndexChange, IndexDocument};
use polygraph::ports::Clock;
use serde_json::{Map, Value, json};

pub(crate) use asking::serve;

use crate::gateway::Binary;
use crate::{Failure, Which, machine};
use asking::Cost;
use reads::Reads;
use society::Society;

/// How many documents are put into the index at once.
const AT_ONCE: u32 = 20_000;

/// How growth is measured.
#[derive(Debug, Parser)]
pub(crate) struct Args {
    /// Which stores to measure on: `embedded`, or `postgres` with the index in process; both unless told.
    #[arg(long, value_enum)]
    stores: Vec<Which>,

    /// How many posts there are, with ten likes for each and a tenth of the users; may be given several times.
    #[arg(long, value_name = "NUMBER", default_values_t = [1_000, 100_000, 1_000_000],
        value_parser = clap::value_parser!(u64).range(1_000..=10_000_000))]
    posts: Vec<u64>,

    /// How many times each query is asked, unless that takes longer than six seconds.
    #[arg(long, value_name = "NUMBER", default_value_t = 3_000)]
    requests: usize,

    /// The directory for the figures.
    #[arg(long, value_name = "PATH", default_value = "bench/results")]
    out: PathBuf,
}

/// What was measured at one size.
struct Grown {
    stores: &'static str,
    society: Society,
    seconds_to_fill: f64,
    disk_bytes: u64,
    /// Each query with its cost, and the rows and index entries that PostgreSQL read for a request.
    costs: Vec<(&'static str, Cost, Option<f64>)>,
}

/// Fills, measures, prints a table, and keeps the figures.
pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let both = [Which::Embedded, Which::Postgres];
    let stores = if args.stores.is_empty() { &both[..] } else { &args.stores };
    let mut all = Vec::new();
    for &which in stores {
        if which == Which::Real {
            return Err("growth is measured on embedded stores and on PostgreSQL".into());
        }
        for &posts in &args.posts {
            all.push(at(which, Society { posts }, args.requests).await?);
        }
    }
    let figures = json!({ "machine": machine::describe()?, "sizes": all.iter().map(figures).collect::<Vec<_>>() });
    let table = markdown(&all);
    std::fs::create_dir_all(&args.out)?;
    std::fs::write(args.out.join("growth.json"), format!("{figures:#}\n"))?;
    std::fs::write(args.out.join("growth.md"), &table)?;
    println!("{table}");
    Ok(())
}

async fn at(which: Which, society: Society, requests: usize) -> Result<Grown, Failure> {
    std::fs::create_dir_all("target")?;
    let directory = tempfile::Builder::new().prefix("bench-").tempdir_in(Path::new("target").canonicalize()?)?;
    let binary = Binary::new(which, directory.path(), &format!("growth{}", society.posts))?;
    let binary = binary.without(&["ELASTICSEARCH_URL", "REDIS_URL"]);
    let namespace = binary.value("POLYGRAPH_NAMESPACE").ok_or("there is no namespace")?.to_owned();
    let began = Instant::now();
    let migrated = binary.command(&["migrate".to_owned()]).stdout(Stdio::null()).status()?;
    if !migrated.success() {
        return Err(format!("the tables could not be made: {migrated}").into());
    }
    let url = match binary.value("DATABASE_URL") {
        Some(url) => url.to_owned(),
        None => format!("sqlite://{}", Config::from_sources(None, binary.env(), &[])?.data.sqlite_path().display()),
    };
    let measured = async {
        society.fill(&url, &namespace).await?;
        eprintln!("{}: {} posts after {:.0} s", which.name(), society.posts, began.elapsed().as_secs_f64());
        fill_index(&binary).await?;
        let seconds_to_fill = began.elapsed().as_secs_f64();
        eprintln!("{}: in the index after {seconds_to_fill:.0} s", which.name());
        let reads = if which == Which::Postgres { Some(Reads::of(&url, &namespace).await?) } else { None };
        let mut costs = Vec::new();
        for query in asking::queries(society)? {
            let before = match &reads {
                Some(reads) => Some(reads.total().await?),
                None => None,
            };
            let cost = asking::measure(&binary, &query, requests).await?;
            let read = match (&reads, before) {
                (Some(reads), Some(before)) => Some((reads.total().await? - before) / cost.requests as f64),
                _ => None,
            };
            costs.push((query.name, cost, read));
        }
        let disk_bytes = size_of(directory.path())?;
        Ok(Grown { stores: which.name(), society, seconds_to_fill, disk_bytes, costs })
    };
    let measured: Result<Grown, Failure> = measured.await;
    // Gigabytes are not left behind, whatever became of them.
    Society::remove(&url, &namespace).await?;
    measured
}

/// Puts all users and posts into the index, in larger batches than a gateway does. Likes are left out: they are counted
/// by rankings, and no search reads them.
async fn fill_index(binary: &Binary) -> Result<(), Failure> {
    let config = Config::from_sources(None, binary.env(), &[])?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let opened = OpenStores::open(&config, clock)?;
    let stores = opened.unlayered();
    let mut after = None;
    loop {
        let users = stores.users.scan_users(after, AT_ONCE).await?;
        let Some(last) = users.last() else { break };
        after = Some(last.id);
        let put = users.iter().map(|user| IndexChange::put(IndexDocument::of_user(user), user.version));
        stores.search.apply(&put.collect::<Vec<_>>()).await?;
    }
    let mut after = None;
    loop {
        let posts = stores.posts.scan_posts(after, AT_ONCE).await?;
        let Some(last) = posts.last() else { break };
        after = Some(last.id);
        let put = posts.iter().filter_map(|post| Some(IndexChange::put(IndexDocument::of_post(post)?, post.version)));
        stores.search.apply(&put.collect::<Vec<_>>()).await?;
    }
    stores.search.refresh().await?;
    Ok(opened.index_was_filled().await?)
}

fn size_of(directory: &Path) -> Result<u64, Failure> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let about = entry.metadata()?;
        bytes += if about.is_dir() { size_of(&entry.path())? } else { about.len() };
    }
    Ok(bytes)
}

fn figures(grown: &Grown) -> Value {
    let Grown { stores, society, seconds_to_fill, disk_bytes, costs } = grown;
    let costs = costs.iter().map(|(name, cost, read)| {
        let Cost { requests, cpu_us, p50_us, p99_us } = cost;
        let of_query = json!({
            "requests": requests, "cpu_us_per_request": cpu_us, "p50_us": p50_us, "p99_us": p99_us, "rows_and_entries_read": read,
        });
        ((*name).to_owned(), of_query)
    });
    json!({
        "stores": stores,
        "posts": society.posts,
        "users": society.users(),
        "likes": society.likes(),
        "seconds_to_fill": seconds_to_fill,
        "data_directory_bytes": disk_bytes,
        "queries": costs.collect::<Map<_, _>>(),
    })
}

/// A table for each set of stores: a row for each query, a column for each size.
fn markdown(all: &[Grown]) -> String {
    let mut text = String::new();
    let mut rest = all;
    while let Some(first) = rest.first() {
        let same = rest.iter().take_while(|grown| grown.stores == first.stores).count();
        let (these, others) = rest.split_at(same);
        rest = others;
        let reads = first.costs.iter().any(|(_, _, read)| read.is_some());
        let what = if reads {
            "CPU of the gateway / p50, in µs; rows and index entries read"
        } else {
            "CPU with the stores' in it / p50, in µs"
        };
        // Writing to a String can't fail, here and below.
        let _ = writeln!(text, "\n`{}`: {what}; growth is the last size's p50 to the first's\n", first.stores);
        let sizes = these.iter().map(|grown| format!("{} posts, {} likes", grown.society.posts, grown.society.likes()));
        let _ = writeln!(text, "| | {} | growth |", sizes.collect::<Vec<_>>().join(" | "));
        let _ = writeln!(text, "|---|{}---:|", "---:|".repeat(same));
        for (at, (name, smallest, _)) in first.costs.iter().enumerate() {
            let cells = these.iter().map(|grown| {
                let (_, cost, read) = &grown.costs[at];
                let read = read.map_or_else(String::new, |read| format!("; {read:.0}"));
                format!("{:.0} / {:.0}{read}", cost.cpu_us, cost.p50_us)
            });
            let largest = these.last().map_or(f64::NAN, |grown| grown.costs[at].1.p50_us);
            let growth = largest / smallest.p50_us;
            let _ = writeln!(text, "| {name} | {} | {growth:.2} × |", cells.collect::<Vec<_>>().join(" | "));
        }
    }
    text
}
