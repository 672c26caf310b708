//! Everything that is wrong with a configuration, in sentences.

use std::fmt;

/// Why a configuration is refused: each fault is a sentence that says what to do next, and holds no secret.
///
/// All faults are reported at once, so that they can be mended at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    faults: Vec<String>,
}

impl ConfigError {
    pub(super) fn new(faults: Vec<String>) -> Self {
        Self { faults }
    }

    /// The faults, one sentence each (or a few short ones).
    pub fn faults(&self) -> &[String] {
        &self.faults
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.faults.join("\n"))
    }
}

impl std::error::Error for ConfigError {}
