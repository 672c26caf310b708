//! What each store's failing does to what is asked meanwhile: the table of `docs/failure.md`, measured.
//!
//! A gateway in a process of its own, as operators run it, on the real stores, one of which is behind a [`proxy`] that
//! breaks as it is told. Every store has a world and a gateway of its own, so that they fail side by side. It is a
//! program of its own: what is to heal within seconds must not wait for two hundred other tests.

mod lane;
mod proxy;
#[path = "../api/support/mod.rs"]
#[allow(dead_code, unused_imports, unused_macros, reason = "what the tests of the API need beside this")]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use lane::{Lane, Reads, Written};
use proxy::Fault;

/// A store, as its part in the API, as its engine, and as the setting that says where it is.
const STORES: [(&str, &str, &str); 4] = [
    ("users", "PostgreSQL", "DATABASE_URL"),
    ("posts", "MongoDB", "MONGODB_URL"),
    ("search", "Elasticsearch", "ELASTICSEARCH_URL"),
    ("cache", "Redis", "REDIS_URL"),
];

const FAULTS: [(&str, Fault); 5] = [
    ("down", Fault::Down),
    ("hung", Fault::Hung),
    ("reset in mid-answer", Fault::Reset),
    ("answers garbage", Fault::Garbage),
    ("2 s slower", Fault::Slow(Duration::from_secs(2))),
];

/// Long enough for a busy machine, short enough to wait for one store after the other.
const SETTINGS: [(&str, &str); 3] = [
    ("POLYGRAPH_STORE_TIMEOUT", "3s"),
    ("POLYGRAPH_STORE_CONNECT_TIMEOUT", "3s"),
    ("POLYGRAPH_REQUEST_TIMEOUT", "60s"),
];
/// Longer than several answers take that are two seconds late each.
const PATIENT: [(&str, &str); 3] = [
    ("POLYGRAPH_STORE_TIMEOUT", "100s"),
    ("POLYGRAPH_STORE_CONNECT_TIMEOUT", "100s"),
    ("POLYGRAPH_REQUEST_TIMEOUT", "120s"),
];

/// A row of the table.
struct Row {
    fault: &'static str,
    reads: Reads,
    writes: BTreeMap<&'static str, Written>,
}

#[test]
fn the_documentation_says_what_each_failing_store_costs() {
    let lanes = STORES.map(|(role, _, variable)| thread::spawn(move || rows(role, variable)));
    let rows = lanes.map(|lane| lane.join().expect("this store's part of the table"));
    let table = table(rows);
    println!("{table}");
    hold(&table);
}

/// One store fails in every way there is, and is back after each.
fn rows(role: &str, variable: &'static str) -> Vec<Row> {
    let mut lane = Lane::open(variable);
    lane.start(&SETTINGS);
    lane.heal();
    let mut rows = Vec::new();
    for (name, fault) in FAULTS {
        if let Fault::Slow(_) = fault {
            lane.start(&PATIENT);
            lane.heal();
        }
        let begun = Instant::now();
        let step = |what: &str| println!("{role} {name}: {what} after {} ms", begun.elapsed().as_millis());
        lane.proxy.set(fault);
        let reads = lane.read();
        step("read");
        let writes = lane.write_all();
        step("written");
        // Asked at that speed, everything takes long, and nothing has changed.
        if !matches!(fault, Fault::Slow(_)) {
            assert_eq!(lane.read(), reads, "{role} is {name}: what is missing stays the same\n{}", lane.log());
        }
        lane.heal();
        if role == "search" {
            lane.catch_up();
        }
        step("healed");
        rows.push(Row { fault: name, reads, writes });
    }
    rows
}

fn table(stores: [Vec<Row>; 4]) -> String {
    let mut table =
        "| store | is | fields that are null, with `STORE_UNAVAILABLE` | `degraded` | writes refused | writes done |\n\
                     |---|---|---|---|---|---|\n"
            .to_owned();
    for ((role, engine, _), rows) in STORES.iter().zip(stores) {
        // What comes to the same is said once.
        for same in rows.chunk_by(|a, b| (&a.reads, &a.writes) == (&b.reads, &b.writes)) {
            let faults = same.iter().map(|row| row.fault).collect::<Vec<_>>().join(", ");
            let Row { reads, writes, .. } = &same[0];
            let fields = reads.failed.iter().map(|(path, code)| match code.as_str() {
                "STORE_UNAVAILABLE" => format!("`{path}`"),
                code => format!("`{path}` ({code})"),
            });
            let of = |wanted: Written| {
                let names =
                    writes.iter().filter(|(_, written)| **written == wanted).map(|(name, _)| format!("`{name}`"));
                listed(names.collect())
            };
            let (refused, done) = (of(Written::Refused), of(Written::Done));
            let (fields, degraded) = (listed(fields.collect()), listed(reads.degraded.iter().cloned().collect()));
            // Writing to text can't fail.
            let _ = writeln!(table, "| {role} ({engine}) | {faults} | {fields} | {degraded} | {refused} | {done} |");
        }
    }
    table
}

fn listed(items: BTreeSet<String>) -> String {
    if items.is_empty() { "–".to_owned() } else { items.into_iter().collect::<Vec<_>>().join(", ") }
}

const BEGIN: &str = "<!-- faults: made by `UPDATE_DOCS=1 cargo test --test faults` -->\n";
const END: &str = "<!-- /faults -->";

/// Holds the table in `docs/failure.md` to what was measured, or writes it.
fn hold(table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/failure.md");
    let text = std::fs::read_to_string(&path).expect("docs/failure.md");
    let (before, rest) = text.split_once(BEGIN).expect("the begin of the table is marked");
    let (_, after) = rest.split_once(END).expect("the end of the table is marked");
    let expected = format!("{before}{BEGIN}\n{table}\n{END}{after}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, expected).expect("it can be written");
    } else {
        assert_eq!(text, expected, "docs/failure.md is stale: run UPDATE_DOCS=1 cargo test --test faults");
    }
}
