//! Highlights of what was found.
//!
//! The domain marks the words that it would match itself. What only a stemming analyzer has matched, the server
//! marks: it is asked for the whole fields with noncharacters around each match, which are turned into ranges, so
//! that fragments and escaping stay the domain's either way.

use std::ops::Range;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::highlight::{Field, FuzzyWords, Matcher as _, PrefixWords, highlight, render};
use crate::domain::search::{Highlight, SearchType};
use crate::domain::text::words_at;

const OPEN: char = '\u{fdd0}';
const CLOSE: char = '\u{fdd1}';

/// The texts of a found document, as far as they were asked for.
#[derive(Debug, Deserialize)]
pub(super) struct Texts {
    pub(super) handle: Option<String>,
    pub(super) title: String,
    pub(super) body: Option<String>,
}

/// The same with the server's marks; a field without a match is absent.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Marked {
    #[serde(default)]
    title: Vec<String>,
    #[serde(default)]
    body: Vec<String>,
}

/// What to ask for, that the answer holds [`Marked`] texts.
pub(super) fn asked() -> Value {
    json!({
        "fields": { "title": {}, "body": {} },
        "number_of_fragments": 0,
        "pre_tags": [OPEN],
        "post_tags": [CLOSE],
    })
}

/// The fields of a document as the contract names them.
fn fields(kind: SearchType, texts: &Texts) -> Vec<Field<'_>> {
    let (title, body, whole) = match kind {
        SearchType::User => ("name", "bio", true),
        SearchType::Post => ("title", "content", false),
    };
    let handle = texts.handle.as_deref().map(|text| Field { name: "handle", text, whole: true });
    let title = Field { name: title, text: &texts.title, whole: true };
    let body = texts.body.as_deref().map(|text| Field { name: body, text, whole });
    handle.into_iter().chain([title]).chain(body).collect()
}

/// The highlights of a document that a search found.
pub(super) fn of(kind: SearchType, texts: &Texts, words: &[String], marked: Option<&Marked>) -> Vec<Highlight> {
    let fields = fields(kind, texts);
    let Some(marked) = marked else {
        return highlight(&fields, &FuzzyWords(words));
    };
    let in_field = |field: Field<'_>| {
        let marked = match field.name {
            "name" | "title" => marked.title.first(),
            "bio" | "content" => marked.body.first(),
            _ => None,
        };
        let marks = marked.map(|marked| marks(marked, field.text)).unwrap_or_default();
        let is_marked = |word: &Range<usize>| marks.iter().any(|mark| mark.start < word.end && word.start < mark.end);
        let matcher = FuzzyWords(words);
        let ranges: Vec<_> = words_at(field.text)
            .filter(|(at, word)| is_marked(at) || matcher.matched(word).is_some())
            .map(|(at, _)| at)
            .collect();
        render(field, &ranges)
    };
    fields.into_iter().filter_map(in_field).collect()
}

/// The highlights of a document that was suggested.
pub(super) fn of_suggestion(kind: SearchType, texts: &Texts, prefix: &str, words: &[String]) -> Vec<Highlight> {
    let fields = fields(kind, texts);
    let highlights = highlight(&fields, &PrefixWords(words));
    // A handle is matched as it stands: `_` begins one, and is no word.
    let handle = fields.into_iter().find(|field| field.name == "handle" && field.text.starts_with(prefix));
    match handle {
        Some(handle) if highlights.is_empty() => {
            Vec::from_iter(render(handle, std::slice::from_ref(&(0..prefix.len()))))
        }
        _ => highlights,
    }
}

/// Where in `text` the marks of `marked` stand. A text that holds the marks' characters itself has none.
fn marks(marked: &str, text: &str) -> Vec<Range<usize>> {
    if text.contains([OPEN, CLOSE]) {
        return Vec::new();
    }
    let mut marks = Vec::new();
    let (mut at, mut start) = (0, 0);
    for c in marked.chars() {
        match c {
            OPEN => start = at,
            CLOSE => marks.push(start..at),
            c => at += c.len_utf8(),
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(title: &str) -> Texts {
        Texts { handle: None, title: title.into(), body: Some("Nothing here.".into()) }
    }

    #[test]
    fn what_the_server_marked_is_highlighted_beside_what_was_typed() {
        let marked = Marked { title: vec![format!("Größe & {OPEN}databases{CLOSE}, Rsut")], body: Vec::new() };
        let found = of(SearchType::Post, &post("Größe & databases, Rsut"), &["rust".to_owned()], Some(&marked));
        let html = "Größe &amp; <em>databases</em>, <em>Rsut</em>";
        assert_eq!(found, [Highlight { field: "title", html: html.into() }]);
    }

    #[test]
    fn a_text_with_the_marks_own_characters_is_left_as_it_is() {
        let text = format!("a {OPEN} b");
        assert!(marks(&format!("{OPEN}a{CLOSE} {OPEN} b"), &text).is_empty());
        assert_eq!(marks(&format!("{OPEN}a{CLOSE} {OPEN}b{CLOSE}"), "a b"), [0..1, 2..3]);
    }
}
