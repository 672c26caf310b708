//! What may be missing while a store is down: the table of `docs/failure.md`, and what an answer comes to by it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::mix::Question;
use super::stores::Store;

/// The document, as it was when this was built.
const DOCUMENT: &str = include_str!("../../../docs/failure.md");

/// What the table does not name, since its own query does not ask for it, and what goes by the same rule: the same field
/// at another place, the write that takes another one back, and below a post what is read after it (the store may die in
/// between).
const LIKEWISE: [(Store, &[&str]); 2] = [
    (Store::Postgres, &["feed.nodes.author", "unlikePost", "unfollow"]),
    (Store::MongoDb, &["post.likes", "post.viewerHasLiked", "posts.nodes.likes", "search.nodes.node", "unlikePost"]),
];
/// Fields that read much where the index is down, and may find too little room or time for it (the same document).
const MADE_OF_THE_TRUTH: [&str; 4] = ["search", "leaderboard", "trending", "activity"];

/// Something that is not as it is when all is well.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Symptom {
    /// The path without places in lists, or what else it is about.
    pub(super) place: String,
    /// The code, or what else is wrong.
    pub(super) what: String,
}

impl Symptom {
    fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }
}

/// What an answer comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All of it is there.
    Whole,
    /// What is missing may be.
    Allowed(Vec<Symptom>),
    /// The gateway had too much to do, as it says.
    Overloaded,
    /// These have no excuse.
    Outside(Vec<Symptom>),
}

/// What may be missing.
pub(super) struct Matrix {
    missing: BTreeMap<Store, BTreeSet<String>>,
    degraded: BTreeMap<Store, BTreeSet<String>>,
}

impl Matrix {
    /// Reads the rows of stores that are down.
    ///
    /// # Errors
    /// When a store has no such row.
    pub(super) fn read() -> Result<Self, String> {
        let mut matrix = Self { missing: BTreeMap::new(), degraded: BTreeMap::new() };
        let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        for store in Store::ALL {
            let is_its = |cells: &Vec<&str>| {
                cells.len() > 6 && cells[1].contains(store.name()) && cells[2].split(',').any(|is| is.trim() == "down")
            };
            let row = DOCUMENT.lines().map(|line| line.split('|').collect()).find(is_its);
            let row = row.ok_or_else(|| format!("docs/failure.md has no row of {} that is down", store.name()))?;
            let mut missing: BTreeSet<_> = quoted(row[3]).into_iter().chain(quoted(row[5])).collect();
            let more = LIKEWISE.iter().filter(|(likewise, _)| *likewise == store).flat_map(|(_, places)| *places);
            missing.extend(more.map(|place| (*place).to_owned()));
            matrix.missing.insert(store, missing);
            let names = row[4].split(',').map(str::trim).filter(|name| *name != "–");
            matrix.degraded.insert(store, names.map(str::to_owned).collect());
        }
        Ok(matrix)
    }

    /// Whether something may be so while `store` is down.
    fn allows(&self, store: Store, Symptom { place, what }: &Symptom) -> bool {
        let has = |table: &BTreeMap<Store, BTreeSet<String>>, name: &str| {
            table.get(&store).is_some_and(|names| names.contains(name))
        };
        match what.split_once(", ").map_or(what.as_str(), |(code, _)| code) {
            "STORE_UNAVAILABLE" | "TIMEOUT" | "OVERLOADED"
                if store == Store::Elasticsearch && MADE_OF_THE_TRUTH.contains(&place.as_str()) =>
            {
                true
            }
            "STORE_UNAVAILABLE" | "TIMEOUT" => has(&self.missing, place),
            "degraded" => has(&self.degraded, place),
            _ => false,
        }
    }

    /// Judges an answer that was under way while these stores were down.
    pub(super) fn judge(&self, question: &Question, status: u16, answer: &Value, down: &[Store]) -> Verdict {
        let symptoms = symptoms(question, status, answer);
        let is_allowed = |symptom: &Symptom| down.iter().any(|store| self.allows(*store, symptom));
        let (allowed, symptoms): (Vec<_>, Vec<_>) = symptoms.into_iter().partition(is_allowed);
        let (overloaded, outside): (Vec<_>, Vec<_>) =
            symptoms.into_iter().partition(|symptom| symptom.what == "OVERLOADED");
        match (outside.is_empty(), overloaded.is_empty(), allowed.is_empty()) {
            (false, ..) => Verdict::Outside(outside),
            (_, false, _) => Verdict::Overloaded,
            (.., false) => Verdict::Allowed(allowed),
            _ => Verdict::Whole,
        }
    }
}

/// All that is not as when all is well.
fn symptoms(question: &Question, status: u16, answer: &Value) -> Vec<Symptom> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut symptoms = Vec::new();
    for error in list(&answer["errors"]) {
        let path = list(&error["path"]);
        let names: Vec<_> = path.iter().filter_map(Value::as_str).collect();
        let place = if names.is_empty() { "the request".to_owned() } else { names.join(".") };
        let outcome = if error["extensions"]["outcome"] == "UNKNOWN" { ", outcome UNKNOWN" } else { "" };
        symptoms.push(Symptom::new(place, format!("{}{outcome}", text(&error["extensions"]["code"]))));
    }
    let field = &answer["data"][question.field];
    if symptoms.is_empty() && status != 200 {
        symptoms.push(Symptom::new("the request", format!("status {status}")));
    } else if symptoms.is_empty() && field.is_null() {
        symptoms.push(Symptom::new(question.field, "null without an error"));
    }
    symptoms.extend(
        list(&field["userErrors"])
            .iter()
            .map(|error| Symptom::new(question.field, format!("userErrors {}", text(&error["code"])))),
    );
    symptoms.extend(list(&answer["extensions"]["degraded"]).iter().map(|store| Symptom::new(text(store), "degraded")));
    symptoms
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::mix::MIX;
    use super::*;

    fn judged(field: &str, status: u16, answer: Value, down: &[Store]) -> Verdict {
        let question = MIX.iter().find(|question| question.field == field).expect("a question of the mix");
        Matrix::read().expect("a table").judge(question, status, &answer, down)
    }

    fn error(code: &str, path: Value) -> Value {
        json!({ "path": path, "extensions": { "code": code } })
    }

    #[test]
    fn what_is_missing_is_excused_by_its_own_store_alone() {
        let path = json!(["posts", "nodes", 3, "author"]);
        let answer =
            || json!({ "errors": [error("STORE_UNAVAILABLE", path.clone())], "data": { "posts": { "nodes": [] } } });
        let symptoms = vec![Symptom::new("posts.nodes.author", "STORE_UNAVAILABLE")];
        assert_eq!(judged("posts", 200, answer(), &[Store::Postgres]), Verdict::Allowed(symptoms.clone()));
        assert_eq!(judged("posts", 200, answer(), &[Store::MongoDb]), Verdict::Outside(symptoms.clone()));
        assert_eq!(judged("posts", 200, answer(), &[]), Verdict::Outside(symptoms));
    }

    #[test]
    fn writes_of_unknown_outcome_are_excused_where_their_store_was_down() {
        let mut lost = error("STORE_UNAVAILABLE", json!(["likePost"]));
        lost["extensions"]["outcome"] = json!("UNKNOWN");
        let answer = json!({ "errors": [lost], "data": { "likePost": null } });
        assert!(matches!(judged("likePost", 200, answer.clone(), &[Store::MongoDb]), Verdict::Allowed(_)));
        assert!(matches!(judged("likePost", 200, answer, &[Store::Redis]), Verdict::Outside(_)));
    }

    #[test]
    fn help_of_others_is_excused_while_the_index_is_down() {
        let answer = || json!({ "data": { "trending": [] }, "extensions": { "degraded": ["search"] } });
        assert!(matches!(judged("trending", 200, answer(), &[Store::Elasticsearch]), Verdict::Allowed(_)));
        assert!(matches!(judged("trending", 200, answer(), &[Store::Redis]), Verdict::Outside(_)));
    }

    #[test]
    fn help_of_others_may_be_too_much_for_them() {
        let answer = json!({ "errors": [error("OVERLOADED", json!(["search"]))], "data": { "search": null } });
        assert!(matches!(judged("search", 200, answer.clone(), &[Store::Elasticsearch]), Verdict::Allowed(_)));
        assert_eq!(judged("search", 200, answer, &[Store::MongoDb]), Verdict::Overloaded);
    }

    #[test]
    fn overload_is_told_apart_and_excuses_nothing_else() {
        let refused = json!({ "errors": [{ "extensions": { "code": "OVERLOADED" } }] });
        assert_eq!(judged("feed", 503, refused, &[]), Verdict::Overloaded);
        let both = [error("OVERLOADED", json!(["feed"])), error("INTERNAL", json!(["feed"]))];
        let answer = json!({ "errors": both, "data": { "feed": null } });
        let outside = vec![Symptom::new("feed", "INTERNAL")];
        assert_eq!(judged("feed", 200, answer, &[]), Verdict::Outside(outside));
    }

    #[test]
    fn what_is_gone_without_a_word_has_no_excuse() {
        let answer = json!({ "data": { "post": null } });
        let outside = vec![Symptom::new("post", "null without an error")];
        assert_eq!(judged("post", 200, answer, &Store::ALL), Verdict::Outside(outside));
        let refused = json!({ "data": { "follow": { "userErrors": [{ "code": "NOT_FOUND" }] } } });
        let outside = vec![Symptom::new("follow", "userErrors NOT_FOUND")];
        assert_eq!(judged("follow", 200, refused, &Store::ALL), Verdict::Outside(outside));
        assert_eq!(judged("post", 200, json!({ "data": { "post": {} } }), &[]), Verdict::Whole);
    }
}
