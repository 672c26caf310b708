//! Answers that are kept: Polygraph beside the least that they can cost, and beside the response caches of others.
//!
//! What is measured is what `peers` measures, in the same rounds. Nobody writes meanwhile.

mod bare;
mod budgets;
mod contenders;
mod mutations;
mod side;

use serde_json::{Value, json};

pub(crate) use bare::{Args as BareArgs, serve as serve_bare};

use crate::peers::budgets::Budget;
use crate::peers::calls::{self, AllCalls, Tapped};
use crate::peers::contender::Role;
use crate::peers::figures::Figures;
use crate::peers::question::Question;
use crate::peers::rounds::{self, CROWD, Running};
use crate::peers::{Args, table};
use crate::{Failure, Which, machine};
use contenders::is_in_process;
use mutations::RoundTrips;
use side::Side;

/// How long everybody keeps answers: longer than any run.
const TTL_SECONDS: u64 = 3_600;

/// Sees that answers are kept and right, measures, prints tables and keeps the figures.
pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let (time, rounds) = (args.time()?, args.rounds());
    let (mut shared, mut own) = (Side::make(Which::Real).await?, Side::make(Which::Embedded).await?);
    let questions = contenders::questions(&contenders::newest_posts(&shared.world.binary).await?)?;
    shared.learn(&questions).await?;
    own.learn(&questions).await?;
    let chosen = args.chosen(contenders::all(&shared.binary, &shared, &own)?)?;
    let mut field = chosen.into_iter().map(Running::start).collect::<Result<Vec<_>, _>>()?;
    let mut loads = Vec::with_capacity(field.len());
    for contender in &field {
        let side = if is_in_process(contender.name) { &own } else { &shared };
        loads.push(side.loads(contender, &questions).await?);
    }
    eprintln!("{} contenders keep the answers to {} queries, and they are right", field.len(), questions.len());
    let tapped = Tapped::open(&shared.binary).await?;
    let calls = count(&tapped, &shared, &own, &field, &questions).await?;
    eprintln!("their store calls are counted");
    let figures = rounds::measure(&field, &questions, &loads, rounds, time).await?;
    for contender in &mut field {
        contender.weigh()?;
    }
    // It writes, so it comes last.
    let round_trips = mutations::count(&tapped, &shared.world.viewer).await?;
    let report = Report {
        budgets: [budgets::of(&figures, &field, &questions), round_trips.budgets()].concat(),
        figures,
        calls,
        round_trips,
        field,
        questions,
        machine: machine::describe()?,
    };
    let tables = report.markdown();
    let minutes = time.as_secs_f64() / 60.0;
    let mut kept = json!({ "notes": args.note, "rounds": rounds, "minutes": minutes, "clients": [1, CROWD] });
    report.add_to(&mut kept);
    std::fs::create_dir_all(&args.out)?;
    std::fs::write(args.out.join("cached.json"), format!("{kept:#}\n"))?;
    std::fs::write(args.out.join("cached.md"), &tables)?;
    println!("{tables}");
    Ok(())
}

/// Counts what a kept answer asks of each store, and fails where it is anything but Redis: then it is not the cache that
/// answers. Where everything is in process there are no calls to count.
async fn count(
    tapped: &Tapped,
    shared: &Side,
    own: &Side,
    field: &[Running],
    questions: &[Question],
) -> Result<AllCalls, Failure> {
    let names: Vec<&'static str> =
        field.iter().map(|contender| contender.name).filter(|name| !is_in_process(name)).collect();
    let all = contenders::all(&tapped.binary, shared, own)?;
    let calls = calls::count(tapped, all, &names, questions, &shared.world.viewer, side::may_be_kept).await?;
    for question in questions {
        for name in &names {
            let of = calls.of(question.name, name).unwrap_or_default();
            if of.are_beyond_redis() {
                return Err(format!("{name} asks its stores for {}, which should be kept: {of}", question.name).into());
            }
        }
    }
    Ok(calls)
}

/// All that is told of a run.
struct Report {
    figures: Figures,
    calls: AllCalls,
    round_trips: RoundTrips,
    field: Vec<Running>,
    questions: Vec<Question>,
    budgets: Vec<Budget>,
    machine: Value,
}

impl Report {
    fn markdown(&self) -> String {
        let Self { figures, calls, field, questions, budgets, machine, .. } = self;
        let mut text = String::from("Answers that are kept. ");
        table::throughput(&mut text, figures, field, questions);
        table::latencies(&mut text, figures, field, questions);
        table::store_calls(&mut text, calls, field, questions);
        let columns: Vec<&str> = questions.iter().map(|question| question.name).chain(mutations::NAMES).collect();
        table::promises(&mut text, budgets, &columns);
        text.push_str("\nAnswers of Polygraph in the measured time that its cache did not give:\n\n");
        table::head(&mut text, &columns[..questions.len()], &[]);
        for contender in field.iter().filter(|contender| contender.role == Role::Polygraph) {
            let cell = |question: &Question| {
                let (requests, unexpected) = figures.unexpected(question.name, contender.name);
                format!("{unexpected} of {requests}")
            };
            table::row(&mut text, contender.title, questions.iter().map(cell));
        }
        table::measured_on(&mut text, machine);
        text
    }

    fn add_to(&self, kept: &mut Value) {
        kept["machine"] = self.machine.clone();
        kept["contenders"] = rounds::contenders_json(&self.field);
        kept["queries"] = self.figures.json();
        kept["store_calls"] = self.calls.json();
        kept["redis_round_trips"] = self.round_trips.json();
        kept["budgets"] = self.budgets.iter().map(Budget::json).collect();
    }
}
