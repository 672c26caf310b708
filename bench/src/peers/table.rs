//! The figures as tables in Markdown.

use std::fmt::Write as _;

use super::Report;
use super::budgets::Budget;
use super::figures::{Measure, Summary};
use super::question::Question;

/// Requests per CPU-second, latencies, memory and budgets.
pub(super) fn markdown(report: &Report<'_>) -> String {
    let Report { figures, calls, field, questions, budgets, machine, .. } = report;
    let mut text = String::from("Requests per CPU-second of the server, under 64 clients:\n\n");
    let names: Vec<&str> = questions.iter().map(|question| question.name).collect();
    let per_cpu = |summary: Summary| format!("{} ±{:.0} %", thousands(summary.median), summary.spread());
    head(&mut text, &names, &["resident"]);
    for contender in *field {
        let cell = |question: &Question| {
            figures
                .summary(question.name, contender.name, Measure::RequestsPerCpuSecond)
                .map_or_else(String::new, per_cpu)
        };
        let memory = format!("{:.0} MB", contender.resident_bytes as f64 / 1e6);
        row(&mut text, contender.title, questions.iter().map(cell).chain([memory]));
    }
    for (clients, p50, p99) in
        [("one client", Measure::SingleP50, Measure::SingleP99), ("64 clients", Measure::CrowdP50, Measure::CrowdP99)]
    {
        // Writing to a String can't fail, here and below.
        let _ = writeln!(text, "\nLatency with {clients}, p50 / p99 in milliseconds:\n");
        head(&mut text, &names, &[]);
        for contender in *field {
            let milliseconds = |question: &Question, measure| {
                figures.summary(question.name, contender.name, measure).map_or(f64::NAN, |summary| summary.median / 1e3)
            };
            let cell = |question| format!("{:.2} / {:.2}", milliseconds(question, p50), milliseconds(question, p99));
            row(&mut text, contender.title, questions.iter().map(cell));
        }
    }
    text.push_str("\nStore calls for a request, counted on the wire:\n\n");
    head(&mut text, &names, &[]);
    for contender in *field {
        let cell = |question: &Question| {
            calls.of(question.name, contender.name).map_or_else(String::new, |calls| calls.to_string())
        };
        row(&mut text, contender.title, questions.iter().map(cell));
    }
    four_levels(&mut text, report);
    text.push_str("\nBudgets, as ratios of Polygraph's figures to those of the other; what is missed is bold:\n\n");
    let columns: Vec<&str> = names.iter().copied().chain(["joins"]).collect();
    head(&mut text, &columns, &[]);
    let mut promises: Vec<&str> = budgets.iter().map(|budget| budget.promise.as_str()).collect();
    promises.dedup();
    for promise in promises {
        let of = |name| budgets.iter().find(|budget| budget.promise == promise && budget.question == name);
        let told = |budget: &Budget| {
            if budget.is_met { budget.measured.clone() } else { format!("**{}**", budget.measured) }
        };
        row(&mut text, promise, columns.iter().map(|&name| of(name).map_or_else(String::new, told)));
    }
    let of_machine = |key: &str| machine[key].as_str().unwrap_or("unknown").to_owned();
    let (processor, memory, commit) = (of_machine("processor"), of_machine("memory"), of_machine("commit"));
    let _ = writeln!(text, "\nOn {} cores of {processor}, {memory}; commit {commit}.", machine["cores"]);
    text
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

fn head(text: &mut String, columns: &[&str], more: &[&str]) {
    let all = || columns.iter().chain(more);
    row(text, "", all().map(|column| (*column).to_owned()));
    let _ = writeln!(text, "|---|{}", "---:|".repeat(all().count()));
}

fn row(text: &mut String, name: &str, cells: impl Iterator<Item = String>) {
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
