//! Brings every store of Polygraph to the current version.
//!
//! A module per engine, each with `up` (applies what is missing and returns its names) and `pending` (only says what
//! is missing). All of them are recorded in the store itself, may be run again at any time, and wait for each other
//! when several instances run them at once.

pub mod elastic;
pub mod mongo;
pub mod sql;

use std::error::Error as StdError;

/// A migration that could not be applied, or a store that could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct MigrationError {
    what: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl MigrationError {
    /// What could not be done, as a sentence for the operator, and the driver's own error.
    pub fn new(what: impl Into<String>, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { what: what.into(), source: Some(source.into()) }
    }

    /// What is wrong, as a sentence for the operator, where no driver's error stands behind it.
    pub fn because(what: impl Into<String>) -> Self {
        Self { what: what.into(), source: None }
    }
}
