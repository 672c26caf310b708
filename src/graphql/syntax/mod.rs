//! The text of a document, read as the specification writes it (October 2021, §2; strings as of September 2025,
//! §2.9.4).
//!
//! async-graphql's own parser refuses characters that are escaped as a pair of surrogates or in braces, white space
//! within types, and more; and its tree has no room for a field of an input object that is given twice, which is then
//! lost before anybody can see it. This one makes the same tree, and tells of what the tree can't hold.

mod lexer;
mod parser;
mod strings;

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Pos, ServerError};

/// A document, and what is wrong with it that its tree does not show.
#[derive(Debug)]
pub(super) struct Parsed {
    /// The first of what there may be only one of.
    pub document: ExecutableDocument,
    /// Rules of validation that were found to be broken: a name that stands twice where it may stand once, an
    /// anonymous operation beside others, no operation.
    pub faults: Vec<ServerError>,
}

/// Why a text is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It is not GraphQL.
    Syntax {
        /// What was expected, and what was found.
        message: String,
        /// Where.
        at: Pos,
    },
    /// It goes beyond one of its bounds.
    Beyond(Bound),
}

/// What is counted while a text is read, so that reading ends as soon as there is too much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// Brackets that are open at one place: the stack does not grow beyond that.
    Open,
    /// Lexical tokens.
    Tokens,
    /// Fields with an alias.
    Aliases,
    /// Directives at one place.
    Directives,
}

/// The most of each that a text may have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// See [`Bound::Open`].
    pub open: usize,
    /// See [`Bound::Tokens`].
    pub tokens: usize,
    /// See [`Bound::Aliases`].
    pub aliases: usize,
    /// See [`Bound::Directives`].
    pub directives: usize,
}

impl Unreadable {
    fn syntax(message: impl Into<String>, at: Pos) -> Self {
        Self::Syntax { message: message.into(), at }
    }
}

/// Reads a text.
///
/// # Errors
/// [`Unreadable`], at the first place that can't be read or goes beyond a bound.
pub(super) fn parse(text: &str, bounds: Bounds) -> Result<Parsed, Unreadable> {
    parser::Parser::new(text, bounds)?.document()
}
