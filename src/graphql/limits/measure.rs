//! How much a document is, fragments expanded, each of them walked once.

use std::collections::HashMap;

use async_graphql::Name;
use async_graphql::parser::types::{ExecutableDocument, Field, Selection, SelectionSet};

use super::{ErrorCode, Excess, Limits, MAX_INTROSPECTED_LISTS, MAX_NESTING};

/// How much a selection set is, fragments expanded.
#[derive(Clone, Copy, Default)]
pub(super) struct Extent {
    /// Fields, here and below.
    pub fields: u64,
    /// Fields at the top.
    pub roots: u64,
    /// Fields above one another, without those that describe the schema.
    pub depth: usize,
    /// Selection sets above one another.
    pub nesting: usize,
    /// Descriptions of the schema or of a type.
    pub introspections: u64,
    /// Lists above one another, as descriptions of the schema have them.
    pub lists: usize,
}

pub(super) struct Measuring<'a> {
    document: &'a ExecutableDocument,
    limits: &'a Limits,
    /// `None` while the fragment is being measured.
    fragments: HashMap<&'a Name, Option<Extent>>,
}

impl<'a> Measuring<'a> {
    pub(super) fn of(document: &'a ExecutableDocument, limits: &'a Limits) -> Self {
        Self { document, limits, fragments: HashMap::new() }
    }

    /// `above` counts the selection sets on the stack.
    ///
    /// # Errors
    /// [`Excess`] where it is too deep for the stack, describes the schema in a way that multiplies, or never ends.
    pub(super) fn measure(&mut self, selection: &'a SelectionSet, above: usize) -> Result<Extent, Excess> {
        let mut whole = Extent::default();
        for item in &selection.items {
            let part = match &item.node {
                Selection::Field(field) => self.measure_field(&field.node, above)?,
                Selection::InlineFragment(inline) => self.measure(&inline.node.selection_set.node, above + 1)?,
                Selection::FragmentSpread(spread) => {
                    self.measure_fragment(&spread.node.fragment_name.node, above + 1)?
                }
            };
            whole.fields = whole.fields.saturating_add(part.fields);
            whole.roots = whole.roots.saturating_add(part.roots);
            whole.introspections = whole.introspections.saturating_add(part.introspections);
            whole.depth = whole.depth.max(part.depth);
            whole.lists = whole.lists.max(part.lists);
            whole.nesting = whole.nesting.max(part.nesting + 1);
        }
        if above > MAX_NESTING || whole.nesting > MAX_NESTING {
            return Err(self.limits.too_deep());
        }
        Ok(whole)
    }

    fn measure_field(&mut self, field: &'a Field, above: usize) -> Result<Extent, Excess> {
        let below = self.measure(&field.selection_set.node, above + 1)?;
        let mut whole = Extent { fields: below.fields.saturating_add(1), roots: 1, depth: below.depth + 1, ..below };
        match field.name.node.as_str() {
            "__schema" | "__type" => {
                if below.lists > MAX_INTROSPECTED_LISTS {
                    let message = format!(
                        "The schema is asked about in circles: at most {MAX_INTROSPECTED_LISTS} lists of fields or types \
                         above one another."
                    );
                    return Err(Excess { code: ErrorCode::QueryTooDeep, message });
                }
                whole = Extent { introspections: below.introspections.saturating_add(1), depth: 1, lists: 0, ..whole };
            }
            "fields" | "interfaces" | "possibleTypes" | "inputFields" => whole.lists += 1,
            _ => {}
        }
        Ok(whole)
    }

    fn measure_fragment(&mut self, name: &'a Name, above: usize) -> Result<Extent, Excess> {
        if above > MAX_NESTING {
            return Err(self.limits.too_deep());
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
