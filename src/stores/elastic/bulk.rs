//! Changes as bulk requests: versions are the truth's, so the server itself refuses what comes late.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use elasticsearch::http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::connection::Connection;
use super::document::{Source, id_of};
use super::error::{Reason, because};
use crate::domain::search::{IndexChange, IndexKey};
use crate::ports::{Role, StoreError, StoreResult};

/// Where bulk requests go: they write through an alias or not at all, and only the outcomes are wanted.
const PATH: &str = "_bulk?require_alias=true&filter_path=errors,items.*.status,items.*.error";
/// The most changes of one request.
const MOST_CHANGES: usize = 1_000;
/// The size from which on a request takes no more changes.
const MOST_BYTES: usize = 5_000_000;

/// The answer to a bulk request.
#[derive(Debug, Deserialize)]
struct Done {
    errors: bool,
    #[serde(default)]
    items: Vec<HashMap<String, Outcome>>,
}

#[derive(Debug, Deserialize)]
struct Outcome {
    status: u16,
    error: Option<Reason>,
}

/// The newest change of each key, in the order in which the keys first came.
pub(super) fn newest(changes: &[IndexChange]) -> Vec<&IndexChange> {
    let mut newest: Vec<&IndexChange> = Vec::with_capacity(changes.len());
    let mut places = HashMap::with_capacity(changes.len());
    for change in changes {
        match places.entry(change.key) {
            Entry::Vacant(free) => {
                free.insert(newest.len());
                newest.push(change);
            }
            Entry::Occupied(place) if newest[*place.get()].version < change.version => {
                newest[*place.get()] = change;
            }
            Entry::Occupied(_) => {}
        }
    }
    newest
}

/// The indexes that changes are written to.
#[derive(Debug)]
pub(super) struct Targets {
    /// Those of users and posts.
    pub(super) search: Vec<Target>,
    /// Those of likes.
    pub(super) likes: Vec<Target>,
}

impl Targets {
    /// Whether one of them is not the one that answers.
    pub(super) fn is_building(&self) -> bool {
        self.search.len() + self.likes.len() > 2
    }
}

/// An index that changes are written to.
#[derive(Debug)]
pub(super) struct Target {
    /// What documents are put to: an alias, or nothing is put.
    pub(super) put: String,
    /// What they are deleted from. A deletion makes an index where there is none: of that name, and not of an alias.
    pub(super) delete: String,
}

impl Target {
    /// The index that answers behind an alias.
    pub(super) fn live(alias: &str) -> Self {
        Self { put: alias.to_owned(), delete: alias.to_owned() }
    }
}

/// Makes these changes in all indexes that they belong to.
pub(super) async fn write(connection: &Connection, changes: &[&IndexChange], targets: &Targets) -> StoreResult<()> {
    for chunk in chunks(changes, targets)? {
        accepted(connection.write(PATH, chunk).await?)?;
    }
    Ok(())
}

/// The bodies of the requests that make these changes.
fn chunks(changes: &[&IndexChange], targets: &Targets) -> StoreResult<Vec<String>> {
    let mut chunks: Vec<String> = Vec::new();
    let mut room = 0;
    for change in changes {
        let lines = lines(change, targets)?;
        match chunks.last_mut() {
            Some(chunk) if room > 0 && chunk.len() + lines.len() <= MOST_BYTES => chunk.push_str(&lines),
            _ => {
                room = MOST_CHANGES;
                chunks.push(lines);
            }
        }
        room -= 1;
    }
    Ok(chunks)
}

/// The lines of one change for each of its indexes.
fn lines(change: &IndexChange, Targets { search, likes }: &Targets) -> StoreResult<String> {
    let targets = if matches!(change.key, IndexKey::Like(_)) { likes } else { search };
    let of = |index: &str| json!({ "_index": index, "_id": id_of(change.key), "version": change.version, "version_type": "external" });
    let Some(document) = &change.document else {
        return Ok(targets.iter().map(|target| format!("{}\n", json!({ "delete": of(&target.delete) }))).collect());
    };
    let unwritable = |error| StoreError::internal(Role::Search, format!("a document can't be written: {error}"));
    let source = serde_json::to_string(&Source::from(document)).map_err(unwritable)?;
    Ok(targets.iter().map(|target| format!("{}\n{source}\n", json!({ "index": of(&target.put) }))).collect())
}

/// Checks that every change was made, or came too late.
fn accepted(done: Done) -> StoreResult<()> {
    if !done.errors {
        return Ok(());
    }
    for outcome in done.items.into_iter().flat_map(HashMap::into_values) {
        let status = StatusCode::from_u16(outcome.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        match outcome.error {
            Some(error) if status != StatusCode::CONFLICT => return Err(because(status, &error)),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::search::IndexDocument;
    use crate::domain::{LikeId, PostId, Timestamp, UserId};
    use crate::ports::ErrorKind;

    fn post(n: u128, content: &str, version: u64) -> IndexChange {
        let document = IndexDocument::Post {
            id: PostId(Uuid::from_u128(n)),
            author: UserId(Uuid::from_u128(1)),
            title: "T".into(),
            content: content.into(),
            created_at: Timestamp::from_millis(0),
        };
        IndexChange::put(document, version)
    }

    fn live() -> Targets {
        Targets { search: vec![Target::live("s")], likes: vec![Target::live("l")] }
    }

    #[test]
    fn the_highest_version_of_a_key_wins() {
        let deleted = IndexChange { key: IndexKey::Post(PostId(Uuid::from_u128(1))), version: 3, document: None };
        let changes = [post(1, "b", 2), post(2, "x", 1), deleted.clone(), post(1, "a", 1)];
        assert_eq!(newest(&changes), [&deleted, &changes[1]]);
    }

    #[test]
    fn requests_are_bounded_by_count_and_bytes() {
        let many: Vec<_> = (0..2_500).map(|n| post(n, "x", 1)).collect();
        let sizes = |changes: &[IndexChange]| -> Vec<usize> {
            let chunks = chunks(&newest(changes), &live()).expect("chunks");
            chunks.iter().map(|chunk| chunk.lines().count() / 2).collect()
        };
        assert_eq!(sizes(&many), [1_000, 1_000, 500]);
        let large = "x".repeat(1_000_000);
        assert_eq!(sizes(&[post(1, &large, 1), post(2, &large, 1), post(3, &large, 1)]), [2, 1]);
        assert!(sizes(&[]).is_empty());
    }

    #[test]
    fn likes_go_to_their_own_index() {
        let key = IndexKey::Like(LikeId { post: PostId(Uuid::from_u128(1)), user: UserId(Uuid::from_u128(2)) });
        let change = IndexChange { key, version: 7, document: None };
        let chunks = chunks(&[&change], &live()).expect("a chunk");
        let line: serde_json::Value = serde_json::from_str(&chunks[0]).expect("one line");
        let id = format!("{}:{}", Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(line, json!({ "delete": { "_index": "l", "_id": id, "version": 7, "version_type": "external" } }));
    }

    #[test]
    fn changes_go_to_what_is_being_built_too() {
        let building = Target { put: "s-next".to_owned(), delete: "s-v2".to_owned() };
        let targets = Targets { search: vec![Target::live("s"), building], likes: vec![Target::live("l")] };
        let put = post(1, "x", 7);
        let delete = IndexChange { document: None, ..put.clone() };
        for (change, operation, indexes) in [(put, "index", ["s", "s-next"]), (delete, "delete", ["s", "s-v2"])] {
            let chunks = chunks(&[&change], &targets).expect("a chunk");
            let lines = chunks[0].lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
            let named: Vec<_> = lines.filter_map(|line| Some(line[operation]["_index"].as_str()?.to_owned())).collect();
            assert_eq!(named, indexes);
        }
    }

    #[test]
    fn what_came_late_is_fine_and_what_failed_is_not() {
        let done = |status: u16| {
            let error = json!({ "type": "some_exception", "reason": "why" });
            let items = json!([{ "index": { "status": 201 } }, { "delete": { "status": status, "error": error } }]);
            accepted(serde_json::from_value(json!({ "errors": true, "items": items })).expect("an answer"))
        };
        assert!(done(409).is_ok());
        assert_eq!(done(429).map_err(|error| error.kind), Err(ErrorKind::Unavailable));
        assert_eq!(done(404).map_err(|error| error.kind), Err(ErrorKind::NotReady));
        assert_eq!(done(400).map_err(|error| error.kind), Err(ErrorKind::Internal));
    }
}
