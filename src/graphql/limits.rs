//! Limits on what a client sends, checked before anything recurses into it, follows its fragments or executes it.
//!
//! Parser, validation and execution follow nesting on the stack, and fragments once for each time they are spread. So
//! a text of a few thousand brackets would overflow the stack, and 25 fragments that each spread the next one twice
//! would be 33 million selections. So brackets, tokens, aliases and directives are counted as the text is parsed, and
//! here each fragment is measured once.

mod measure;

use async_graphql::parser::types::ExecutableDocument;
use serde_json::{Map, Value};

use self::measure::Measuring;
use super::ErrorCode;
use super::syntax::{Bound, Bounds};

/// The most brackets, of any kind, that may be open at one place of the text.
const MAX_OPEN: usize = 64;
/// The most selection sets above one another, fragments expanded: those of fields, inline fragments and spreads.
pub(super) const MAX_NESTING: usize = 96;
/// The most lists above one another in a description of the schema, where each multiplies those below: graphql-js has
/// the same limit, and what tools send has one.
const MAX_INTROSPECTED_LISTS: usize = 2;
/// The most descriptions of the schema, or of a type, in one operation.
const MAX_INTROSPECTIONS: u64 = 16;

/// What may be sent at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Lexical tokens of a document.
    pub tokens: usize,
    /// Fields with an alias in a document.
    pub aliases: usize,
    /// Directives on one field, fragment or operation.
    pub directives: usize,
    /// Fields above one another, fragments expanded. Introspection has limits of its own.
    pub depth: usize,
    /// Fields at the top of an operation, fragments expanded.
    pub root_fields: u64,
    /// Fields of all operations together, fragments expanded.
    pub fields: u64,
    /// What an operation may cost, by the weights in the schema; `None`: anything.
    pub cost: Option<u64>,
    /// Lists and objects above one another in the variables.
    pub variable_depth: usize,
}

/// Why something is not looked at any further.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Excess {
    /// What the client is told.
    pub code: ErrorCode,
    /// The sentence that goes with it.
    pub message: String,
}

impl Limits {
    /// The bounds within which a text is read.
    pub(super) fn bounds(&self) -> Bounds {
        Bounds { open: MAX_OPEN, tokens: self.tokens, aliases: self.aliases, directives: self.directives }
    }

    /// A text goes beyond a bound.
    pub(super) fn beyond(&self, bound: Bound) -> Excess {
        let Self { tokens, aliases, directives, .. } = self;
        let (code, message) = match bound {
            Bound::Open => {
                let message =
                    format!("The document is nested too deeply: at most {MAX_OPEN} brackets within one another.");
                (ErrorCode::QueryTooDeep, message)
            }
            Bound::Tokens => (ErrorCode::TooManyTokens, format!("The document has too many tokens: at most {tokens}.")),
            Bound::Aliases => {
                (ErrorCode::TooManyAliases, format!("The document has too many aliases: at most {aliases}."))
            }
            Bound::Directives => {
                let message = format!("Too many directives stand at one place: at most {directives}.");
                (ErrorCode::QueryTooComplex, message)
            }
        };
        Excess { code, message }
    }

    /// More lies above one another than may.
    fn too_deep(&self) -> Excess {
        let message = format!("The query is nested too deeply: at most {} fields above one another.", self.depth);
        Excess { code: ErrorCode::QueryTooDeep, message }
    }

    /// Checks a document, before it is validated. `introspection` is whether the schema may be asked about.
    ///
    /// # Errors
    /// [`Excess`] where it is too deep or too large once its fragments are expanded, or where that would never end.
    pub(super) fn check_document(&self, document: &ExecutableDocument, introspection: bool) -> Result<(), Excess> {
        let mut measuring = Measuring::of(document, self);
        let mut fields = 0_u64;
        for (_, operation) in document.operations.iter() {
            let whole = measuring.measure(&operation.node.selection_set.node, 1)?;
            fields = fields.saturating_add(whole.fields);
            if !introspection && whole.introspections > 0 {
                let message = "The schema may not be asked about here.".to_owned();
                return Err(Excess { code: ErrorCode::IntrospectionDisabled, message });
            }
            if whole.depth > self.depth {
                return Err(self.too_deep());
            }
            let of_operation = [
                ("selects", whole.roots, self.root_fields, "fields at its top"),
                ("describes the schema", whole.introspections, MAX_INTROSPECTIONS, "times"),
            ];
            for (does, count, most, what) in of_operation {
                if count > most {
                    return Err(too_complex(format!("The query {does} {count} {what}: at most {most}.")));
                }
            }
        }
        if fields > self.fields {
            let most = self.fields;
            return Err(too_complex(format!("The query selects {fields} fields, fragments expanded: at most {most}.")));
        }
        Ok(())
    }

    /// Checks the variables of an operation, before anything recurses into them but the reader of JSON, which has a
    /// bound of its own.
    ///
    /// # Errors
    /// [`Excess`] where they are nested too deeply.
    pub(super) fn check_variables(&self, variables: &Map<String, Value>) -> Result<(), Excess> {
        let most = self.variable_depth;
        if variables.values().all(|value| is_within(value, most)) {
            return Ok(());
        }
        let message =
            format!("The variables are nested too deeply: at most {most} lists and objects above one another.");
        Err(Excess { code: ErrorCode::BadUserInput, message })
    }

    /// Checks what an operation costs.
    ///
    /// # Errors
    /// [`Excess`] where it costs too much.
    pub(super) fn check_cost(&self, cost: u64) -> Result<(), Excess> {
        match self.cost {
            Some(most) if cost > most => {
                let message = format!("The query may cost {cost}: at most {most}. Ask for shorter lists.");
                Err(too_complex(message))
            }
            _ => Ok(()),
        }
    }
}

fn too_complex(message: String) -> Excess {
    Excess { code: ErrorCode::QueryTooComplex, message }
}

/// Whether at most `most` lists and objects lie above one another in a value.
fn is_within(value: &Value, most: usize) -> bool {
    match value {
        Value::Array(items) => most > 0 && items.iter().all(|item| is_within(item, most - 1)),
        Value::Object(fields) => most > 0 && fields.values().all(|field| is_within(field, most - 1)),
        _ => true,
    }
}

#[cfg(test)]
pub(super) mod testing {
    use super::Limits;

    /// Limits that tests of other things don't meet.
    pub(in crate::graphql) const LIMITS: Limits = Limits {
        tokens: 10_000,
        aliases: 100,
        directives: 10,
        depth: 32,
        root_fields: 100,
        fields: 10_000,
        cost: None,
        variable_depth: 16,
    };
}

#[cfg(test)]
mod tests;
