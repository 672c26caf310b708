//! The crash test: clients write, something is killed with SIGKILL, and what is left is held to what was acknowledged.
//!
//! ```sh
//! cargo test --test crash                                        # 10 rounds on embedded stores, 10 on real ones
//! cargo test --test crash -- --stores real --rounds 200 --seed 7 # by hand
//! ```
//!
//! A [`model`] knows of every write whether it was acknowledged, refused, or of unknown outcome: its answer was lost,
//! or says `outcome: "UNKNOWN"`. After each [`round`], when the relay has caught up, readers must see all that was
//! acknowledged, nothing that was refused, and each write of unknown outcome as a whole or not at all, with exact
//! counts; then `polygraph verify` must find no difference. One world is used for all rounds of a set of stores.
//!
//! The seed makes the schedule: which operations each client throws, and when something is killed, counted in writes.
//! What the threads of several processes make of that differs from run to run.

mod api;
mod arguments;
mod check;
mod dice;
mod gateway;
mod libtest;
mod load;
mod model;
mod operation;
mod plan;
mod round;
mod sessions;
mod snapshot;
mod stores;
mod summary;
mod world;

use std::process::ExitCode;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use clap::Parser as _;

use arguments::{Arguments, print_names};
use load::{Shared, locked};
use round::{Kill, Players};
use summary::Summary;
use world::{Which, World};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.ask_for_names() {
        print_names(&arguments);
        return ExitCode::SUCCESS;
    }
    if !arguments.are_for_us() {
        return ExitCode::SUCCESS;
    }
    let seed = arguments.seed.unwrap_or_else(any_seed);
    let (rounds, clients) = (arguments.rounds, arguments.clients);
    println!("crash test: {rounds} rounds on each set of stores, {clients} clients, --seed {seed}");
    for which in arguments.sets() {
        if !play(*which, &arguments, seed).await {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Plays all rounds on one set of stores, up to the first that leaves a violation. Returns whether there was none.
async fn play(which: Which, arguments: &Arguments, seed: u64) -> bool {
    let world = World::open(which, arguments.binary.clone()).await;
    let (model, mut summary, began) = (Shared::default(), Summary::new(which), Instant::now());
    let players = Players { world: &world, model: &model, clients: arguments.clients, seed };
    let mut gateway = None;
    for round in 1..=arguments.rounds {
        let kill = Kill::of(seed, round, which == Which::Real);
        let before = {
            let mut model = locked(&model);
            model.journal.push(format!("round {round}"));
            model.tally
        };
        let report;
        (report, gateway) = players.play(round, kill, gateway).await;
        summary.add(kill, &report, before, locked(&model).tally);
        let violations = std::mem::take(&mut locked(&model).violations);
        if !violations.is_empty() {
            drop(gateway);
            let place = world.keep();
            let journal = locked(&model).journal.join("\n");
            std::fs::write(place.join("writes.log"), journal).expect("the writes are kept");
            println!("{}", violations.join("\n"));
            println!("FAILED in round {round}, --seed {seed}. Data, log and writes are in {}", place.display());
            return false;
        }
    }
    drop(gateway);
    let tally = locked(&model).tally;
    summary.print(tally, began.elapsed());
    true
}

/// A seed for those who don't care.
fn any_seed() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "each run without a seed is another one, and prints its seed")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::from(since.subsec_micros())
}
