//! Where a value comes from.

use std::fmt;
use std::path::PathBuf;

/// The source that gave a setting the value in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// No source: the built-in default.
    Default,
    /// The configuration file.
    File {
        /// The file, as it was named.
        path: PathBuf,
        /// The line of the key, counted from 1.
        line: usize,
    },
    /// An environment variable.
    Env {
        /// Its name.
        name: String,
    },
    /// A flag of the command line.
    Flag {
        /// Its name, without the dashes.
        name: &'static str,
    },
}

impl Origin {
    /// How a sentence about the value of `key` starts: the name under which the reader wrote it.
    pub(super) fn subject(&self, key: &str) -> String {
        match self {
            Self::Default => format!("The default of `{key}`"),
            Self::File { path, line } => format!("{}, line {line}: `{key}`", path.display()),
            Self::Env { name } => name.clone(),
            Self::Flag { name } => format!("--{name}"),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}, line {line}", path.display()),
            Self::Env { name } => write!(f, "environment, {name}"),
            Self::Flag { name } => write!(f, "flag, --{name}"),
        }
    }
}
