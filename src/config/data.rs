//! Where data lives, and what is done to it at the start.

use std::path::PathBuf;

use super::layer::Values;
use super::read;
use super::setting::{Section, Setting};

/// Where data lives, and what is done to it at the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataConfig {
    /// The directory of the embedded stores.
    pub data_dir: PathBuf,
    /// The prefix of schemas, collections, indexes and keys.
    pub namespace: String,
    /// Whether `serve` migrates the stores before it serves.
    pub migrate_on_start: bool,
    /// Whether `serve` fills empty truth stores with demo data, where every truth store is embedded.
    pub demo_data: bool,
}

static DATA_DIR: Setting<PathBuf> =
    Setting::new("data_dir", "PATH", read::path, "Directory of the embedded stores; made when it is not there.")
        .default("polygraph-data")
        .flag("data-dir");

static NAMESPACE: Setting<String> = Setting::new(
    "namespace",
    "NAME",
    read_namespace,
    "Name of the schema in PostgreSQL and prefix of collections, indexes and keys: several gateways' worlds can share \
     servers.",
)
.default("polygraph")
.flag("namespace");

static MIGRATE_ON_START: Setting<bool> = Setting::new(
    "migrate_on_start",
    "BOOL",
    read::switch,
    "Whether `serve` brings every store to the current version before it serves.",
)
.default("true")
.flag("migrate-on-start");

static DEMO_DATA: Setting<bool> = Setting::new(
    "demo_data",
    "BOOL",
    read::switch,
    "Whether `serve` fills the stores with demo data at the first start, where all truth is embedded.",
)
.default("true")
.flag("demo-data");

pub(super) static SECTION: Section = Section {
    title: "Data",
    settings: &[&DATA_DIR.about, &NAMESPACE.about, &MIGRATE_ON_START.about, &DEMO_DATA.about],
};

impl DataConfig {
    pub(super) fn finish(values: &mut Values) -> Option<Self> {
        let (data_dir, namespace) = (values.get(&DATA_DIR), values.get(&NAMESPACE));
        let (migrate_on_start, demo_data) = (values.get(&MIGRATE_ON_START), values.get(&DEMO_DATA));
        Some(Self {
            data_dir: data_dir?,
            namespace: namespace?,
            migrate_on_start: migrate_on_start?,
            demo_data: demo_data?,
        })
    }

    /// The file of the embedded SQLite store.
    pub fn sqlite_path(&self) -> PathBuf {
        self.data_dir.join("polygraph.sqlite3")
    }

    /// The directory of the embedded search index.
    pub fn search_dir(&self) -> PathBuf {
        self.data_dir.join("search")
    }
}

/// What is a plain identifier in every store.
fn read_namespace(text: &str) -> Result<String, String> {
    let first = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
    let all = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if first && all && text.len() <= 31 {
        Ok(text.to_owned())
    } else {
        Err("is no name that every store takes. Write a lower-case letter, then up to 30 lower-case \
             letters, digits or underscores."
            .to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::read_namespace;

    #[test]
    fn a_namespace_is_a_plain_identifier() {
        for text in ["polygraph", "a", "test_42", &"a".repeat(31)] {
            assert_eq!(read_namespace(text), Ok(text.to_owned()));
        }
        for text in ["", "Polygraph", "1a", "_a", "a-b", "a b", "é", &"a".repeat(32)] {
            assert!(read_namespace(text).is_err(), "{text}");
        }
    }
}
