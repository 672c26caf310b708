//! Highlights: where searched words stand in a text, as HTML that is safe to show.
//!
//! One highlighter serves every search engine: tantivy's does not know fuzzy matches, Elasticsearch's breaks
//! fragments where it likes, and a client should not see which of them answered. An engine that stems hands in the
//! ranges it matched instead ([`render`]).

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation as _;

use super::search::Highlight;
use super::text;

/// The most characters (graphemes) a fragment of a long text has, markup not counted.
pub const FRAGMENT: usize = 200;

/// A text of a document, and how it is shown.
#[derive(Debug, Clone, Copy)]
pub struct Field<'a> {
    /// The field as the contract names it.
    pub name: &'static str,
    /// Its text.
    pub text: &'a str,
    /// Whether it is shown whole, or by its best fragment.
    pub whole: bool,
}

/// Says which part of a document's word was matched by what was typed, from the word's start.
pub trait Matcher {
    /// The length in bytes of the matched part of `word` (as it stands in the text), if it was matched.
    fn matched(&self, word: &str) -> Option<usize>;
}

/// Words of a search: matched as wholes, with typos forgiven.
pub struct FuzzyWords<'a>(pub &'a [String]);

impl Matcher for FuzzyWords<'_> {
    fn matched(&self, word: &str) -> Option<usize> {
        let folded = word.to_lowercase();
        let matches = |typed: &String| text::within_typos(typed, &folded, text::typos_forgiven(typed));
        self.0.iter().any(matches).then_some(word.len())
    }
}

/// Words of a typeahead: the last is the beginning of a word, those before it are wholes.
pub struct PrefixWords<'a>(pub &'a [String]);

impl Matcher for PrefixWords<'_> {
    fn matched(&self, word: &str) -> Option<usize> {
        let (last, wholes) = self.0.split_last()?;
        let folded = word.to_lowercase();
        if folded.starts_with(last.as_str()) {
            // Lower-casing may change a word's length in bytes; then the whole of it is marked.
            return Some(if folded.len() == word.len() && word.is_char_boundary(last.len()) {
                last.len()
            } else {
                word.len()
            });
        }
        wholes.contains(&folded).then_some(word.len())
    }
}

/// The highlights of a document: one for each field in which something matched, in the order given.
pub fn highlight(fields: &[Field<'_>], matcher: &impl Matcher) -> Vec<Highlight> {
    let in_field = |field: &Field<'_>| {
        let ranges: Vec<_> = text::words_at(field.text)
            .filter_map(|(at, word)| matcher.matched(word).map(|length| at.start..at.start + length))
            .collect();
        render(*field, &ranges)
    };
    fields.iter().filter_map(in_field).collect()
}

/// A field with the byte ranges that matched, in order, as HTML; `None` where nothing did.
pub fn render(field: Field<'_>, ranges: &[Range<usize>]) -> Option<Highlight> {
    if ranges.is_empty() {
        return None;
    }
    let shown = if field.whole { 0..field.text.len() } else { best_fragment(field.text, ranges) };
    let mut html = String::with_capacity(shown.len() + 32);
    let mut at = shown.start;
    for range in ranges.iter().filter(|range| shown.start <= range.start && range.end <= shown.end) {
        escape(&field.text[at..range.start], &mut html);
        html.push_str("<em>");
        escape(&field.text[range.clone()], &mut html);
        html.push_str("</em>");
        at = range.end;
    }
    escape(&field.text[at..shown.end], &mut html);
    Some(Highlight { field: field.name, html })
}

/// The part of a text, at most [`FRAGMENT`] characters, that holds the most matches: the first such, with some of
/// what stands before its first match, cut between words.
fn best_fragment(text: &str, ranges: &[Range<usize>]) -> Range<usize> {
    let starts: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).collect();
    if starts.len() <= FRAGMENT {
        return 0..text.len();
    }
    let grapheme_of = |byte: usize| starts.partition_point(|&start| start < byte);
    let spans: Vec<_> = ranges.iter().map(|range| grapheme_of(range.start)..grapheme_of(range.end)).collect();
    let holds =
        |from: usize| spans.iter().skip(from).take_while(|span| span.end - spans[from].start <= FRAGMENT).count();
    let mut best = 0;
    for from in 1..spans.len() {
        if holds(from) > holds(best) {
            best = from;
        }
    }
    let first = spans[best].start;
    let last = spans[best + holds(best).saturating_sub(1)].end.min(first + FRAGMENT);
    let lead = (FRAGMENT - (last - first)) / 3;
    let from = first.saturating_sub(lead).min(starts.len() - FRAGMENT);
    let to = from + FRAGMENT;
    let byte_at = |grapheme: usize| starts.get(grapheme).copied().unwrap_or(text.len());
    trim_to_words(text, byte_at(from)..byte_at(to), byte_at(first)..byte_at(last))
}

/// Drops the halves of words at the ends of `shown`, but nothing of `kept`.
fn trim_to_words(text: &str, shown: Range<usize>, kept: Range<usize>) -> Range<usize> {
    let Range { mut start, mut end } = shown;
    if start > 0 && !text[..start].ends_with(char::is_whitespace) {
        start = text[start..kept.start].find(char::is_whitespace).map_or(kept.start, |space| start + space);
    }
    if end < text.len() && !text[end..].starts_with(char::is_whitespace) {
        end = text[kept.end..end].rfind(char::is_whitespace).map_or(kept.end, |space| kept.end + space);
    }
    let part = &text[start..end];
    let start = start + (part.len() - part.trim_start().len());
    start..start + part.trim().len()
}

fn escape(text: &str, html: &mut String) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn html(text: &str, whole: bool, typed: &[&str]) -> Option<String> {
        let words: Vec<String> = typed.iter().map(ToString::to_string).collect();
        let field = Field { name: "content", text, whole };
        highlight(&[field], &FuzzyWords(&words)).pop().map(|found| found.html)
    }

    #[test]
    fn marks_words_and_escapes_the_rest() {
        let text = "<b>Rust</b> & 'Databases'";
        assert_eq!(
            html(text, true, &["rust", "database"]).as_deref(),
            Some("&lt;b&gt;<em>Rust</em>&lt;/b&gt; &amp; &#39;<em>Databases</em>&#39;")
        );
        assert_eq!(html(text, true, &["go"]), None);
    }

    #[test]
    fn a_prefix_is_marked_within_its_word() {
        let words = vec!["ann".to_owned(), "le".to_owned()];
        let field = Field { name: "name", text: "Ann Lee", whole: true };
        let found = highlight(&[field], &PrefixWords(&words));
        assert_eq!(found[0].html, "<em>Ann</em> <em>Le</em>e");
    }

    #[test]
    fn a_long_text_shows_where_it_matched() {
        let text = format!("{} needle here {}", "hay ".repeat(100), "straw ".repeat(100));
        let html = html(&text, false, &["needle"]).expect("a match");
        assert!(html.contains("<em>needle</em> here"), "{html}");
        assert!(html.starts_with("hay"), "{html}");
    }

    proptest! {
        #[test]
        fn a_fragment_is_bounded_and_marks_something(before in "[a-z é👩‍👧<&]{0,400}", after in "[a-z é👩‍👧<&]{0,400}") {
            let text = format!("{before} needle {after}");
            let html = html(&text, false, &["needle"]).expect("a match");
            prop_assert!(html.contains("<em>"));
            let plain = html.replace("<em>", "").replace("</em>", "").replace("&lt;", "<").replace("&amp;", "&");
            prop_assert!(plain.graphemes(true).count() <= FRAGMENT, "{}", plain.graphemes(true).count());
            prop_assert!(text.contains(&plain));
        }
    }
}
