//! `extensions.explain`: what a request asked of the stores, level by level.

use serde_json::{Value, json};

use crate::ports::{Step, Trail};

/// What is to be explained beside the response.
#[derive(Debug, Clone)]
pub struct Explain {
    /// The trail that the request's calls leave.
    pub trail: Trail,
    /// What the result cache would have done: `off`, `hit` or `miss`. An explained request is always executed.
    pub cache: &'static str,
}

impl Explain {
    pub(super) fn describe(&self, cost: u64) -> Value {
        let steps = self.trail.steps();
        let highest = steps.iter().map(|step| step.level).max().unwrap_or(0);
        let batches = |level| steps.iter().filter(|step| step.level == level).map(batch).collect::<Vec<_>>();
        let levels: Vec<_> = (1..=highest).map(|level| json!({ "batches": batches(level) })).collect();
        json!({ "cost": cost, "cache": self.cache, "levels": levels })
    }
}

fn batch(step: &Step) -> Value {
    let mut batch = json!({
        "store": step.role.name(),
        "port": step.method,
        "keys": step.keys,
        "rows": step.ended.and_then(|ended| ended.rows.ok()),
        "micros": step.ended.map(|ended| ended.took.as_micros() as u64),
    });
    if let Some(omitted) = step.omitted {
        batch["omitted"] = json!(omitted);
    }
    if let Some(Err(kind)) = step.ended.map(|ended| ended.rows) {
        batch["failed"] = json!(format!("{kind:?}"));
    }
    batch
}
