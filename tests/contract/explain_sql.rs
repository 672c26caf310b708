//! Every paged statement reads its page and no more, whatever stands in the tables, and what is suggested to a viewer is
//! gathered from that viewer's own relations: what the databases say themselves.
//!
//! PostgreSQL counts the rows that it reads (EXPLAIN ANALYZE), both with a plan made for the values at hand and with
//! the plan that it keeps for a statement used often. SQLite only tells its plan: searches and ordered scans of
//! indexes that it can stop, no sorting but of what was counted.

mod cases;
mod data;

use std::collections::BTreeMap;

use polygraph::stores::sql::{SqlPosts, SqlUsers};
use sea_orm::{ConnectionTrait as _, DatabaseTransaction, DbBackend, Statement, TransactionTrait as _, Value};
use serde_json::Value as Json;

use self::cases::{Case, cases};
use self::data::Data;
use crate::sql;

#[tokio::test]
async fn postgresql_reads_the_page_and_no_more() {
    let sql = sql::postgresql().await;
    let data = Data::stored(&SqlUsers::new(sql.clone()), &SqlPosts::new(sql.clone())).await;
    // What the server does by itself a while after so many writes: it gathers statistics, and marks the pages whose rows
    // need no second look when an index has all that is asked for.
    sql.connection().execute_unprepared("VACUUM (ANALYZE) users, follows, posts, likes").await.expect("analyzed");
    for case in cases(DbBackend::Postgres, &data) {
        let custom = explain(sql.connection(), "EXPLAIN (ANALYZE, FORMAT JSON)", &case.statement).await;
        assert_reads("custom", &case, &custom);
        let transaction = sql.connection().begin().await.expect("a transaction");
        assert_reads("generic", &case, &explain_generic(&transaction, &case.statement).await);
        transaction.rollback().await.expect("rolled back");
    }
}

async fn explain(connection: &impl sea_orm::ConnectionTrait, explain: &str, statement: &Statement) -> Json {
    let explained = Statement { sql: format!("{explain} {}", statement.sql), ..statement.clone() };
    let row = connection.query_one_raw(explained).await.expect("explained").expect("a plan");
    row.try_get_by_index(0).expect("a plan as JSON")
}

/// The plan that PostgreSQL would keep for the statement, run with the statement's values.
async fn explain_generic(transaction: &DatabaseTransaction, statement: &Statement) -> Json {
    let values = statement.values.clone().expect("bound values");
    let types: Vec<&str> = values.iter().map(type_of).collect();
    let places: Vec<String> = (1..=types.len()).map(|n| format!("CAST(${n} AS {})", types[n - 1])).collect();
    let prepare = format!("PREPARE paged ({}) AS {}", types.join(", "), statement.sql);
    transaction.execute_unprepared("SET LOCAL plan_cache_mode = force_generic_plan").await.expect("set");
    transaction.execute_unprepared(&prepare).await.expect("prepared");
    // EXECUTE takes no bound values: printed, the statement has them as literals.
    let execute = Statement { sql: format!("EXECUTE paged ({})", places.join(", ")), ..statement.clone() };
    let execute = Statement::from_string(DbBackend::Postgres, execute.to_string());
    let plan = explain(transaction, "EXPLAIN (ANALYZE, FORMAT JSON)", &execute).await;
    transaction.execute_unprepared("DEALLOCATE paged").await.expect("deallocated");
    plan
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Uuid(_) => "uuid",
        Value::BigInt(_) => "bigint",
        Value::String(_) => "text",
        Value::Array(..) => "uuid[]",
        other => panic!("no paged statement binds {other:?}"),
    }
}

fn assert_reads(kind: &str, case: &Case, plan: &Json) {
    let mut scans = Vec::new();
    collect_scans(&plan[0]["Plan"], &mut scans);
    assert!(!scans.is_empty(), "{}: nothing was read: {plan:#}", case.name);
    let mut read: BTreeMap<&str, u64> = BTreeMap::new();
    for scan in &scans {
        *read.entry(&scan.table).or_default() += scan.rows;
    }
    for (table, rows) in read {
        let Case { name, at_most, .. } = case;
        assert!(rows <= *at_most, "{name}, {kind} plan: {rows} rows of {table} instead of {at_most}: {scans:#?}");
    }
}

/// A part of a plan that reads a table.
#[derive(Debug)]
#[expect(dead_code, reason = "how and by which index it reads is printed when a test fails")]
struct Scan {
    table: String,
    how: String,
    index: Option<String>,
    /// The rows that it touched, those that a filter threw away included.
    rows: u64,
}

fn collect_scans(node: &Json, scans: &mut Vec<Scan>) {
    let text = |name: &str| node[name].as_str().map(str::to_owned);
    let number = |name: &str| node[name].as_f64().unwrap_or_default();
    if let Some(table) = text("Relation Name") {
        let touched =
            number("Actual Rows") + number("Rows Removed by Filter") + number("Rows Removed by Index Recheck");
        let rows = (touched * number("Actual Loops")).round() as u64;
        scans.push(Scan { table, how: text("Node Type").unwrap_or_default(), index: text("Index Name"), rows });
    }
    for child in node["Plans"].as_array().into_iter().flatten() {
        collect_scans(child, scans);
    }
}

#[tokio::test]
async fn sqlite_searches_indexes_and_sorts_nothing() {
    let (sql, _directory) = sql::sqlite().await;
    // The plan doesn't depend on what is stored: SQLite has no statistics unless it is told to gather them.
    for case in cases(DbBackend::Sqlite, &Data::new()) {
        let explained = Statement { sql: format!("EXPLAIN QUERY PLAN {}", case.statement.sql), ..case.statement };
        let rows = sql.connection().query_all_raw(explained).await.expect("explained");
        let plan: Vec<String> = rows.iter().map(|row| row.try_get("", "detail").expect("a line")).collect();
        assert!(plan.iter().any(|line| line.contains("USING")), "{}: {plan:#?}", case.name);
        for line in &plan {
            let may_scan = if case.counts { is_no_table(line) } else { stops_early(line) };
            let scans_all = line.starts_with("SCAN") && !may_scan;
            let sorts = line.contains("TEMP B-TREE") && !case.counts;
            assert!(!scans_all && !sorts, "{}: {line} in {plan:#?}", case.name);
            assert!(!line.contains("AUTOMATIC"), "{}: {line} in {plan:#?}", case.name);
        }
    }
}

/// A scan in an index's order ends with the page.
fn stops_early(scan: &str) -> bool {
    scan.contains("USING") || is_no_table(scan)
}

/// The keys that were passed, the page itself and what was counted are meant to be walked.
fn is_no_table(scan: &str) -> bool {
    ["json_each", "k", "m", "merge", "c", "r", "s"].iter().any(|name| scan.split(' ').nth(1) == Some(name))
}
