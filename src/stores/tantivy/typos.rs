//! Words with typos: one automaton for each word, however many fields it is looked for in.
//!
//! An automaton of a word of eight letters has some hundred kilobytes, and a search may have thirty such words:
//! tantivy's own fuzzy query would make one for each field.

use std::fmt;
use std::sync::Arc;

use tantivy::Term;
use tantivy::query::{AutomatonWeight, DfaWrapper, EnableScoring, FuzzyTermQuery, Query, Weight};
use tantivy::schema::Field;

use crate::domain::text;

/// No typos are forgiven in words of more code points, to bound the automaton. No word is that long, unless accents are
/// heaped on its letters.
const MOST_CODE_POINTS: usize = 256;

/// The spellings of a word that are forgiven.
pub(super) struct Typos(Arc<DfaWrapper>);

impl Typos {
    /// Those of `word`; `None` where it must be exact.
    pub(super) fn of(word: &str) -> tantivy::Result<Option<Self>> {
        let most = text::typos_forgiven(word);
        if most == 0 || word.chars().count() > MOST_CODE_POINTS {
            return Ok(None);
        }
        // The automaton reads a word in any field.
        let term = Term::from_field_text(Field::from_field_id(0), word);
        let automaton = FuzzyTermQuery::new(term, most, true).automaton()?;
        Ok(Some(Self(Arc::new(automaton))))
    }

    /// A query for them in a field.
    pub(super) fn within(&self, field: Field) -> TyposInField {
        TyposInField { field, automaton: Arc::clone(&self.0) }
    }
}

/// Documents with one of the spellings in a field, all with the same score.
#[derive(Clone)]
pub(super) struct TyposInField {
    field: Field,
    automaton: Arc<DfaWrapper>,
}

impl fmt::Debug for TyposInField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TyposInField").field("field", &self.field).finish_non_exhaustive()
    }
}

impl Query for TyposInField {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(AutomatonWeight::<DfaWrapper>::new(self.field, Arc::clone(&self.automaton))))
    }
}
