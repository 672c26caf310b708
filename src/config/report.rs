//! What is in force and where it comes from, for people and for machines. Secrets are masked.

use serde_json::{Value, json};

use super::{Config, InForce, Origin};

/// What `polygraph config` prints: an aligned table of keys, values and origins.
pub fn render_table(config: &Config) -> String {
    let header = ["KEY", "VALUE", "ORIGIN"].map(str::to_owned);
    let rows: Vec<[String; 3]> = std::iter::once(header)
        .chain(config.in_force().iter().map(|row| [row.key.to_owned(), shown(row), row.origin.to_string()]))
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let (keys, values) = (width(0), width(1));
    rows.iter().map(|[key, value, origin]| format!("{key:keys$}  {value:values$}  {origin}\n")).collect()
}

/// What `polygraph config --format json` prints: an object with an entry per key, in the same order.
pub fn render_json(config: &Config) -> String {
    let entries: Vec<Value> = config
        .in_force()
        .iter()
        .map(|row| json!({ "key": row.key, "value": row.value, "origin": origin(&row.origin) }))
        .collect();
    format!("{:#}\n", json!({ "settings": entries }))
}

fn shown(row: &InForce) -> String {
    row.value.clone().unwrap_or_else(|| format!("({})", row.unset))
}

fn origin(origin: &Origin) -> Value {
    match origin {
        Origin::Default => json!({ "source": "default" }),
        Origin::File { path, line } => json!({ "source": "file", "path": path.to_string_lossy(), "line": line }),
        Origin::Env { name } => json!({ "source": "env", "name": name }),
        Origin::Flag { name } => json!({ "source": "flag", "name": format!("--{name}") }),
    }
}
