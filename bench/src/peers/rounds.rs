//! The measurement: everybody is asked everything, one after the other, in turns.

use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::compare::difference;
use super::contender::{Contender, Role};
use super::figures::{Figures, Turn};
use super::load::{self, Load, Outcome};
use super::question::Question;
use super::wire::{Connection, Viewer, headers};
use crate::Failure;
use crate::gateway::Gateway;

/// How many clients ask at once where throughput is measured.
pub(crate) const CROWD: usize = 64;

/// Asking before a contender's first turn at a question, which is not measured: code is compiled, connections are
/// opened, caches fill.
const WARM_UP: Duration = Duration::from_millis(700);
/// How much of a turn belongs to a single client.
const SINGLE: f64 = 0.3;
/// The least that is measured, however little time is left.
const LEAST: Duration = Duration::from_millis(200);

/// How the time is shared out among the turns that are left.
struct Pace {
    end: Instant,
    turns_left: u32,
}

impl Pace {
    /// The time of the next turn. Turns that took longer are made up for by those that follow.
    fn next(&mut self) -> Duration {
        let left = self.end.saturating_duration_since(Instant::now());
        let share = left / self.turns_left.max(1);
        self.turns_left = self.turns_left.saturating_sub(1);
        share
    }
}

/// A contender that serves.
pub(crate) struct Running {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) role: Role,
    /// The memory that it had when it was weighed.
    pub(crate) resident_bytes: u64,
    gateway: Gateway,
}

impl Running {
    /// Starts a contender.
    pub(crate) fn start(contender: Contender) -> Result<Self, Failure> {
        let Contender { name, title, role, command } = contender;
        Ok(Self { name, title, role, resident_bytes: 0, gateway: Gateway::start(command)? })
    }

    /// Where it answers.
    pub(crate) fn url(&self) -> &str {
        self.gateway.url()
    }

    /// Looks how much memory it has at the moment.
    pub(crate) fn weigh(&mut self) -> Result<(), Failure> {
        self.resident_bytes = self.gateway.resident_bytes()?;
        Ok(())
    }
}

/// Who took part, by name.
pub(crate) fn contenders_json(field: &[Running]) -> Value {
    let contenders = field.iter().map(|contender| {
        let Running { name, title, role, resident_bytes, .. } = contender;
        ((*name).to_owned(), json!({ "title": title, "role": role.name(), "resident_bytes": resident_bytes }))
    });
    Value::Object(contenders.collect())
}

/// Asks everybody everything once, and fails where an answer is not the first contender's, value by value. What is
/// returned is the load for each contender and question, in their order.
pub(crate) async fn compare(
    field: &[Running],
    questions: &[Question],
    viewer: &Viewer,
) -> Result<Vec<Vec<Rc<Load>>>, Failure> {
    let mut loads = Vec::with_capacity(field.len());
    let mut expected = Vec::with_capacity(questions.len());
    for contender in field {
        let mut connection = Connection::open(contender.url()).await?;
        let mut of_contender = Vec::with_capacity(questions.len());
        for (at, question) in questions.iter().enumerate() {
            let named = |error: Failure| format!("{}, {}: {error}", contender.title, question.name);
            let headers = headers(question, viewer)?;
            let answer = connection.ask(&headers, &question.body).await.map_err(named)?;
            let data = question.data(&answer).map_err(named)?;
            if let Some(expected) = expected.get(at) {
                if let Some(difference) = difference(expected, &data) {
                    return Err(named(format!("not {}'s answer: {difference}", field[0].title).into()).into());
                }
            } else {
                expected.push(data);
            }
            of_contender.push(Rc::new(Load {
                headers,
                requests: vec![(question.body.clone(), answer.len())],
                is_expected: |_| true,
            }));
        }
        loads.push(of_contender);
    }
    Ok(loads)
}

/// Measures every contender at every question so many times, within about `time`. The order of the contenders is
/// turned around every round, and all answer one question before the next is asked, so that whatever else the machine
/// does meets them alike.
pub(crate) async fn measure(
    field: &[Running],
    questions: &[Question],
    loads: &[Vec<Rc<Load>>],
    rounds: usize,
    time: Duration,
) -> Result<Figures, Failure> {
    let turns_left = u32::try_from(rounds * questions.len() * field.len())?;
    let mut pace = Pace { end: Instant::now() + time, turns_left };
    let mut tails = vec![vec![None; questions.len()]; field.len()];
    let mut figures = Figures::default();
    for round in 0..rounds {
        for (at, question) in questions.iter().enumerate() {
            eprintln!("round {} of {rounds}: {}", round + 1, question.title);
            for place in 0..field.len() {
                let place = if round % 2 == 0 { place } else { field.len() - 1 - place };
                let turn = turn(&field[place].gateway, &loads[place][at], pace.next(), &mut tails[place][at]).await;
                let turn = turn.map_err(|error| format!("{}, {}: {error}", field[place].title, question.name))?;
                figures.add(question.name, field[place].name, turn);
            }
        }
    }
    Ok(figures)
}

/// One turn within about `time`. A crowd's last requests are answered some time after the others: `tail`, which is
/// not known before the first turn.
async fn turn(
    gateway: &Gateway,
    load: &Rc<Load>,
    time: Duration,
    tail: &mut Option<Duration>,
) -> Result<Turn, Failure> {
    let began = Instant::now();
    let under = |clients, duration| load::run(gateway, Rc::clone(load), clients, duration);
    let expected = match *tail {
        Some(tail) => tail,
        None => tail_of(&under(CROWD, WARM_UP).await?, WARM_UP),
    };
    let single = under(1, time.mul_f64(SINGLE).max(LEAST)).await?;
    let duration = time.saturating_sub(began.elapsed() + expected).max(LEAST);
    let crowd = under(CROWD, duration).await?;
    *tail = Some(tail_of(&crowd, duration));
    Ok(Turn { single, crowd })
}

fn tail_of(outcome: &Outcome, duration: Duration) -> Duration {
    Duration::from_secs_f64(outcome.seconds).saturating_sub(duration)
}
