//! The figures as tables in Markdown.

use std::fmt::Write as _;

use serde_json::Value;

use super::Report;
use super::budgets::Budget;
use super::calls::AllCalls;
use super::figures::{Figures, Measure, Summary};
use super::question::Question;
use super::rounds::Running;

/// Requests per CPU-second, latencies, memory and budgets.
pub(super) fn markdown(report: &Report<'_>) -> String {
    let Report { figures, calls, field, questions, budgets, machine, .. } = report;
    let mut text = String::new();
    throughput(&mut text, figures, field, questions);
    latencies(&mut text, figures, field, questions);
    store_calls(&mut text, calls, field, questions);
    four_levels(&mut text, report);
    let columns: Vec<&str> = questions.iter().map(|question| question.name).chain(["joins"]).collect();
    promises(&mut text, budgets, &columns);
    measured_on(&mut text, machine);
    text
}

/// Requests per CPU-second, and the memory of each.
pub(crate) fn throughput(text: &mut String, figures: &Figures, field: &[Running], questions: &[Question]) {
    text.push_str("Requests per CPU-second of the server, under 64 clients:\n\n");
    let per_cpu = |summary: Summary| format!("{} ±{:.0} %", thousands(summary.median), summary.spread());
    head(text, &names(questions), &["resident"]);
    for contender in field {
        let cell = |question: &Question| {
            figures
                .summary(question.name, contender.name, Measure::RequestsPerCpuSecond)
                .map_or_else(String::new, per_cpu)
        };
        let memory = format!("{:.0} MB", contender.resident_bytes as f64 / 1e6);
        row(text, contender.title, questions.iter().map(cell).chain([memory]));
    }
}

/// How long clients wait.
pub(crate) fn latencies(text: &mut String, figures: &Figures, field: &[Running], questions: &[Question]) {
    for (clients, p50, p99) in
        [("one client", Measure::SingleP50, Measure::SingleP99), ("64 clients", Measure::CrowdP50, Measure::CrowdP99)]
    {
        // Writing to a String can't fail, here and below.
        let _ = writeln!(text, "\nLatency with {clients}, p50 / p99 in milliseconds:\n");
        head(text, &names(questions), &[]);
        for contender in field {
            let milliseconds = |question: &Question, measure| {
                figures.summary(question.name, contender.name, measure).map_or(f64::NAN, |summary| summary.median / 1e3)
            };
            let cell = |question| format!("{:.2} / {:.2}", milliseconds(question, p50), milliseconds(question, p99));
            row(text, contender.title, questions.iter().map(cell));
        }
    }
}

/// What each store is asked.
pub(crate) fn store_calls(text: &mut String, calls: &AllCalls, field: &[Running], questions: &[Question]) {
    text.push_str("\nStore calls for a request, counted on the wire:\n\n");
    head(text, &names(questions), &[]);
    for contender in field {
        let cell = |question: &Question| {
            calls.of(question.name, contender.name).map_or_else(String::new, |calls| calls.to_string())
        };
        row(text, contender.title, questions.iter().map(cell));
    }
}

/// The budgets, a row for each promise and a column for whatever it is promised for.
pub(crate) fn promises(text: &mut String, budgets: &[Budget], columns: &[&str]) {
    text.push_str("\nBudgets, as ratios of Polygraph's figures to those of the other; what is missed is bold:\n\n");
    head(text, columns, &[]);
    let mut promises: Vec<&str> = budgets.iter().map(|budget| budget.promise.as_str()).collect();
    promises.dedup();
    for promise in promises {
        let of = |name| budgets.iter().find(|budget| budget.promise == promise && budget.question == name);
        let told = |budget: &Budget| {
            if budget.is_met { budget.measured.clone() } else { format!("**{}**", budget.measured) }
        };
        row(text, promise, columns.iter().map(|&name| of(name).map_or_else(String::new, told)));
    }
}

/// What all of it was measured on.
pub(crate) fn measured_on(text: &mut String, machine: &Value) {
    let of_machine = |key: &str| machine[key].as_str().unwrap_or("unknown").to_owned();
    let (processor, memory, commit) = (of_machine("processor"), of_machine("memory"), of_machine("commit"));
    let _ = writeln!(text, "\nOn {} cores of {processor}, {memory}; commit {commit}.", machine["cores"]);
}

fn names(questions: &[Question]) -> Vec<&'static str> {
    questions.iter().map(|question| question.name).collect()
}

/// What a single client waits for beyond the stores.
fn four_levels(text: &mut String, report: &Report<'_>) {
    text.push_str("\nFour levels of joins for one client, medians in milliseconds; the stores' time is the longest call of each\nlevel, one level after the other:\n\n");
    head(text, &["store calls", "latency", "the stores' part", "added"], &[]);
    for joins in report.joins {
        let title =
            report.field.iter().find(|contender| contender.name == joins.contender).map_or("", |found| found.title);
        let calls = joins.batches.calls.to_string();
        let times = [joins.total, joins.stores, joins.added].map(|micros| format!("{:.2}", micros / 1e3));
        row(text, title, std::iter::once(calls).chain(times));
    }
}

pub(crate) fn head(text: &mut String, columns: &[&str], more: &[&str]) {
    let all = || columns.iter().chain(more);
    row(text, "", all().map(|column| (*column).to_owned()));
    let _ = writeln!(text, "|---|{}", "---:|".repeat(all().count()));
}

pub(crate) fn row(text: &mut String, name: &str, cells: impl Iterator<Item = String>) {
    let _ = writeln!(text, "| {name} | {} |", cells.collect::<Vec<_>>().join(" | "));
}

/// A number of requests, in digits grouped by three.
pub(crate) fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn digits_are_grouped() {
        assert_eq!([0.4, 999.0, 1_000.0, 1_234_567.8].map(thousands), ["0", "999", "1,000", "1,234,568"]);
    }
}
