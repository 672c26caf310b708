//! The budgets of cached answers, as ratios within one run.

use super::contenders::{BARE_CONSTANT, BARE_REDIS, IN_PROCESS, POLYGRAPH};
use crate::peers::budgets::Budget;
use crate::peers::contender::Role;
use crate::peers::figures::{Figures, Measure};
use crate::peers::question::Question;
use crate::peers::rounds::Running;

/// The share of a bare handler's requests per CPU-second that Polygraph reaches at least: with an answer from Redis, and
/// with one at hand.
const OF_BARE: [(&str, &str, f64); 2] = [(POLYGRAPH, BARE_REDIS, 0.80), (IN_PROCESS, BARE_CONSTANT, 0.85)];
/// How many times those of other servers with their caches in the same Redis, at least.
const OVER_PEERS: f64 = 3.0;

/// All budgets that this field lets be told.
pub(crate) fn of(figures: &Figures, field: &[Running], questions: &[Question]) -> Vec<Budget> {
    let pairs = OF_BARE.iter().copied().chain(
        field.iter().filter(|contender| contender.role == Role::Peer).map(|peer| (POLYGRAPH, peer.name, OVER_PEERS)),
    );
    let mut budgets = Vec::new();
    for (own, other, least) in pairs {
        let Some(title) = field.iter().find(|contender| contender.name == other).map(|found| found.title) else {
            continue;
        };
        for question in questions {
            let median = |name| figures.summary(question.name, name, Measure::RequestsPerCpuSecond);
            let (Some(own), Some(other)) = (median(own), median(other)) else { continue };
            let times = own.median / other.median;
            budgets.push(Budget {
                promise: format!("requests per CPU-second ≥ {least} × {title}"),
                question: question.name,
                measured: format!("{times:.2} ×"),
                is_met: times >= least,
            });
        }
    }
    budgets
}
