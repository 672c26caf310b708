//! What happens when ten times as much is asked for as can be done: how much is done all the same, and how soon.

mod load;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use hyper::body::Bytes;
use serde_json::{Value, json};

use self::load::{Outcome, percentile};
use crate::gateway::{Binary, Gateway};
use crate::{Failure, Which, machine};

/// What everybody asks for: the newest 50 posts with their authors and likers.
const QUERY: &str = include_str!("../../queries/newest.graphql");
/// As many as are executed at once by default, on two cores.
const CLIENTS: usize = 32;
/// By how many times of what can be done the gateway is overloaded.
const OVERLOAD: f64 = 10.0;
/// At the begin of a load, this is not counted.
const WARM_UP: Duration = Duration::from_secs(3);
/// The budgets: how much longer the slowest hundredth may take, and how much of the goodput must be left.
const LONGER_AT_MOST: f64 = 3.0;
const LEFT_AT_LEAST: f64 = 0.8;

/// How overload is measured.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which stores to measure on; embedded and real ones where it is not given.
    #[arg(long, value_enum)]
    stores: Option<Which>,

    /// How many seconds each load takes, besides its warm-up.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    seconds: u64,

    /// How often each load is put on, in turns. The figures are medians.
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    rounds: usize,

    /// The directory for the figures.
    #[arg(long, value_name = "PATH", default_value = "bench/results")]
    out: PathBuf,
}

/// Measures, prints a table, and keeps the figures.
pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let sides = args.stores.map_or(vec![Which::Embedded, Which::Real], |which| vec![which]);
    let mut measured = Vec::new();
    for which in sides {
        measured.push((which, measure(which, Duration::from_secs(args.seconds), args.rounds.max(1)).await?));
    }
    let machine = machine::describe()?;
    let table = table(&measured, &args, &machine);
    println!("{table}");
    let by_stores: serde_json::Map<_, _> =
        measured.iter().map(|(which, figures)| (which.name().to_owned(), figures.json())).collect();
    let figures = json!({
        "machine": machine,
        "seconds": args.seconds,
        "rounds": args.rounds,
        "query": "newest",
        "stores": by_stores,
    });
    std::fs::create_dir_all(&args.out)?;
    std::fs::write(args.out.join("overload.json"), format!("{figures:#}\n"))?;
    std::fs::write(args.out.join("overload.md"), table)?;
    Ok(())
}

/// What was measured on a set of stores.
struct Figures {
    /// Answers per second of a closed loop: what can be done.
    saturation: f64,
    at_saturation: Vec<Stretch>,
    overloaded: Vec<Stretch>,
    /// Without admission control, once.
    uncontrolled: Stretch,
    resident_before: u64,
    peak: u64,
}

/// What came of one load.
struct Stretch {
    offered: f64,
    goodput: f64,
    p50: f64,
    p99: f64,
    refused_share: f64,
    refused_p99: f64,
    failed: u64,
    lost: u64,
}

impl Stretch {
    fn of(outcome: &Outcome, seconds: f64) -> Self {
        Self {
            offered: outcome.offered as f64 / seconds,
            goodput: outcome.goodput(),
            p50: percentile(&outcome.answered, 50),
            p99: percentile(&outcome.answered, 99),
            refused_share: outcome.refused.len() as f64 / outcome.offered.max(1) as f64,
            refused_p99: percentile(&outcome.refused, 99),
            failed: outcome.failed,
            lost: outcome.lost,
        }
    }

    fn json(&self) -> Value {
        json!({
            "offered_per_second": self.offered,
            "answered_per_second": self.goodput,
            "p50_millis": self.p50,
            "p99_millis": self.p99,
            "refused_share": self.refused_share,
            "refused_p99_millis": self.refused_p99,
            "failed": self.failed,
            "lost": self.lost,
        })
    }
}

impl Figures {
    fn median(stretches: &[Stretch], value: fn(&Stretch) -> f64) -> f64 {
        let mut values: Vec<_> = stretches.iter().map(value).collect();
        values.sort_unstable_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// How many times longer the slowest hundredth of answers takes under overload.
    fn longer(&self) -> f64 {
        let p99 = |stretches: &[Stretch]| Self::median(stretches, |stretch| stretch.p99);
        p99(&self.overloaded) / p99(&self.at_saturation)
    }

    /// The share of the goodput that is left under overload.
    fn left(&self) -> f64 {
        let goodput = |stretches: &[Stretch]| Self::median(stretches, |stretch| stretch.goodput);
        goodput(&self.overloaded) / goodput(&self.at_saturation)
    }

    fn json(&self) -> Value {
        let all = |stretches: &[Stretch]| stretches.iter().map(Stretch::json).collect::<Vec<_>>();
        json!({
            "saturation_per_second": self.saturation,
            "at_saturation": all(&self.at_saturation),
            "overloaded": all(&self.overloaded),
            "overloaded_without_admission_control": self.uncontrolled.json(),
            "p99_ratio_of_medians": self.longer(),
            "goodput_ratio_of_medians": self.left(),
            "resident_bytes_before": self.resident_before,
            "peak_resident_bytes": self.peak,
        })
    }
}

async fn measure(which: Which, duration: Duration, rounds: usize) -> Result<Figures, Failure> {
    let directory = tempfile::Builder::new().prefix("bench-").tempdir_in(Path::new("target").canonicalize()?)?;
    let binary = Binary::new(which, directory.path(), "overload")?;
    let seeded = binary.command(&["seed".to_owned()]).stdout(Stdio::null()).status()?;
    if !seeded.success() {
        return Err(format!("seeding failed: {seeded}").into());
    }
    let body = Bytes::from(json!({ "query": QUERY }).to_string());
    let server = binary.serve()?;
    load::closed(server.url(), &body, CLIENTS, WARM_UP).await?;
    let resident_before = server.resident_bytes()?;
    let saturation = load::closed(server.url(), &body, CLIENTS, duration).await?;
    eprintln!("{}: {saturation:.0} answers a second can be made", which.name());
    let (mut at_saturation, mut overloaded) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        at_saturation.push(stretch(&server, &body, saturation, duration).await?);
        overloaded.push(stretch(&server, &body, saturation * OVERLOAD, duration).await?);
    }
    let peak = server.peak_bytes()?;
    server.stop()?;
    let unlimited = binary.with([
        ("POLYGRAPH_MAX_CONCURRENT_REQUESTS", "1000000".into()),
        // It would wait for those that are still under way.
        ("POLYGRAPH_SHUTDOWN_GRACE", "0".into()),
    ]);
    let server = unlimited.serve()?;
    load::closed(server.url(), &body, CLIENTS, WARM_UP).await?;
    let uncontrolled = stretch(&server, &body, saturation * OVERLOAD, duration).await?;
    Ok(Figures { saturation, at_saturation, overloaded, uncontrolled, resident_before, peak })
}

async fn stretch(server: &Gateway, body: &Bytes, rate: f64, duration: Duration) -> Result<Stretch, Failure> {
    let outcome = load::open(server.url(), body, rate, WARM_UP, duration).await?;
    let stretch = Stretch::of(&outcome, duration.as_secs_f64());
    eprintln!(
        "{:.0} a second: {:.0} answered, p50 {:.0} ms, p99 {:.0} ms, {:.0} % refused, {} failed, {} lost",
        stretch.offered,
        stretch.goodput,
        stretch.p50,
        stretch.p99,
        100.0 * stretch.refused_share,
        stretch.failed,
        stretch.lost
    );
    Ok(stretch)
}

fn table(measured: &[(Which, Figures)], args: &Args, machine: &Value) -> String {
    let mut text = format!(
        "# Overload\n\n`polygraph-bench overload`: {} cores, {}, commit {}; {} rounds of {} s, medians. What is asked for is \
         `newest`, without\nthe result cache. Requests come at random moments, whether or not those before were answered.\n",
        machine["cores"],
        machine["processor"].as_str().unwrap_or_default(),
        machine["commit"].as_str().unwrap_or_default(),
        args.rounds,
        args.seconds,
    );
    for (which, figures) in measured {
        // Writing to a string can't fail.
        let _ = write!(
            text,
            "\n## {}\n\nA closed loop of {CLIENTS} clients gets {:.0} answers a second.\n\n\
             | | asked per second | answered | p50 | p99 | refused | of those p99 | failed | lost |\n\
             |---|---:|---:|---:|---:|---:|---:|---:|---:|\n",
            which.name(),
            figures.saturation
        );
        for (name, stretches) in [("1 ×", &figures.at_saturation[..]), ("10 ×", &figures.overloaded)] {
            text += &row(name, stretches);
        }
        text += &row("10 ×, without admission control", std::slice::from_ref(&figures.uncontrolled));
        let mark = |is_met: bool| if is_met { "met" } else { "**missed**" };
        let (longer, left) = (figures.longer(), figures.left());
        let _ = write!(
            text,
            "\n| budget at 10 × | measured | |\n|---|---:|---|\n\
             | p99 ≤ {LONGER_AT_MOST} × that at 1 × | {longer:.2} × | {} |\n\
             | goodput ≥ {:.0} % of that at 1 × | {:.0} % | {} |\n\n\
             Memory: {:.0} MiB resident before, {:.0} MiB at most.\n",
            mark(longer <= LONGER_AT_MOST),
            100.0 * LEFT_AT_LEAST,
            100.0 * left,
            mark(left >= LEFT_AT_LEAST),
            figures.resident_before as f64 / f64::from(1 << 20),
            figures.peak as f64 / f64::from(1 << 20),
        );
    }
    text
}

fn row(name: &str, stretches: &[Stretch]) -> String {
    let median = |value| Figures::median(stretches, value);
    let sum = |value: fn(&Stretch) -> u64| stretches.iter().map(value).sum::<u64>();
    let (failed, lost) = (sum(|stretch| stretch.failed), sum(|stretch| stretch.lost));
    format!(
        "| {name} | {:.0} | {:.0} | {} | {} | {:.0} % | {} | {failed} | {lost} |\n",
        median(|stretch| stretch.offered),
        median(|stretch| stretch.goodput),
        millis(median(|stretch| stretch.p50)),
        millis(median(|stretch| stretch.p99)),
        median(|stretch| 100.0 * stretch.refused_share),
        millis(median(|stretch| stretch.refused_p99)),
    )
}

/// A time, where there was anything to take it of.
fn millis(time: f64) -> String {
    if time.is_nan() { "–".to_owned() } else { format!("{time:.0} ms") }
}
