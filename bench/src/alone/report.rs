//! The figures as a table.

use std::fmt::Write as _;

use serde_json::Value;

/// A table in Markdown, with what it was measured on.
pub(crate) fn markdown(figures: &Value) -> String {
    let text = |pointer: &str| figures.pointer(pointer).and_then(Value::as_str).unwrap_or("unknown").to_owned();
    let mut rows = vec![("".to_owned(), text("/stores"))];
    for (world, name) in [("demo", "demo data"), ("large", "10,000 users, 100,000 posts, 1,000,000 likes")] {
        if let Some(of_world) = figures.get(world) {
            rows.extend(rows_of(of_world).into_iter().map(|(what, figure)| (format!("{name}: {what}"), figure)));
        }
    }
    let mut table = String::new();
    for (at, (what, figure)) in rows.iter().enumerate() {
        // Writing to a String can't fail.
        let _ = writeln!(table, "| {what} | {figure} |");
        if at == 0 {
            table.push_str("|---|---|\n");
        }
    }
    let cores = figures.pointer("/machine/cores").and_then(Value::as_u64).unwrap_or_default();
    let (processor, memory) = (text("/machine/processor"), text("/machine/memory"));
    let _ = writeln!(table, "\nOn {cores} cores of {processor}, {memory}; commit {}.", text("/machine/commit"));
    table
}

fn rows_of(world: &Value) -> Vec<(String, String)> {
    let number = |pointer: &str| world.pointer(pointer).and_then(Value::as_f64);
    let mut rows = Vec::new();
    let mut row = |what: &str, pointer: &str, divisor: f64, unit: &str, digits: usize| {
        if let Some(number) = number(pointer) {
            rows.push((what.to_owned(), format!("{:.digits$} {unit}", number / divisor)));
        }
    };
    row("first start, to the first answer", "/first_start/first_answer_ms", 1e3, "s", 2);
    row("resident after it, idle", "/first_start/resident_idle_bytes", 1e6, "MB", 0);
    let is_complete = world.pointer("/seed/complete").is_none_or(|complete| *complete == true);
    row(if is_complete { "seeding" } else { "seeding, stopped after" }, "/seed/seconds", 1.0, "s", 1);
    row("most resident while seeding", "/seed/resident_peak_bytes", 1e6, "MB", 0);
    row("later start, to the first answer", "/later_start/first_answer_ms", 1e3, "s", 2);
    row("resident after it, idle", "/later_start/resident_idle_bytes", 1e6, "MB", 0);
    for (name, times) in world.get("queries").and_then(Value::as_object).into_iter().flatten() {
        let milliseconds = |key: &str| times.get(key).and_then(Value::as_f64).unwrap_or_default() / 1e3;
        let figure = format!("{:.2} / {:.2} ms", milliseconds("p50_us"), milliseconds("p99_us"));
        rows.push((format!("`{name}`, p50 / p99"), figure));
    }
    rows
}
