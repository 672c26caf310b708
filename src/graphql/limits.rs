//! Limits on a document, checked before anything recurses into it or follows its fragments.
//!
//! Parser, validation and execution follow nesting on the stack, and fragments once for each time they are spread. So
//! a text of a few thousand brackets would overflow the stack, and 25 fragments that each spread the next one twice
//! would be 33 million selections. So brackets are counted as the text is parsed, and here each fragment is measured once.

use std::collections::HashMap;

use async_graphql::Name;
use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

use super::ErrorCode;

/// The most brackets, of any kind, that may be open at one place of the text.
pub(super) const MAX_OPEN: usize = 64;
/// The most fields above one another, fragments expanded.
const MAX_DEPTH: usize = 32;
/// The most selection sets above one another, fragments expanded: those of fields, inline fragments and spreads.
pub(super) const MAX_NESTING: usize = 96;
/// The most fields of all operations together, fragments expanded.
const MAX_FIELDS: u64 = 10_000;

/// Why a document is not looked at any further.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Excess {
    /// What the client is told.
    pub code: ErrorCode,
    /// The sentence that goes with it.
    pub message: String,
}

/// More lies above one another than anybody needs.
pub(super) fn too_deep() -> Excess {
    let message = format!("The query is nested too deeply: at most {MAX_DEPTH} fields above one another.");
    Excess { code: ErrorCode::QueryTooDeep, message }
}

/// Checks a document, before it is validated.
///
/// # Errors
/// [`Excess`] where it is too deep or too large once its fragments are expanded, or where that would never end.
pub(super) fn check_document(document: &ExecutableDocument) -> Result<(), Excess> {
    let mut measuring = Measuring { document, fragments: HashMap::new() };
    let mut fields = 0_u64;
    for (_, operation) in document.operations.iter() {
        fields = fields.saturating_add(measuring.measure(&operation.node.selection_set.node, 1)?.fields);
    }
    if fields > MAX_FIELDS {
        let message = format!("The query selects {fields} fields, fragments expanded: at most {MAX_FIELDS}.");
        return Err(Excess { code: ErrorCode::QueryTooComplex, message });
    }
    Ok(())
}

/// How much a selection set is, fragments expanded.
#[derive(Clone, Copy, Default)]
struct Extent {
    fields: u64,
    depth: usize,
    nesting: usize,
}

struct Measuring<'a> {
    document: &'a ExecutableDocument,
    /// `None` while the fragment is being measured.
    fragments: HashMap<&'a Name, Option<Extent>>,
}

impl<'a> Measuring<'a> {
    /// `above` counts the selection sets on the stack.
    fn measure(&mut self, selection: &'a SelectionSet, above: usize) -> Result<Extent, Excess> {
        let mut whole = Extent::default();
        for item in &selection.items {
            let (own, below) = match &item.node {
                Selection::Field(field) => (1, self.measure(&field.node.selection_set.node, above + 1)?),
                Selection::InlineFragment(inline) => (0, self.measure(&inline.node.selection_set.node, above + 1)?),
                Selection::FragmentSpread(spread) => {
                    (0, self.measure_fragment(&spread.node.fragment_name.node, above + 1)?)
                }
            };
            whole.fields = whole.fields.saturating_add(below.fields).saturating_add(own);
            whole.depth = whole.depth.max(below.depth + own as usize);
            whole.nesting = whole.nesting.max(below.nesting + 1);
        }
        if above > MAX_NESTING || whole.nesting > MAX_NESTING || whole.depth > MAX_DEPTH {
            return Err(too_deep());
        }
        Ok(whole)
    }

    fn measure_fragment(&mut self, name: &'a Name, above: usize) -> Result<Extent, Excess> {
        if above > MAX_NESTING {
            return Err(too_deep());
        }
        match self.fragments.get(name) {
            Some(Some(extent)) => return Ok(*extent),
            Some(None) => {
                let message = format!("The fragment \"{name}\" spreads itself.");
                return Err(Excess { code: ErrorCode::ValidationFailed, message });
            }
            None => {}
        }
        // One that is not there is for validation to name.
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Extent::default()) };
        self.fragments.insert(name, None);
        let extent = self.measure(&fragment.node.selection_set.node, above)?;
        self.fragments.insert(name, Some(extent));
        Ok(extent)
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn refused(query: &str) -> Option<ErrorCode> {
        let document = parse_query(query).expect("a document");
        check_document(&document).err().map(|excess| excess.code)
    }

    /// Fragments that each spread the next one twice.
    fn doubling(times: usize) -> String {
        let fragments = (0..times).map(|n| format!(" fragment F{n} on Query {{ ...F{} ...F{} }}", n + 1, n + 1));
        format!("{{ ...F0 }}{} fragment F{times} on Query {{ a }}", fragments.collect::<String>())
    }

    #[test]
    fn fragments_are_expanded_without_walking_them_again() {
        assert_eq!(refused(&doubling(13)), None, "8,192 fields");
        assert_eq!(refused(&doubling(14)), Some(ErrorCode::QueryTooComplex));
        assert_eq!(refused(&doubling(90)), Some(ErrorCode::QueryTooComplex), "more than can be counted");
    }

    #[test]
    fn depth_is_that_of_fields_whatever_fragments_lie_between() {
        let deep = |n: usize, open: &str, close: &str| format!("{{ {} a {} }}", open.repeat(n), close.repeat(n));
        assert_eq!(refused(&deep(MAX_DEPTH - 1, "a {", "}")), None);
        assert_eq!(refused(&deep(MAX_DEPTH, "a {", "}")), Some(ErrorCode::QueryTooDeep));
        assert_eq!(refused(&deep(20, "a { ... on A {", "} }")), None);
        let chain: String = (0..20_000).map(|n| format!(" fragment F{n} on Query {{ ...F{} }}", n + 1)).collect();
        assert_eq!(refused(&format!("{{ ...F0 }}{chain}")), Some(ErrorCode::QueryTooDeep), "a chain of fragments");
        let known_first = format!("{{ ...F19999 ...F19920 ...F19840 ...F19760 }}{chain}");
        assert_eq!(refused(&known_first), Some(ErrorCode::QueryTooDeep), "a chain measured from its end");
    }

    #[test]
    fn fragments_that_never_end_are_invalid() {
        let cycle = "{ ...A } fragment A on Query { a { ...B } } fragment B on Query { ...A }";
        assert_eq!(refused(cycle), Some(ErrorCode::ValidationFailed));
        assert_eq!(refused("{ a } fragment A on Query { ...A }"), None, "one that is never spread is not expanded");
    }
}
