//! The configuration file: which one it is, and what it says.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::layer::ConfigLayer;
use super::origin::Origin;
use super::setting::About;
use super::{nearest, settings};

/// The file that is read where no other is named, if it is there.
const USUAL: &str = "polygraph.toml";

/// The variable that names another.
const VARIABLE: &str = "POLYGRAPH_CONFIG";

/// A configuration file that has been read from the disk, but not understood yet.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigFile {
    /// Its path, as it was named.
    pub path: PathBuf,
    /// What it holds.
    pub text: String,
}

impl ConfigFile {
    /// Reads the file that the flag names, else the one that the variable names, else the usual one if it is there.
    pub(super) fn find(
        flag: Option<&Path>,
        variables: &[(OsString, OsString)],
        faults: &mut Vec<String>,
    ) -> Option<Self> {
        let variable = variables.iter().find(|(name, value)| name == VARIABLE && !value.is_empty());
        let (path, named_by) = match (flag, variable) {
            (Some(path), _) => (path, Some("--config")),
            (None, Some((_, value))) => (Path::new(value), Some(VARIABLE)),
            (None, None) => (Path::new(USUAL), None),
        };
        match (std::fs::read_to_string(path), named_by) {
            (Ok(text), _) => return Some(Self { path: path.to_owned(), text }),
            (Err(fault), None) if fault.kind() == io::ErrorKind::NotFound => {}
            (Err(fault), None) => faults.push(format!(
                "The configuration file {USUAL} in the working directory can't be read ({fault}). Mend or remove it."
            )),
            (Err(fault), Some(name)) => faults.push(format!(
                "{name} names the configuration file {}, which can't be read ({fault}). Name one that is there.",
                path.display()
            )),
        }
        None
    }

    /// What the file says, and what is wrong with it.
    pub(super) fn layer(&self, faults: &mut Vec<String>) -> ConfigLayer {
        let mut layer = ConfigLayer::default();
        let path = self.path.display();
        let table = match DeTable::parse(&self.text) {
            Ok(table) => table.into_inner(),
            Err(fault) => {
                // The message alone: the library's own rendering quotes the line, which may hold a password.
                let line = fault.span().map_or(1, |span| self.line_at(span.start));
                faults.push(format!(
                    "{path}, line {line}: this is not TOML ({}). Write key = value, with text in quotes, like listen = \
                     \"127.0.0.1:4000\".",
                    fault.message()
                ));
                return layer;
            }
        };
        let mut entries: Vec<_> = table.into_iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in entries {
            let line = self.line_at(key.span().start);
            let key = key.get_ref().as_ref();
            let about = settings().find(|about| about.key == key);
            let fault = match (about, value_text(value.get_ref())) {
                (Some(about), Some(text)) => {
                    layer.set(about, &text, Origin::File { path: self.path.clone(), line });
                    continue;
                }
                (Some(about), None) => format!("`{key}` takes one value. {}", written(about)),
                (None, _) if value.get_ref().is_table() => {
                    format!("there is no section `{key}`. Write every setting at the top level, without sections.")
                }
                (None, _) => format!(
                    "`{key}` is no setting. The nearest known one is `{}`.",
                    nearest::to(key, settings().map(|about| about.key))
                ),
            };
            faults.push(format!("{path}, line {line}: {fault}"));
        }
        layer
    }

    fn line_at(&self, offset: usize) -> usize {
        1 + self.text.bytes().take(offset).filter(|&byte| byte == b'\n').count()
    }
}

/// A single value as text; `None` for an array or a table.
fn value_text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Float(number) => Some(number.to_string()),
        DeValue::Boolean(switch) => Some(switch.to_string()),
        DeValue::Datetime(moment) => Some(moment.to_string()),
        DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

fn written(about: &About) -> String {
    let value = if about.default.is_empty() { about.example } else { about.default };
    format!("Write it like {} = {}.", about.key, literal(value))
}

/// `text` as TOML writes it: bare where it is a number or a switch.
pub(super) fn literal(text: &str) -> String {
    if text.parse::<i64>().is_ok() || text.parse::<bool>().is_ok() {
        text.to_owned()
    } else {
        toml::Value::from(text).to_string()
    }
}
