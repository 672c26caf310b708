//! The cache checker: clients read and write through several gateways while things fail, and no answer may be older than
//! a write that was acknowledged before the question.
//!
//! ```sh
//! cargo test --test cache_checker                                              # 50,000 reads, then a broken cache
//! cargo test --test cache_checker -- --gateways 5 --reads 1000000 --seed 7     # by hand
//! ```
//!
//! Everything that is written is a number that only grows, by one client each: the title of a post, the bio of a user.
//! Before a question the reader notes what was acknowledged of all that it asks for. Meanwhile gateways are killed, and
//! the cache's Redis, the test's own, is killed, stopped and continued, cut off for one gateway, left without memory,
//! and started again empty or with what it held some time ago. None of that may cost a reader the answer of a gateway
//! that lives.
//!
//! A checker that finds nothing shows nothing: in a second part what gateways tell the cache is falsified on its way,
//! and that must be found.

mod arguments;
mod board;
mod clients;
mod faults;
mod proxy;
mod redis;
mod world;

#[path = "../crash/api.rs"]
#[allow(dead_code, reason = "shared with the crash test, which uses more of it")]
mod api;
#[path = "../crash/dice.rs"]
mod dice;
#[path = "../crash/gateway.rs"]
#[allow(dead_code, reason = "shared with the crash test, which uses more of it")]
mod gateway;
#[path = "../crash/libtest.rs"]
mod libtest;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser as _;
use tokio_util::sync::CancellationToken;

use arguments::Arguments;
use board::Board;
use world::World;

/// How long a falsified cache may go unnoticed.
const NOTICED: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.ask_for_names() {
        if arguments.are_for_us() {
            println!("cache_checker: test");
        }
        return ExitCode::SUCCESS;
    }
    if !arguments.are_for_us() {
        return ExitCode::SUCCESS;
    }
    let Arguments { gateways, reads, seed, .. } = arguments;
    println!("cache checker: {gateways} gateways, {reads} reads, --seed {seed}");
    let board = play(&arguments, reads, false).await;
    if let Some(violation) = board.violation() {
        println!("{violation}\nFAILED, --seed {seed}");
        return ExitCode::FAILURE;
    }
    if board.hits() * 20 < board.reads() {
        println!("FAILED: only {} of {} answers came from the cache", board.hits(), board.reads());
        return ExitCode::FAILURE;
    }
    let began = Instant::now();
    let Some(violation) = play(&arguments, 0, true).await.violation() else {
        println!("FAILED: what the cache is told was falsified, and nobody noticed");
        return ExitCode::FAILURE;
    };
    println!("  a falsified invalidation was noticed in {} ms: {violation}", began.elapsed().as_millis());
    ExitCode::SUCCESS
}

/// Plays until so many answers were read and everything has failed once, or an answer was stale.
async fn play(arguments: &Arguments, reads: u64, falsified: bool) -> Board {
    let world = Arc::new(World::open(arguments, falsified).await);
    let board = Arc::new(Board::open(&world, arguments.clients).await);
    let (stop, began) = (CancellationToken::new(), Instant::now());
    let mut tasks = clients::spawn(&world, &board, arguments, &stop);
    if !falsified {
        tasks.push(tokio::spawn(faults::inject(Arc::clone(&world), arguments.seed, stop.clone())));
    }
    let is_over = || match falsified {
        true => began.elapsed() > NOTICED,
        false => board.reads() >= reads && world.faults_so_far() > faults::KINDS,
    };
    while !is_over() && board.violation().is_none() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stop.cancel();
    for task in tasks {
        task.await.expect("no task panics");
    }
    let board = Arc::into_inner(board).expect("nobody else looks at the board any more");
    if !falsified {
        board.print(began.elapsed());
        world.print();
        if board.violation().is_some() {
            Arc::into_inner(world).expect("nobody else looks at the world any more").keep_logs();
        }
    }
    board
}
