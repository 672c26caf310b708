//! Who may see and do what: the whole schema, field by field, as a stranger, as another user and as the owner.
//!
//! The fields are those that introspection lists, so that none is left out; a new type fails here until `ways` says how
//! one is reached, and a new field until the snapshot has its row. What is asked for is always the owner's: their
//! account, their post, their like. Mutations that name nothing act on the account of whoever asks.

mod mutations;
pub(crate) mod people;
pub(crate) mod schema;
pub(crate) mod ways;

use std::collections::BTreeMap;

use serde_json::Value;

use self::people::People;
use self::schema::Field;
use crate::support::{Answer, Serving, Which, run, scratch};

/// A row of the table: what a stranger, another user and the owner get of a field.
type Row = [String; 3];

#[test]
fn who_may_see_and_do_what_embedded() {
    hold(Which::Embedded);
}

#[test]
fn who_may_see_and_do_what_real() {
    hold(Which::Real);
}

fn hold(which: Which) {
    let directory = scratch();
    let serving = Serving::with_demo_data(which, directory.path());
    let table = run(walk(&serving));
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description("Who may see and do what, on every set of stores. `UserErrorCode (path)`: refused.");
    settings.bind(|| insta::assert_snapshot!("authorization", table));
}

async fn walk(serving: &Serving) -> String {
    let people = People::move_in(&serving.client).await;
    let types = schema::types(&serving.client).await;
    let mut rows = BTreeMap::new();
    for (name, fields) in &types {
        // What subscriptions tell are objects of the other types; who may open them is tried in `live`.
        if ["Mutation", "Subscription"].contains(&name.as_str()) || mutations::is_payload(&types, name) {
            continue;
        }
        for field in fields {
            rows.insert((name.clone(), field.name.clone()), ask(&people, name, field).await);
        }
    }
    rows.extend(mutations::walk(&people, &types).await);
    draw(&rows)
}

/// What the three get of a field.
async fn ask(people: &People, of: &str, field: &Field) -> Row {
    let mut row = Row::default();
    for (cell, asker) in row.iter_mut().zip(people.askers()) {
        let (query, path) = ways::to(people, asker, of, field);
        *cell = seen(&asker.client.ask(&query).await, &path);
    }
    row
}

/// What an answer shows at a path, of lists at the first item, and the code of what went wrong.
fn seen(answer: &Answer, path: &str) -> String {
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    let mut at = &answer.partial();
    for part in path.split('.') {
        at = first(at);
        if at.is_null() {
            break;
        }
        at = at.get(part).unwrap_or_else(|| panic!("{part} of {path} in {}", answer.text));
    }
    let mut codes: Vec<_> = answer.errors().into_iter().map(|error| format!(" + {}", error.code)).collect();
    codes.dedup();
    format!("{}{}", shown(at), codes.concat())
}

fn first(value: &Value) -> &Value {
    match value {
        Value::Array(items) => items.first().unwrap_or(&Value::Null),
        _ => value,
    }
}

/// A value as the table shows it: whether there is one, and of a yes or no which.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(yes) => yes.to_string(),
        Value::Array(items) if items.is_empty() => "empty".to_owned(),
        _ => "value".to_owned(),
    }
}

fn draw(rows: &BTreeMap<(String, String), Row>) -> String {
    let mut text = format!("| {:34} | {:28} | {:28} | {:28} |\n", "field", "stranger", "other user", "owner");
    text += &format!("|{0:-<36}|{0:-<30}|{0:-<30}|{0:-<30}|\n", "");
    for ((of, field), [stranger, other, owner]) in rows {
        text += &format!("| {:34} | {stranger:28} | {other:28} | {owner:28} |\n", format!("{of}.{field}"));
    }
    text
}
