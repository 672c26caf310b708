//! Hits made of the documents that were found: titles and highlights.

use tantivy::schema::{Field, Value as _};
use tantivy::{Searcher, TantivyDocument};

use super::collect::Ranked;
use super::schema::Fields;
use crate::domain::highlight::{self, FuzzyWords, PrefixWords};
use crate::domain::search::{Highlight, Hit, SearchTarget};
use crate::domain::{PostId, UserId};

/// What highlights show.
pub(super) enum Shown<'a> {
    /// The words of a search, or nothing.
    Words(Option<&'a [String]>),
    /// What was typed ahead, and its words.
    Prefix {
        /// As typed, folded to lower case.
        prefix: &'a str,
        /// Its words.
        words: &'a [String],
    },
}

/// The hits for these documents, in their order.
pub(super) fn load(
    searcher: &Searcher,
    fields: Fields,
    found: &[Ranked],
    shown: &Shown<'_>,
) -> tantivy::Result<Vec<Hit>> {
    found.iter().map(|found| Ok(hit(&searcher.doc(found.address)?, fields, found, shown))).collect()
}

fn hit(document: &TantivyDocument, fields: Fields, found: &Ranked, shown: &Shown<'_>) -> Hit {
    let text = |field: Field| document.get_first(field).and_then(|value| value.as_str()).unwrap_or_default();
    let whole = |name, field| highlight::Field { name, text: text(field), whole: true };
    let is_post = document.get_first(fields.title).is_some();
    let (target, title) = if is_post {
        (SearchTarget::Post(PostId(found.id)), text(fields.title))
    } else {
        (SearchTarget::User(UserId(found.id)), text(fields.name))
    };
    let highlights = match (shown, is_post) {
        (Shown::Words(None), _) => Vec::new(),
        (Shown::Words(Some(words)), false) => {
            let users = [whole("handle", fields.handle), whole("name", fields.name), whole("bio", fields.bio)];
            highlight::highlight(&users, &FuzzyWords(words))
        }
        (Shown::Words(Some(words)), true) => {
            let content = highlight::Field { name: "content", text: text(fields.content), whole: false };
            highlight::highlight(&[whole("title", fields.title), content], &FuzzyWords(words))
        }
        (Shown::Prefix { prefix, words }, false) => {
            let handle = handle_beginning(whole("handle", fields.handle), prefix);
            let name = highlight::highlight(&[whole("name", fields.name)], &PrefixWords(words));
            handle.into_iter().chain(name).collect()
        }
        (Shown::Prefix { words, .. }, true) => {
            highlight::highlight(&[whole("title", fields.title)], &PrefixWords(words))
        }
    };
    Hit { target, title: title.to_owned(), score: found.score, highlights }
}

/// The beginning of a handle, which need not be a word: `_` is one of `___`.
fn handle_beginning(handle: highlight::Field<'_>, prefix: &str) -> Option<Highlight> {
    let begins = handle.text.starts_with(prefix);
    begins.then(|| highlight::render(handle, std::slice::from_ref(&(0..prefix.len())))).flatten()
}
