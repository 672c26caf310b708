//! Searches and suggestions as the server's queries.
//!
//! Typed text is only ever a value in them: no query type that parses an own syntax is used.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::{Value, json};

use super::document::kind;
use super::highlights;
use crate::domain::Period;
use crate::domain::search::{
    SearchExtras, SearchFilter, SearchPage, SearchRequest, SearchType, SuggestRequest, suggestion_score,
};
use crate::domain::text::typos_forgiven;

/// The fields that words are looked for in, and how much a match in each weighs.
const WORDS: [(&str, f32); 3] = [("words.handle", 3.0), ("words.title", 2.0), ("words.body", 1.0)];
/// The fields that the server's analyzer has stemmed.
const STEMMED: [(&str, f32); 2] = [("title", 1.0), ("body", 0.5)];
/// What a word is worth that was found at all, if only with typos.
const FOUND: f32 = 0.1;
/// Typos in longer words are not forgiven: the automaton for them outgrows what the engine allows.
const MOST_FUZZY_LETTERS: usize = 128;
/// Texts of more words are looked for without stems: engines refuse more than 1,024 clauses.
const MOST_STEMMED_WORDS: usize = 128;

/// The body of a search; `stemmed` where an analyzer of the server's stems titles and texts.
pub fn search(request: &SearchRequest, stemmed: bool) -> Value {
    let stemmed = stemmed && request.text.words.len() <= MOST_STEMMED_WORDS;
    let mut body = json!({
        "query": { "bool": {
            "must": request.text.words.iter().map(|typed| word(typed, stemmed)).collect::<Vec<_>>(),
            "filter": filters(&request.filter),
        } },
        "size": request.page.limit() + 1,
        "track_total_hits": request.extras.total,
        "_source": source(&request.extras),
        "aggs": facets(&request.extras),
    });
    let after = match &request.page {
        SearchPage::Relevance(page) => {
            body["sort"] = by_score();
            page.cursor.map(|at| json!([at.score, at.id]))
        }
        SearchPage::Newest(page) => {
            body["sort"] = json!([{ "id": "desc" }]);
            body["track_scores"] = json!(true);
            page.cursor.map(|at| json!([at]))
        }
    };
    if let Some(after) = after {
        body["search_after"] = after;
    }
    if request.extras.highlights && stemmed {
        body["highlight"] = highlights::asked();
    }
    body
}

/// Must be in one of the fields. An exact match adds the engine's score to what a match with typos is worth.
fn word(typed: &str, stemmed: bool) -> Value {
    let exact = |(field, boost): &(&str, f32)| json!({ "term": { *field: { "value": typed, "boost": boost } } });
    let stem = |(field, boost): &(&str, f32)| {
        // The server's analyzer may cut the word further: all its parts must be there.
        let parts = json!({ "query": typed, "operator": "and", "boost": boost });
        json!({ "match": { *field: parts } })
    };
    let stems = if stemmed { &STEMMED[..] } else { &[] };
    let exact: Vec<_> = WORDS.iter().map(exact).chain(stems.iter().map(stem)).collect();
    let mut either = vec![json!({ "dis_max": { "queries": exact, "tie_breaker": 0.1 } })];
    let typos = typos_forgiven(typed);
    if typos > 0 && typed.chars().count() <= MOST_FUZZY_LETTERS {
        // A constant score takes in every term that is near enough, where the usual scoring keeps the best 50.
        let fuzzy = |(field, _): &(&str, f32)| {
            json!({ "fuzzy": { *field: {
                "value": typed, "fuzziness": typos, "transpositions": true, "prefix_length": 0,
                "rewrite": "constant_score",
            } } })
        };
        let any = json!({ "bool": { "should": WORDS.iter().map(fuzzy).collect::<Vec<_>>() } });
        either.push(json!({ "constant_score": { "filter": any, "boost": FOUND } }));
    }
    json!({ "bool": { "should": either } })
}

fn filters(filter: &SearchFilter) -> Vec<Value> {
    let mut filters = of_kind(filter.only);
    filters.extend(filter.author.map(|author| json!({ "term": { "author": author.0 } })));
    filters.extend(within(filter.period));
    filters
}

fn of_kind(only: Option<SearchType>) -> Vec<Value> {
    only.map(|only| json!({ "term": { "kind": kind(only) } })).into_iter().collect()
}

/// The filter for a period; none where both sides are open.
pub(super) fn within(period: Period) -> Option<Value> {
    let mut range = serde_json::Map::new();
    range.extend(period.from.map(|from| ("gte".to_owned(), json!(from.to_string()))));
    range.extend(period.to.map(|to| ("lt".to_owned(), json!(to.to_string()))));
    (!range.is_empty()).then(|| json!({ "range": { "created_at": range } }))
}

fn by_score() -> Value {
    json!([{ "_score": "desc" }, { "id": "desc" }])
}

/// The texts that the answer needs: contents are long, so only where they are highlighted.
fn source(extras: &SearchExtras) -> &'static [&'static str] {
    if extras.highlights { &["handle", "title", "body"] } else { &["title"] }
}

fn facets(extras: &SearchExtras) -> Value {
    let mut facets = json!({});
    if extras.types {
        facets["types"] = json!({ "terms": { "field": "kind" } });
    }
    if let Some(most) = extras.authors.filter(|&most| most > 0) {
        facets["authors"] = most_frequent("author", most);
    }
    if extras.months {
        facets["months"] = per("month");
    }
    facets
}

/// Counts by a field's values: the most frequent first, ties by the value, descending.
pub(super) fn most_frequent(field: &str, most: u32) -> Value {
    json!({ "terms": { "field": field, "size": most, "order": [{ "_count": "desc" }, { "_key": "desc" }] } })
}

/// Counts per calendar interval (UTC, weeks from Monday), without zeros.
pub(super) fn per(interval: &str) -> Value {
    json!({ "date_histogram": { "field": "created_at", "calendar_interval": interval, "min_doc_count": 1 } })
}

/// The body of a suggestion: what fits best decides its score.
pub fn suggest(request: &SuggestRequest) -> Value {
    let scored = |filter: Value, boost: f32| json!({ "constant_score": { "filter": filter, "boost": boost } });
    let mut fits = vec![
        scored(json!({ "term": { "handle": request.prefix } }), suggestion_score::EXACT_HANDLE),
        scored(json!({ "prefix": { "handle": request.prefix } }), suggestion_score::HANDLE),
    ];
    if let Some((last, wholes)) = request.words().split_last() {
        let mut all: Vec<_> = wholes.iter().map(|word| json!({ "term": { "words.title": word } })).collect();
        all.push(json!({ "prefix": { "words.title": last } }));
        fits.push(scored(json!({ "bool": { "filter": all } }), suggestion_score::WORD));
    }
    json!({
        "query": { "bool": { "must": [{ "dis_max": { "queries": fits } }], "filter": of_kind(request.only) } },
        "size": request.limit,
        "sort": by_score(),
        "track_total_hits": false,
        "_source": ["handle", "title"],
    })
}

/// A short name for these words, the same on every gateway.
pub(super) fn fingerprint(words: &[String]) -> String {
    let mut hasher = DefaultHasher::new();
    words.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::search::{SearchText, SearchType};
    use crate::domain::{ByScore, Page, Timestamp};

    fn request(text: &str) -> SearchRequest {
        SearchRequest {
            text: SearchText::parse(text).expect("text"),
            filter: SearchFilter::default(),
            page: SearchPage::Relevance(Page::first(20)),
            extras: SearchExtras::default(),
        }
    }

    /// All keys of all objects in a body.
    fn keys(body: &Value, found: &mut Vec<String>) {
        match body {
            Value::Object(fields) => {
                for (key, value) in fields {
                    found.push(key.clone());
                    keys(value, found);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
            _ => {}
        }
    }

    #[test]
    fn what_looks_like_a_query_is_a_value_and_no_more() {
        let plain = search(&request("aaaa bbbb cccc"), false);
        let hostile = search(&request(r#"match_all* OR "script":{} +title~2 _exists_"#), false);
        let parsed = |body: &Value| {
            let mut found = Vec::new();
            keys(body, &mut found);
            found.sort_unstable();
            found.dedup();
            found
        };
        assert_eq!(parsed(&plain), parsed(&hostile));
        for parser in ["query_string", "simple_query_string", "script", "regexp", "wildcard"] {
            assert!(!parsed(&hostile).iter().any(|key| key == parser), "{parser}");
        }
    }

    #[test]
    fn a_search_of_the_most_words_stays_under_the_engines_limit_of_clauses() {
        let ideographs: String = (0..256).filter_map(|n| char::from_u32(0x4e00 + n)).collect();
        for (words, stemmed) in [(256, false), (256, true), (MOST_STEMMED_WORDS, true)] {
            let text: String = ideographs.chars().take(words).collect();
            let mut found = Vec::new();
            keys(&search(&request(&text), stemmed), &mut found);
            let clauses = found.iter().filter(|key| ["term", "match", "fuzzy"].contains(&key.as_str())).count();
            assert!(clauses > words && clauses < 1_000, "{clauses}");
        }
    }

    #[test]
    fn a_score_goes_back_as_exactly_the_number_that_came() {
        for score in [1.234_567_8_f32, 0.1, f32::MIN_POSITIVE, 1_000_000.1] {
            let at = ByScore { score, id: uuid::Uuid::nil() };
            let page = SearchPage::Relevance(Page { cursor: Some(at), ..Page::first(1) });
            let sent = search(&SearchRequest { page, ..request("a") }, false).to_string();
            let body: Value = serde_json::from_str(&sent).expect("JSON");
            let read: f32 = serde_json::from_value(body["search_after"][0].clone()).expect("a number");
            assert_eq!(read.to_bits(), score.to_bits());
        }
    }

    #[test]
    fn filters_are_only_what_was_asked() {
        assert!(filters(&SearchFilter::default()).is_empty());
        let from = Timestamp::from_millis(0);
        let filter =
            SearchFilter { only: Some(SearchType::Post), author: None, period: Period { from: Some(from), to: None } };
        assert_eq!(
            json!(filters(&filter)),
            json!([{ "term": { "kind": "post" } }, { "range": { "created_at": { "gte": "1970-01-01T00:00:00.000Z" } } }])
        );
    }
}
