//! What a command that failed says: what happened, and what to do next.

use std::error::Error as StdError;
use std::fmt;

/// A failure of a command, in sentences for whoever typed it.
#[derive(Debug)]
pub struct AppError {
    sentence: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl AppError {
    /// What happened and what to do next, and the error behind it.
    pub fn new(sentence: impl Into<String>, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { sentence: sentence.into(), source: Some(source.into()) }
    }

    /// What happened and what to do next, where no other error stands behind it.
    pub fn because(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), source: None }
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)?;
        let mut source = self.source.as_deref().map(|source| source as &dyn StdError);
        while let Some(error) = source {
            write!(f, "\n  because: {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

impl StdError for AppError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
