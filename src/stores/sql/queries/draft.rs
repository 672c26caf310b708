//! A statement in the making: its dialect, and the values bound so far.

use std::collections::BTreeSet;

use sea_orm::{DbBackend, Statement, Value};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::domain::{PostId, UserId};

/// An id of the domain, as the key that it is in a table.
pub(super) trait Id: Copy {
    fn uuid(self) -> Uuid;
}

impl Id for UserId {
    fn uuid(self) -> Uuid {
        self.0
    }
}

impl Id for PostId {
    fn uuid(self) -> Uuid {
        self.0
    }
}

impl Id for Uuid {
    fn uuid(self) -> Uuid {
        self
    }
}

/// Collects the values of one statement and gives out their placeholders.
pub(super) struct Draft {
    dialect: DbBackend,
    values: Vec<Value>,
}

/// The type of a column in [`Draft::table`].
#[derive(Clone, Copy)]
pub(super) enum Type {
    Id,
    Text,
    Int,
}

/// A row of [`Draft::table`]: a JSON object with the columns' names.
pub(super) type Row = serde_json::Map<String, Json>;

/// A JSON object literal as a [`Row`].
macro_rules! row {
    ($($name:ident: $value:expr),* $(,)?) => {
        $crate::stores::sql::queries::draft::Row::from_iter([
            $((stringify!($name).to_owned(), serde_json::json!($value))),*
        ])
    };
}
pub(super) use row;

impl Draft {
    pub(super) fn new(dialect: DbBackend) -> Self {
        Self { dialect, values: Vec::new() }
    }

    pub(super) fn is_postgres(&self) -> bool {
        self.dialect == DbBackend::Postgres
    }

    /// Binds a value; gives its placeholder.
    pub(super) fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    /// The condition that `column` is one of `ids`.
    pub(super) fn among<I: Id>(&mut self, column: &str, ids: &[I]) -> String {
        let keys = self.id_list(ids);
        if self.is_postgres() {
            format!("{column} = ANY({keys})")
        } else {
            format!("{column} IN (SELECT unhex(value) FROM json_each({keys}))")
        }
    }

    /// The condition that `column` is one of `texts`.
    pub(super) fn among_texts(&mut self, column: &str, texts: Vec<String>) -> String {
        if self.is_postgres() {
            let keys = self.bind(texts);
            format!("{column} = ANY({keys})")
        } else {
            let keys = self.bind(json!(texts).to_string());
            format!("{column} IN (SELECT value FROM json_each({keys}))")
        }
    }

    /// The condition that `column` is one of `values`.
    pub(super) fn among_bytes(&mut self, column: &str, values: Vec<Vec<u8>>) -> String {
        if self.is_postgres() {
            let keys = self.bind(values);
            format!("{column} = ANY({keys})")
        } else {
            let keys =
                self.bind(json!(values.iter().map(|value| crate::domain::hex(value)).collect::<Vec<_>>()).to_string());
            format!("{column} IN (SELECT unhex(value) FROM json_each({keys}))")
        }
    }

    /// A table `k` with one column `id`, a row for each of `ids`.
    pub(super) fn keys<I: Id>(&mut self, ids: &[I]) -> String {
        let keys = self.id_list(ids);
        if self.is_postgres() {
            format!("unnest({keys}) AS k(id)")
        } else {
            format!("(SELECT unhex(value) AS id FROM json_each({keys})) AS k")
        }
    }

    /// Binds the ids, each once: a key that repeats must not give its rows twice.
    fn id_list<I: Id>(&mut self, ids: &[I]) -> String {
        let ids: BTreeSet<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        if self.is_postgres() {
            self.bind(Vec::from_iter(ids))
        } else {
            self.bind(ids.iter().map(|id| id.simple().to_string()).collect::<Json>().to_string())
        }
    }

    /// A table `n` with these columns and rows. One JSON text either way, since PostgreSQL's arrays, as SeaORM binds
    /// them, can't hold nulls.
    pub(super) fn table(&mut self, columns: &[(&str, Type)], rows: Vec<Row>) -> String {
        let rows = self.bind(Json::from_iter(rows).to_string());
        if self.is_postgres() {
            let columns = columns.iter().map(|(name, kind)| match kind {
                Type::Id => format!("{name} uuid"),
                Type::Text => format!("{name} text"),
                Type::Int => format!("{name} bigint"),
            });
            format!("json_to_recordset({rows}::json) AS n({})", join(columns))
        } else {
            let columns = columns.iter().map(|(name, kind)| match kind {
                Type::Id => format!("unhex(value ->> '{name}') AS {name}"),
                Type::Text | Type::Int => format!("value ->> '{name}' AS {name}"),
            });
            format!("(SELECT {} FROM json_each({rows})) AS n", join(columns))
        }
    }

    /// The statement with this text and all values bound.
    pub(super) fn done(self, sql: impl Into<String>) -> Statement {
        Statement::from_sql_and_values(self.dialect, sql, self.values)
    }
}

/// An id as JSON carries it: both dialects read 32 hexadecimal digits.
pub(super) fn hex(id: impl Id) -> String {
    id.uuid().simple().to_string()
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}
