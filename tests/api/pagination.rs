//! Walking lists: whatever the sizes of the pages, forth and back, each item comes once, in one order.

mod lists;
mod while_growing;

use serde_json::{Value, json};

use crate::support::Client;

/// A connection field to be walked.
pub(super) struct List {
    /// Names the list where a test fails.
    pub(super) name: &'static str,
    /// The field with its own arguments; `ARGS` is where those of the page go.
    pub(super) field: &'static str,
    /// What identifies an item: a selection on its node, and where in the edge it is found.
    pub(super) item: (&'static str, &'static str),
}

/// A page of a list.
pub(super) struct Page {
    pub(super) items: Vec<String>,
    pub(super) cursors: Vec<String>,
    pub(super) next: bool,
    pub(super) previous: bool,
    pub(super) total: Option<u64>,
}

impl List {
    /// Asks for a page.
    pub(super) async fn page(&self, client: &Client, arguments: &str) -> Page {
        let (selection, pointer) = self.item;
        let body = format!(
            "{{ totalCount nodes {{ {selection} }} edges {{ cursor node {{ {selection} }} }}
                pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }}"
        );
        let query = format!("{{ {} }}", self.field.replace("ARGS", arguments).replace("BODY", &body));
        let data = client.ask(&query).await.data();
        let connection = connection(&data);
        let edges = connection["edges"].as_array().unwrap_or_else(|| panic!("{query}: {data}"));
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{query}: {data}")).to_owned();
        let items = edges.iter().map(|edge| text(edge.pointer(pointer).unwrap_or(&Value::Null))).collect();
        let cursors: Vec<_> = edges.iter().map(|edge| text(&edge["cursor"])).collect();
        let nodes: Vec<_> = edges.iter().map(|edge| edge["node"].clone()).collect();
        assert_eq!(connection["nodes"], json!(nodes), "{}: nodes are the edges' nodes", self.name);
        let info = &connection["pageInfo"];
        assert_eq!(info["startCursor"], json!(cursors.first()), "{}", self.name);
        assert_eq!(info["endCursor"], json!(cursors.last()), "{}", self.name);
        let flag = |name: &str| info[name].as_bool().expect("a flag");
        let (next, previous) = (flag("hasNextPage"), flag("hasPreviousPage"));
        Page { items, cursors, next, previous, total: connection["totalCount"].as_u64() }
    }

    /// Walks from the start to the end in pages of these sizes, again and again.
    pub(super) async fn walk_forth(&self, client: &Client, sizes: &[usize]) -> Vec<String> {
        let (mut items, mut after) = (Vec::new(), None::<String>);
        for size in sizes.iter().cycle() {
            let position = after.as_ref().map(|cursor| format!(", after: \"{cursor}\"")).unwrap_or_default();
            let page = self.page(client, &format!("first: {size}{position}")).await;
            assert_eq!(page.previous, after.is_some(), "{}: hasPreviousPage says whether `after` was given", self.name);
            assert!(page.items.len() == *size || !page.next, "{}: only the last page is short", self.name);
            items.extend(page.items);
            if !page.next {
                break;
            }
            after = page.cursors.last().cloned();
        }
        items
    }

    /// Walks from the end to the start. The items come in the list's own order all the same.
    pub(super) async fn walk_back(&self, client: &Client, sizes: &[usize]) -> Vec<String> {
        let (mut pages, mut before) = (Vec::new(), None::<String>);
        for size in sizes.iter().cycle() {
            let position = before.as_ref().map(|cursor| format!(", before: \"{cursor}\"")).unwrap_or_default();
            let page = self.page(client, &format!("last: {size}{position}")).await;
            assert_eq!(page.next, before.is_some(), "{}: hasNextPage says whether `before` was given", self.name);
            assert!(page.items.len() == *size || !page.previous, "{}: only the last page is short", self.name);
            pages.push(page.items);
            if !page.previous {
                break;
            }
            before = page.cursors.first().cloned();
        }
        pages.into_iter().rev().flatten().collect()
    }
}

/// The connection in an answer: the innermost object that has edges.
fn connection(data: &Value) -> &Value {
    match data {
        Value::Object(object) if !object.contains_key("edges") && object.len() == 1 => {
            object.values().next().map_or(data, connection)
        }
        other => other,
    }
}
