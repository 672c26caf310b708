//! Polygraph beside others that answer the same queries from the same stores.
//!
//! What is compared is what a request costs: the CPU time of the server's process, its threads and its children.
//! Stores and whoever asks have the same cores, but their time is not counted.

pub(crate) mod budgets;
pub(crate) mod calls;
pub(crate) mod compare;
pub(crate) mod contender;
mod explained;
pub(crate) mod figures;
pub(crate) mod load;
mod plot;
pub(crate) mod question;
pub(crate) mod rounds;
pub(crate) mod table;
mod tap;
pub(crate) mod wire;
pub(crate) mod world;

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use serde_json::{Map, Value, json};

use crate::{Failure, Which, machine};
pub(crate) use wire::{Connection, json_headers};

use budgets::Budget;
use calls::{AllCalls, Tapped};
use contender::{Contender, Role};
use explained::Added;
use figures::Figures;
use question::Question;
use rounds::{CROWD, Running};
use world::World;

/// How Polygraph and others are measured.
#[derive(Debug, Parser)]
pub(crate) struct Args {
    /// Less than two minutes in two rounds in place of ten in five: for a look, not for figures.
    #[arg(long)]
    quick: bool,

    /// How many minutes everything that is measured takes together.
    #[arg(long, value_name = "MINUTES")]
    minutes: Option<f64>,

    /// How many times everybody is asked everything.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    rounds: Option<u16>,

    /// Only these, by their names in the figures, beside Polygraph; may be given several times.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,

    /// The directory for the figures, the tables and the plot.
    #[arg(long, value_name = "PATH", default_value = "bench/results")]
    pub(crate) out: PathBuf,

    /// What a reader of the figures should know; may be given several times.
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Vec<String>,
}

impl Args {
    pub(crate) fn time(&self) -> Result<Duration, Failure> {
        let minutes = self.minutes.unwrap_or(if self.quick { 1.7 } else { 10.0 });
        Ok(Duration::try_from_secs_f64(minutes * 60.0)?)
    }

    pub(crate) fn rounds(&self) -> usize {
        self.rounds.map_or(if self.quick { 2 } else { 5 }, usize::from)
    }

    /// Those who take part.
    pub(crate) fn chosen(&self, all: Vec<Contender>) -> Result<Vec<Contender>, Failure> {
        if let Some(stranger) = self.only.iter().find(|name| all.iter().all(|contender| contender.name != **name)) {
            let names: Vec<&str> = all.iter().map(|contender| contender.name).collect();
            return Err(format!("{stranger} is none of {}", names.join(", ")).into());
        }
        let is_chosen = |contender: &Contender| {
            let is_named = self.only.is_empty() || self.only.iter().any(|name| name == contender.name);
            is_named || contender.role == Role::Polygraph
        };
        Ok(all.into_iter().filter(is_chosen).collect())
    }
}

/// Compares all answers, measures, prints tables and keeps the figures.
pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let (time, rounds) = (args.time()?, args.rounds());
    let world = World::make(Which::Real, "peers").await?;
    let questions = question::all()?;
    let chosen = args.chosen(contender::all(&world.binary)?)?;
    let mut field = chosen.into_iter().map(Running::start).collect::<Result<Vec<_>, _>>()?;
    let loads = rounds::compare(&field, &questions, &world.viewer).await?;
    eprintln!("{} contenders give the same answers to {} queries", field.len(), questions.len());
    let names: Vec<&'static str> = field.iter().map(|contender| contender.name).collect();
    let tapped = Tapped::open(&world.binary).await?;
    let all = contender::all(&tapped.binary)?;
    let calls = calls::count(&tapped, all, &names, &questions, &world.viewer, |_| true).await?;
    eprintln!("their store calls are counted");
    let explained = explained::ask(&field, &questions, &world.viewer).await?;
    let figures = rounds::measure(&field, &questions, &loads, rounds, time).await?;
    for contender in &mut field {
        contender.weigh()?;
    }
    let report = Report {
        budgets: budgets::of(&figures, &field, &questions, &explained),
        figures: &figures,
        calls: &calls,
        joins: &explained.joins,
        field: &field,
        questions: &questions,
        machine: machine::describe()?,
        notes: &args.note,
        rounds,
        minutes: time.as_secs_f64() / 60.0,
    };
    let tables = table::markdown(&report);
    std::fs::create_dir_all(&args.out)?;
    std::fs::write(args.out.join("peers.json"), format!("{:#}\n", report.json()))?;
    std::fs::write(args.out.join("peers.md"), &tables)?;
    if let Some(plot) = plot::svg(&report) {
        std::fs::write(args.out.join("peers.svg"), plot)?;
    }
    println!("{tables}");
    Ok(())
}

/// All that is told of a run.
struct Report<'a> {
    figures: &'a Figures,
    calls: &'a AllCalls,
    joins: &'a [Added],
    field: &'a [Running],
    questions: &'a [Question],
    budgets: Vec<Budget>,
    machine: Value,
    notes: &'a [String],
    rounds: usize,
    /// How long everything that was measured was to take together.
    minutes: f64,
}

impl Report<'_> {
    fn json(&self) -> Value {
        let joins = self.joins.iter().map(|added| (added.contender.to_owned(), added.json()));
        json!({
            "machine": self.machine,
            "notes": self.notes,
            "rounds": self.rounds,
            "minutes": self.minutes,
            "clients": [1, CROWD],
            "contenders": rounds::contenders_json(self.field),
            "queries": self.figures.json(),
            "store_calls": self.calls.json(),
            "four_levels": Value::Object(joins.collect::<Map<_, _>>()),
            "budgets": self.budgets.iter().map(Budget::json).collect::<Vec<_>>(),
        })
    }
}
