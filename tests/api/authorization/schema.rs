//! The object types of the schema and their fields, as introspection lists them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::Client;

/// Object types by name, each with its fields.
pub(crate) type Types = BTreeMap<String, Vec<Field>>;

/// A field of an object type.
pub(crate) struct Field {
    pub(crate) name: String,
    /// Its type's name, without lists and exclamation marks.
    pub(crate) of: String,
    /// Whether its type has fields of its own.
    pub(crate) composite: bool,
    /// Whether it can't be asked for without arguments.
    pub(crate) needs_arguments: bool,
}

impl Field {
    /// The field as it is selected, with these arguments.
    pub(crate) fn selected(&self, arguments: &str) -> String {
        let selection = if self.composite { " { __typename }" } else { "" };
        format!("{}{arguments}{selection}", self.name)
    }
}

pub(crate) async fn types(client: &Client) -> Types {
    const TYPE: &str = "kind name ofType { kind name ofType { kind name ofType { kind name } } }";
    let query = format!(
        "{{ __schema {{ types {{ kind name fields(includeDeprecated: true) {{
            name type {{ {TYPE} }} args {{ defaultValue type {{ kind }} }}
        }} }} }} }}"
    );
    let schema = client.ask(&query).await.data();
    let types = schema["__schema"]["types"].as_array().expect("types");
    let objects = types.iter().filter(|object| object["kind"] == "OBJECT" && !text(&object["name"]).starts_with("__"));
    let types: Types = objects.map(|object| (text(&object["name"]), list(&object["fields"], field))).collect();
    assert!(types.len() > 40, "{:?}", types.keys());
    types
}

fn field(field: &Value) -> Field {
    let mut named = &field["type"];
    while !named["ofType"].is_null() {
        named = &named["ofType"];
    }
    let needed = |argument: &Value| argument["type"]["kind"] == "NON_NULL" && argument["defaultValue"].is_null();
    Field {
        name: text(&field["name"]),
        of: text(&named["name"]),
        composite: ["OBJECT", "INTERFACE", "UNION"].contains(&text(&named["kind"]).as_str()),
        needs_arguments: field["args"].as_array().expect("arguments").iter().any(needed),
    }
}

fn list<T>(value: &Value, read: impl Fn(&Value) -> T) -> Vec<T> {
    value.as_array().expect("a list").iter().map(read).collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
