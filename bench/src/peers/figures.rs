//! What was measured, round by round, and what is told of it: medians, and how far the rounds lie apart.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::load::Outcome;

/// A contender's turn at a question.
pub(crate) struct Turn {
    /// One client.
    pub(crate) single: Outcome,
    /// Many.
    pub(crate) crowd: Outcome,
}

/// Something that is told of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    /// Requests that a second of the server's CPU time answers, under many clients.
    RequestsPerCpuSecond,
    /// Requests that a second answers, under many clients.
    RequestsPerSecond,
    /// CPU time of the server for a request of a single client, in microseconds.
    SingleCpu,
    /// Microseconds that half of a single client's requests took at most.
    SingleP50,
    /// Microseconds that 99 % of a single client's requests took at most.
    SingleP99,
    /// Microseconds that half of many clients' requests took at most.
    CrowdP50,
    /// Microseconds that 99 % of many clients' requests took at most.
    CrowdP99,
}

impl Measure {
    /// All of them.
    pub(crate) const ALL: [Self; 7] = [
        Self::RequestsPerCpuSecond,
        Self::RequestsPerSecond,
        Self::SingleCpu,
        Self::SingleP50,
        Self::SingleP99,
        Self::CrowdP50,
        Self::CrowdP99,
    ];

    /// Its name in the figures, with its unit.
    fn name(self) -> &'static str {
        match self {
            Self::RequestsPerCpuSecond => "requests_per_cpu_second_at_64",
            Self::RequestsPerSecond => "requests_per_second_at_64",
            Self::SingleCpu => "cpu_us_per_request_at_1",
            Self::SingleP50 => "p50_us_at_1",
            Self::SingleP99 => "p99_us_at_1",
            Self::CrowdP50 => "p50_us_at_64",
            Self::CrowdP99 => "p99_us_at_64",
        }
    }

    fn of(self, turn: &Turn) -> f64 {
        let Turn { single, crowd } = turn;
        match self {
            Self::RequestsPerCpuSecond => crowd.requests as f64 / crowd.cpu_seconds,
            Self::RequestsPerSecond => crowd.requests as f64 / crowd.seconds,
            Self::SingleCpu => single.cpu_seconds * 1e6 / single.requests as f64,
            Self::SingleP50 => single.percentile(50),
            Self::SingleP99 => single.percentile(99),
            Self::CrowdP50 => crowd.percentile(50),
            Self::CrowdP99 => crowd.percentile(99),
        }
    }
}

/// A measure over all rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Summary {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Summary {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_unstable_by(f64::total_cmp);
        let (middle, last) = (values.len() / 2, values.len() - 1);
        let median = if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 };
        Self { median, least: values[0], most: values[last] }
    }

    /// How far the rounds lie from the median at most, in percent of it.
    pub(crate) fn spread(&self) -> f64 {
        (self.most - self.median).max(self.median - self.least) / self.median * 100.0
    }
}

/// All turns, by question and contender.
#[derive(Default)]
pub(crate) struct Figures {
    turns: BTreeMap<(&'static str, &'static str), Vec<Turn>>,
}

impl Figures {
    /// Adds a round's turn.
    pub(crate) fn add(&mut self, question: &'static str, contender: &'static str, turn: Turn) {
        self.turns.entry((question, contender)).or_default().push(turn);
    }

    /// A measure of a contender at a question, if it had a turn.
    pub(crate) fn summary(&self, question: &'static str, contender: &'static str, measure: Measure) -> Option<Summary> {
        let turns = self.turns.get(&(question, contender))?;
        Some(Summary::of(turns.iter().map(|turn| measure.of(turn)).collect()))
    }

    /// How many requests there were of a contender at a question, and how many answers were not as they should be.
    pub(crate) fn unexpected(&self, question: &'static str, contender: &'static str) -> (u64, u64) {
        let turns = self.turns.get(&(question, contender)).into_iter().flatten();
        turns.flat_map(|turn| [&turn.single, &turn.crowd]).fold((0, 0), |(requests, unexpected), outcome| {
            (requests + outcome.requests, unexpected + outcome.unexpected)
        })
    }

    /// Everything, as JSON: question → contender → measure → median, least, most.
    pub(crate) fn json(&self) -> Value {
        let mut questions = Map::new();
        for &(question, contender) in self.turns.keys() {
            let measures = Measure::ALL.iter().filter_map(|&measure| {
                let Summary { median, least, most } = self.summary(question, contender, measure)?;
                let [median, least, most] = [median, least, most].map(|value| (value * 10.0).round() / 10.0);
                Some((measure.name().to_owned(), json!({ "median": median, "least": least, "most": most })))
            });
            let measures = Value::Object(measures.collect());
            questions.entry(question).or_insert_with(|| json!({}))[contender] = measures;
        }
        Value::Object(questions)
    }
}

#[cfg(test)]
mod tests {
    use super::Summary;

    #[test]
    fn the_median_is_in_the_middle() {
        let summary = Summary::of(vec![3.0, 1.0, 2.0]);
        assert_eq!(summary, Summary { median: 2.0, least: 1.0, most: 3.0 });
        assert_eq!(summary.spread(), 50.0);
        assert_eq!(Summary::of(vec![4.0, 1.0, 2.0, 3.0]).median, 2.5);
    }
}
