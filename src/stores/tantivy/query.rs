//! Queries: made of words and terms, never parsed from text, so that no character has a meaning.

use std::ops::Bound;

use tantivy::Term;
use tantivy::query::{
    BooleanQuery, BoostQuery, ConstScoreQuery, DisjunctionMaxQuery, FuzzyTermQuery, Occur, Query, RangeQuery, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use uuid::Uuid;

use super::schema::{Fields, Kind};
use super::typos::Typos;
use crate::domain::search::{IndexKey, SearchFilter, SearchText, SearchType, suggestion_score};
use crate::domain::{LikeId, Period, PostId, Timestamp, UserId};

/// What a word with typos is worth: less than an exact one, which is worth this and its own score.
const TYPO_SCORE: f32 = 0.1;
/// A field of few words weighs more than running text.
const SHORT_FIELD: f32 = 2.0;

type Clause = Box<dyn Query>;

/// Everything that a text finds and a filter lets through; `None` where that can't be anything.
pub(super) fn search(
    fields: Fields,
    text: &SearchText,
    filter: &SearchFilter,
) -> tantivy::Result<Option<BooleanQuery>> {
    let mut searched = Vec::new();
    if filter.admits(SearchType::User) {
        searched.extend([(fields.handle, SHORT_FIELD), (fields.name, SHORT_FIELD), (fields.bio, 1.0)]);
    }
    if filter.admits(SearchType::Post) {
        searched.extend([(fields.title, SHORT_FIELD), (fields.content, 1.0)]);
    }
    if searched.is_empty() || text.words.is_empty() {
        return Ok(None);
    }
    let mut clauses = text.words.iter().map(|word| one_word(&searched, word)).collect::<tantivy::Result<Vec<_>>>()?;
    if let Some(author) = filter.author {
        let (high, low) = author.0.as_u64_pair();
        clauses.push(unscored(exactly(Term::from_field_u64(fields.author.high, high))));
        clauses.push(unscored(exactly(Term::from_field_u64(fields.author.low, low))));
    }
    clauses.extend(within(fields.created_at, filter.period).map(unscored));
    Ok(Some(all(clauses)))
}

/// What begins with a prefix, scored by [`suggestion_score`].
pub(super) fn suggest(fields: Fields, prefix: &str, words: &[String], only: Option<SearchType>) -> DisjunctionMaxQuery {
    let scored = |query: Clause, score| -> Clause { Box::new(ConstScoreQuery::new(query, score)) };
    let mut ways: Vec<Clause> = Vec::new();
    let mut by_words = |field| {
        if let Some((last, wholes)) = words.split_last() {
            let wholes = wholes.iter().map(|word| exactly(Term::from_field_text(field, word)));
            ways.push(scored(Box::new(all(wholes.chain([beginning(field, last)]).collect())), suggestion_score::WORD));
        }
    };
    if only != Some(SearchType::User) {
        by_words(fields.title);
    }
    if only != Some(SearchType::Post) {
        by_words(fields.name);
        let handle = Term::from_field_text(fields.handle_whole, prefix);
        ways.push(scored(exactly(handle), suggestion_score::EXACT_HANDLE));
        ways.push(scored(beginning(fields.handle_whole, prefix), suggestion_score::HANDLE));
    }
    DisjunctionMaxQuery::new(ways)
}

/// Everything of some kinds that was created in a period.
pub(super) fn created(fields: Fields, kinds: &[Kind], period: Period) -> BooleanQuery {
    let kinds = kinds.iter().map(|&kind| exactly(Term::from_field_u64(fields.kind, kind as u64))).collect();
    let any_kind: Clause = Box::new(BooleanQuery::union(kinds));
    all([any_kind].into_iter().chain(within(fields.created_at, period)).collect())
}

/// The tombstones of deletions before a moment.
pub(super) fn deleted_before(fields: Fields, moment: Timestamp) -> Clause {
    let end = Term::from_field_i64(fields.deleted_at, moment.millis());
    Box::new(RangeQuery::new(Bound::Unbounded, Bound::Excluded(end)))
}

/// The likes of a post.
pub(super) fn likes_of(fields: Fields, post: PostId) -> BooleanQuery {
    let [first, last] = [Uuid::nil(), Uuid::max()].map(|user| {
        let key = IndexKey::Like(LikeId { post, user: UserId(user) });
        Bound::Included(fields.key_term(key))
    });
    let kind = exactly(Term::from_field_u64(fields.kind, Kind::Like as u64));
    all(vec![kind, Box::new(RangeQuery::new(first, last))])
}

/// A word in any of the fields, exactly or with typos.
fn one_word(searched: &[(Field, f32)], word: &str) -> tantivy::Result<Clause> {
    let exact = searched.iter().map(|&(field, weight)| -> Clause {
        let term = TermQuery::new(Term::from_field_text(field, word), IndexRecordOption::WithFreqs);
        Box::new(BoostQuery::new(Box::new(term), weight))
    });
    let mut ways: Vec<Clause> = exact.collect();
    if let Some(typos) = Typos::of(word)? {
        let fuzzy = searched.iter().map(|&(field, _)| -> Clause { Box::new(typos.within(field)) });
        let anywhere = BooleanQuery::union(fuzzy.collect());
        ways.push(Box::new(ConstScoreQuery::new(Box::new(anywhere), TYPO_SCORE)));
    }
    Ok(Box::new(BooleanQuery::union(ways)))
}

/// A term that begins with this.
fn beginning(field: Field, start: &str) -> Clause {
    Box::new(FuzzyTermQuery::new_prefix(Term::from_field_text(field, start), 0, true))
}

fn exactly(term: Term) -> Clause {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

fn unscored(query: Clause) -> Clause {
    Box::new(ConstScoreQuery::new(query, 0.0))
}

fn within(field: Field, period: Period) -> Option<Clause> {
    let term = |moment: Timestamp| Term::from_field_i64(field, moment.millis());
    let from = period.from.map_or(Bound::Unbounded, |from| Bound::Included(term(from)));
    let to = period.to.map_or(Bound::Unbounded, |to| Bound::Excluded(term(to)));
    (period != Period::default()).then(|| -> Clause { Box::new(RangeQuery::new(from, to)) })
}

fn all(clauses: Vec<Clause>) -> BooleanQuery {
    BooleanQuery::new(clauses.into_iter().map(|clause| (Occur::Must, clause)).collect())
}
