//! What was heard in all: counts, latencies, and what has no excuse.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::matrix::{Symptom, Verdict};
use super::mix::Question;
use super::stores::{Outage, Store};

/// How long a stretch of the graph is.
pub(super) const STRETCH: Duration = Duration::from_secs(15);
/// How many answers of a kind are kept as examples, and how much of each.
const EXAMPLES: usize = 3;
const EXAMPLE_LENGTH: usize = 600;

/// What was heard, and what was measured, in a stretch of time.
#[derive(Debug, Default, Clone)]
pub(super) struct Stretch {
    pub(super) whole: u64,
    pub(super) allowed: u64,
    pub(super) overloaded: u64,
    pub(super) outside: u64,
    /// Samples of the gateway's resident memory, in bytes.
    pub(super) resident: Vec<u64>,
    /// Processes of the machine that run or want to, at the end.
    pub(super) load: f64,
}

impl Stretch {
    pub(super) fn answers(&self) -> u64 {
        self.whole + self.allowed + self.overloaded + self.outside
    }

    pub(super) fn resident(&self) -> Option<u64> {
        median(&self.resident)
    }
}

/// The middle one of some values.
pub(super) fn median(values: &[u64]) -> Option<u64> {
    let mut values = values.to_vec();
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

/// Something without an excuse.
#[derive(Debug, Default)]
struct Finding {
    count: u64,
    examples: Vec<Value>,
}

/// All that was heard since `began`.
pub(super) struct Ledger {
    began: Instant,
    /// How many stretches there are in all: answers that come after the end count in the last one.
    length: usize,
    stretches: Vec<Stretch>,
    /// How often what was missing while which stores were down, as the matrix allows.
    allowed: BTreeMap<(String, Symptom), u64>,
    outside: BTreeMap<(String, Symptom), Finding>,
    /// Microseconds until whole answers, while all stores were up and while one was down.
    latencies: [Vec<u32>; 2],
}

/// An answer, for the ledger.
pub(super) struct Heard<'a> {
    pub(super) question: &'static Question,
    /// When it was to be sent.
    pub(super) due: Instant,
    pub(super) down: &'a [Store],
    /// What came back, or why nothing did.
    pub(super) text: &'a str,
}

impl Ledger {
    pub(super) fn new(began: Instant, lasts: Duration) -> Self {
        let length = (lasts.as_secs_f64() / STRETCH.as_secs_f64()).ceil() as usize;
        let latencies = [Vec::new(), Vec::new()];
        Self { began, length, stretches: Vec::new(), allowed: BTreeMap::new(), outside: BTreeMap::new(), latencies }
    }

    fn stretch(&mut self) -> &mut Stretch {
        let place = (self.began.elapsed().as_secs_f64() / STRETCH.as_secs_f64()) as usize;
        let place = place.min(self.length.saturating_sub(1));
        if self.stretches.len() <= place {
            self.stretches.resize(place + 1, Stretch::default());
        }
        &mut self.stretches[place]
    }

    /// Takes a sample of the gateway's memory, in bytes, and of the machine's load.
    pub(super) fn sample(&mut self, resident: u64, load: f64) {
        let stretch = self.stretch();
        stretch.resident.push(resident);
        stretch.load = load;
    }

    /// Takes an answer.
    pub(super) fn hear(&mut self, heard: &Heard<'_>, verdict: Verdict) {
        let down = names(heard.down);
        match verdict {
            Verdict::Whole => {
                self.stretch().whole += 1;
                let latency = u32::try_from(heard.due.elapsed().as_micros()).unwrap_or(u32::MAX);
                self.latencies[usize::from(!heard.down.is_empty())].push(latency);
            }
            Verdict::Overloaded => self.stretch().overloaded += 1,
            Verdict::Allowed(symptoms) => {
                self.stretch().allowed += 1;
                for symptom in distinct(symptoms) {
                    *self.allowed.entry((down.clone(), symptom)).or_default() += 1;
                }
            }
            Verdict::Outside(symptoms) => {
                self.stretch().outside += 1;
                self.add(&down, distinct(symptoms), heard);
            }
        }
    }

    /// Nothing came back at all, which nothing excuses.
    pub(super) fn hear_nothing(&mut self, heard: &Heard<'_>) {
        let symptom = Symptom { place: "the request".to_owned(), what: "no answer".to_owned() };
        self.hear(heard, Verdict::Outside(vec![symptom]));
    }

    fn add(&mut self, down: &str, symptoms: Vec<Symptom>, heard: &Heard<'_>) {
        let at = heard.due.saturating_duration_since(self.began).as_secs_f64();
        let (took, load) = (heard.due.elapsed().as_secs_f64(), self.stretch().load);
        for symptom in symptoms {
            let finding = self.outside.entry((down.to_owned(), symptom)).or_default();
            finding.count += 1;
            if finding.examples.len() < EXAMPLES {
                finding.examples.push(json!({
                    "asked_at_second": at,
                    "answered_after_seconds": took,
                    "asked": heard.question.field,
                    "load_of_the_machine": load,
                    "answer": heard.text.chars().take(EXAMPLE_LENGTH).collect::<String>(),
                }));
            }
        }
    }

    pub(super) fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    pub(super) fn sum(&self, count: fn(&Stretch) -> u64) -> u64 {
        self.stretches.iter().map(count).sum()
    }

    /// The latency below which this share (in percent) of whole answers lie, in milliseconds.
    pub(super) fn percentile(&self, while_down: bool, percent: usize) -> f64 {
        let mut latencies = self.latencies[usize::from(while_down)].clone();
        latencies.sort_unstable();
        let last = latencies.len().saturating_sub(1);
        latencies.get(last * percent / 100).map_or(f64::NAN, |micros| f64::from(*micros) / 1_000.0)
    }

    /// What has no excuse, with counts.
    pub(super) fn findings(&self) -> Vec<String> {
        let line = |((down, Symptom { place, what }), Finding { count, .. }): (&(String, Symptom), &Finding)| {
            format!("{count} × {place}: {what} ({down})")
        };
        self.outside.iter().map(line).collect()
    }

    /// What was missing while a store was down: which one, what, how often.
    pub(super) fn allowances(&self) -> impl Iterator<Item = (&str, &Symptom, u64)> {
        self.allowed.iter().map(|((down, symptom), count)| (down.as_str(), symptom, *count))
    }

    pub(super) fn json(&self) -> Value {
        let allowed = self.allowances().map(|(down, Symptom { place, what }, count)| {
            json!({ "while": down, "place": place, "what": what, "count": count })
        });
        let outside = self.outside.iter().map(|((down, Symptom { place, what }), finding)| {
            let Finding { count, examples } = finding;
            json!({ "while": down, "place": place, "what": what, "count": count, "examples": examples })
        });
        let of = |value: fn(&Stretch) -> Value| self.stretches.iter().map(value).collect::<Vec<_>>();
        let latency =
            |while_down| json!({ "p50": self.percentile(while_down, 50), "p99": self.percentile(while_down, 99) });
        json!({
            "whole": self.sum(|stretch| stretch.whole),
            "allowed": self.sum(|stretch| stretch.allowed),
            "overloaded": self.sum(|stretch| stretch.overloaded),
            "outside": self.sum(|stretch| stretch.outside),
            "millis_while_all_are_up": latency(false),
            "millis_while_one_is_down": latency(true),
            "missing_as_the_matrix_allows": allowed.collect::<Vec<_>>(),
            "outside_the_matrix": outside.collect::<Vec<_>>(),
            "stretches": {
                "seconds": STRETCH.as_secs(),
                "whole": of(|stretch| stretch.whole.into()),
                "allowed": of(|stretch| stretch.allowed.into()),
                "overloaded": of(|stretch| stretch.overloaded.into()),
                "outside": of(|stretch| stretch.outside.into()),
                "resident_bytes": of(|stretch| stretch.resident().into()),
                "load_of_the_machine": of(|stretch| stretch.load.into()),
            },
        })
    }
}

/// A symptom that an answer has at several places of a list counts once for it.
fn distinct(mut symptoms: Vec<Symptom>) -> Vec<Symptom> {
    symptoms.sort_unstable();
    symptoms.dedup();
    symptoms
}

fn names(down: &[Store]) -> String {
    if down.is_empty() {
        return "all stores are up".to_owned();
    }
    format!("{} is down", down.iter().map(|store| store.name()).collect::<Vec<_>>().join(" and "))
}

/// An outage as JSON, in seconds since `began`.
pub(super) fn outage(outage: &Outage, began: Instant) -> Value {
    let since = |moment: Instant| moment.saturating_duration_since(began).as_secs_f64();
    json!({
        "store": outage.store.name(),
        "killed_at_second": since(outage.killed),
        "back_at_second": outage.back.map(since),
        "gateway_ready_after_seconds": outage.ready.map(|ready| ready.as_secs_f64()),
    })
}
