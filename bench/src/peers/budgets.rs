//! The budgets that Polygraph is held to, each beside what was measured. They are ratios within one run.

use serde_json::{Value, json};

use super::contender::Role;
use super::explained::Explained;
use super::figures::{Figures, Measure};
use super::question::Question;
use super::rounds::Running;

/// How many times the requests of each peer Polygraph answers for a CPU-second, at least.
const OVER_PEERS: f64 = 3.0;
/// How many times the CPU time of the handler written by hand a feed costs, at most.
const OVER_FLOOR: f64 = 1.5;
/// The query that the latter is about.
const FEED: &str = "feed";
/// Microseconds that a single client waits beyond the stores for four levels of joins, at most.
const ADDED: f64 = 300.0;

/// A budget and what became of it.
#[derive(Clone)]
pub(crate) struct Budget {
    /// What is promised.
    pub(crate) promise: String,
    /// The query that it is promised for; `joins` is asked besides the others.
    pub(crate) question: &'static str,
    /// What was measured.
    pub(crate) measured: String,
    /// Whether it is kept.
    pub(crate) is_met: bool,
}

impl Budget {
    /// As JSON.
    pub(crate) fn json(&self) -> Value {
        let Self { promise, question, measured, is_met } = self;
        json!({ "promise": promise, "query": question, "measured": measured, "is_met": is_met })
    }
}

/// All budgets that this field lets be told.
pub(crate) fn of(figures: &Figures, field: &[Running], questions: &[Question], explained: &Explained) -> Vec<Budget> {
    let median = |question: &Question, contender: &Running, measure| {
        figures.summary(question.name, contender.name, measure).map(|summary| summary.median)
    };
    let Some(polygraph) = field.iter().find(|contender| contender.role == Role::Polygraph) else {
        return Vec::new();
    };
    let ratio =
        |question, other, measure| Some(median(question, polygraph, measure)? / median(question, other, measure)?);
    let per_cpu = |question, other| ratio(question, other, Measure::RequestsPerCpuSecond);
    let mut budgets = of_explained(questions, explained);
    for other in field {
        let each = questions.iter();
        match other.role {
            Role::Polygraph => {}
            Role::Peer => budgets.extend(each.filter_map(|question| {
                let times = per_cpu(question, other)?;
                Some(Budget {
                    promise: format!("requests per CPU-second ≥ {OVER_PEERS} × {}", other.title),
                    question: question.name,
                    measured: format!("{times:.2} ×"),
                    is_met: times >= OVER_PEERS,
                })
            })),
            Role::Floor => budgets.extend(each.filter(|question| question.name == FEED).filter_map(|question| {
                let times = per_cpu(question, other)?.recip();
                Some(Budget {
                    promise: format!("CPU ≤ {OVER_FLOOR} × {}", other.title),
                    question: question.name,
                    measured: format!("{times:.2} ×"),
                    is_met: times <= OVER_FLOOR,
                })
            })),
            Role::OtherLoader => budgets.extend(each.filter_map(|question| {
                let cpu = per_cpu(question, other)?.recip();
                let latency = ratio(question, other, Measure::SingleP50)?;
                Some(Budget {
                    promise: format!("less CPU and a lower p50 than {}", other.title),
                    question: question.name,
                    measured: format!("CPU {cpu:.2} ×, p50 {latency:.2} ×"),
                    is_met: cpu < 1.0 && latency < 1.0,
                })
            })),
        }
    }
    budgets
}

fn of_explained(questions: &[Question], explained: &Explained) -> Vec<Budget> {
    let one_batch = questions.iter().zip(&explained.batches).map(|(question, batches)| Budget {
        promise: "store calls: one per key space per level".to_owned(),
        question: question.name,
        measured: format!("{} on {} levels", batches.calls, batches.levels),
        is_met: batches.repeated == 0,
    });
    let added = explained.joins.first().map(|joins| Budget {
        promise: format!("added to the stores' time at one client ≤ {:.1} ms", ADDED / 1e3),
        question: "joins",
        measured: format!("{:.2} ms", joins.added / 1e3),
        is_met: joins.added <= ADDED,
    });
    one_batch.chain(added).collect()
}
