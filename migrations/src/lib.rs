//! Brings every store of Polygraph to the current version.
//!
//! Each store has its own steps, in order, recorded where they are applied. All are idempotent and may be run by
//! several instances at once: what one has done, another finds done.

pub mod mongo;

use std::error::Error;

/// A migration that failed: what was being done, and the driver's error.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct MigrationError {
    what: String,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl MigrationError {
    /// `what` could not be done, because of `source`.
    pub fn new(what: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { what: what.into(), source: Some(source.into()) }
    }
}
