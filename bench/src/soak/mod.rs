//! An hour of reads and writes at 70 % of what can be done, on real stores one of which is killed every five minutes: what
//! is missing from answers that the documentation does not allow, and whether memory grows.

mod ledger;
mod load;
mod matrix;
mod memory;
mod mix;
mod plot;
mod report;
mod stores;

use std::cell::RefCell;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::LocalSet;

use self::ledger::Ledger;
use self::load::{Api, Crowd};
use self::matrix::Matrix;
use self::report::Report;
use self::stores::{Outages, Servers, Stopping, Store};
use crate::gateway::{Binary, Gateway, RESULT_CACHE_TTL};
use crate::{Failure, Which, machine};

/// As many as are executed at once by default, on two cores.
const CLIENTS: usize = 32;
/// Asked before anything counts: servers on a JVM are slow at first.
const WARM_UP: Duration = Duration::from_secs(20);
/// How long and how often it is measured what can be done.
const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(10);
/// The share of it that is asked for.
const SHARE: f64 = 0.7;
/// After that nothing is asked for so long: what the gateway and its stores had too much of is done, and those that it left
/// alone are found again.
const CALM: Duration = Duration::from_secs(15);
/// Between two samples of memory.
const SAMPLED_EVERY: Duration = Duration::from_secs(2);
/// Between two looks at whether the gateway has seen that a store is back, and the longest that it is looked.
const BREATH: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(60);

/// How long, how much, and how often a store is killed.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How long it is asked.
    #[arg(long, value_name = "MINUTES", default_value_t = 60)]
    minutes: u64,

    /// The time from one kill to the next, in seconds. The first one is in the middle of the first such time.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    kill_every: u64,

    /// How long a store is down.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    down_for: u64,

    /// How many seconds at the start memory may still grow.
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    warm_up: u64,

    /// Requests per second, in place of 70 % of what a closed loop gets: where others use the machine as well.
    #[arg(long, value_name = "NUMBER")]
    rate: Option<f64>,

    /// The directory for the figures.
    #[arg(long, value_name = "PATH", default_value = "bench/results")]
    out: PathBuf,

    /// The file for the graph.
    #[arg(long, value_name = "PATH", default_value = "docs/soak.svg")]
    graph: PathBuf,
}

/// Runs it, prints a summary, and keeps figures and graph.
pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    // Before anything: the commit may be another one in an hour.
    let machine = machine::describe()?;
    let home = Path::new("target").canonicalize()?;
    let servers = Servers::start(&home.join("soak-stores"))?;
    let _stopping = Stopping(&servers);
    let directory = tempfile::Builder::new().prefix("soak-").tempdir_in(&home)?;
    let binary = Binary::new(Which::Embedded, directory.path(), "soak")?.with(servers.variables()?);
    // Results are kept, as they are where nobody says anything.
    let binary = binary.without(&[RESULT_CACHE_TTL]);
    let seeded = binary.command(&["seed".to_owned()]).stdout(Stdio::null()).status()?;
    if !seeded.success() {
        return Err(format!("seeding failed: {seeded}").into());
    }
    let log = home.join("soak.log");
    let mut serve = binary.command(&[]);
    serve.stderr(File::create(&log)?);
    let gateway = Gateway::start(serve)?;
    eprintln!("the gateway on {} logs to {}", gateway.url(), log.display());
    let api = Api::new(gateway.url())?;
    let society = api.society().await?;
    let saturations = saturations(&api, &society).await?;
    tokio::time::sleep(CALM).await;
    let rate = args.rate.unwrap_or(SHARE * saturations[ROUNDS / 2]);
    eprintln!("{saturations:.0?} answers a second can be made; {rate:.0} are asked for");

    let (began, lasts) = (Instant::now(), Duration::from_secs(60 * args.minutes));
    let crowd = Rc::new(Crowd {
        api,
        society,
        matrix: Matrix::read()?,
        outages: Outages::default(),
        ledger: RefCell::new(Ledger::new(began, lasts)),
    });
    let end = began + lasts;
    let local = LocalSet::new();
    let all = async {
        tokio::try_join!(
            crowd.ask_until(end, rate),
            sample(&crowd, &gateway, end),
            kill(&crowd, &servers, &args, began, end)
        )
    };
    local.run_until(all).await?;
    let peak = gateway.peak_bytes()?;
    let verified = verify(&binary)?;
    gateway.stop()?;
    let report = Report {
        ledger: &crowd.ledger.borrow(),
        outages: &crowd.outages.all(),
        log: std::fs::read_to_string(&log)?,
        args: &args,
        machine,
        saturations,
        rate,
        began,
        peak,
        verified,
    };
    report.keep()
}

/// What a closed loop gets in each of the rounds, ascending.
async fn saturations(api: &Api, society: &mix::Society) -> Result<[f64; ROUNDS], Failure> {
    api.saturation(society, CLIENTS, WARM_UP).await?;
    let mut rates = [0.0; ROUNDS];
    for rate in &mut rates {
        *rate = api.saturation(society, CLIENTS, ROUND).await?;
    }
    rates.sort_unstable_by(f64::total_cmp);
    Ok(rates)
}

/// Looks at the gateway's memory now and then.
async fn sample(crowd: &Crowd, gateway: &Gateway, end: Instant) -> Result<(), Failure> {
    while Instant::now() < end {
        let load = std::fs::read_to_string("/proc/loadavg")?;
        let load = load.split_whitespace().next().and_then(|load| load.parse().ok()).unwrap_or(f64::NAN);
        crowd.ledger.borrow_mut().sample(gateway.resident_bytes()?, load);
        tokio::time::sleep(SAMPLED_EVERY).await;
    }
    Ok(())
}

/// Kills one store after the other, and starts each again, as long as there is time for it to come back.
async fn kill(crowd: &Crowd, servers: &Servers, args: &Args, began: Instant, end: Instant) -> Result<(), Failure> {
    let (every, down_for) = (Duration::from_secs(args.kill_every), Duration::from_secs(args.down_for));
    let mut next = began + every / 2;
    for store in Store::ALL.into_iter().cycle() {
        if next + down_for + every / 4 > end {
            break;
        }
        tokio::time::sleep_until(next.into()).await;
        let at = began.elapsed().as_secs();
        eprintln!("{at} s: {} is killed", store.name());
        crowd.outages.begin(store);
        let (killing, starting) = (servers.clone(), servers.clone());
        tokio::task::spawn_blocking(move || killing.kill(store)).await??;
        tokio::time::sleep_until((next + down_for).into()).await;
        tokio::task::spawn_blocking(move || starting.start_again(store)).await??;
        crowd.outages.is_back();
        let back = Instant::now();
        while !crowd.api.is_ready().await {
            if back.elapsed() > PATIENCE {
                return Err(format!("the gateway does not see that {} is back", store.name()).into());
            }
            tokio::time::sleep(BREATH).await;
        }
        crowd.outages.is_seen();
        let (at, healed) = (began.elapsed().as_secs(), back.elapsed().as_secs_f64());
        let outside = crowd.ledger.borrow().findings();
        eprintln!("{at} s: {} is back, seen after {healed:.1} s; outside so far: {outside:?}", store.name());
        next += every;
    }
    Ok(())
}

/// Whether truth, counts and index agree in the end, and what `polygraph verify` says.
fn verify(binary: &Binary) -> Result<(bool, String), Failure> {
    let output = binary.command(&["verify".to_owned()]).output()?;
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Ok((output.status.success(), said.concat()))
}
