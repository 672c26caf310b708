//! What one source says, and what all of them say together.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

use super::origin::Origin;
use super::setting::{About, Setting};
use super::{nearest, settings, store_url};

/// What one source says: any part of the settings, as text, each with its origin.
///
/// Layers stack ([`ConfigLayer::overridden_by`]); [`Config`](super::Config) is what a stack comes to. A layer knows
/// only keys of the table: what is unknown is a fault of its source.
#[derive(Default)]
pub(super) struct ConfigLayer {
    given: BTreeMap<&'static str, Given>,
}

struct Given {
    text: String,
    origin: Origin,
}

impl ConfigLayer {
    /// Sets `about` to `text`. An empty text counts as absent.
    pub(super) fn set(&mut self, about: &'static About, text: &str, origin: Origin) {
        let text = text.trim();
        if !text.is_empty() {
            self.given.insert(about.key, Given { text: text.to_owned(), origin });
        }
    }

    /// What the environment says, and what is wrong with it.
    pub(super) fn from_env(variables: &[(OsString, OsString)], faults: &mut Vec<String>) -> Self {
        let mut layer = Self::default();
        for (name, value) in variables {
            // What is not text is none of ours: all our names are.
            let Some(name) = name.to_str() else { continue };
            match settings().find(|about| about.env() == name) {
                Some(about) => match value.to_str() {
                    Some(text) => layer.set(about, text, Origin::Env { name: name.to_owned() }),
                    None => faults.push(format!("{name} is not text in UTF-8. Set it anew, or unset it.")),
                },
                None if is_ours(name) => {
                    let known: Vec<_> = settings().map(About::env).collect();
                    faults.push(format!(
                        "The environment variable {name} is no setting. The nearest known one is {}.",
                        nearest::to(name, known.iter().map(String::as_str))
                    ));
                }
                None => {}
            }
        }
        layer
    }

    /// What the flags say: keys and texts.
    pub(super) fn from_flags(flags: &[(&'static About, String)]) -> Self {
        let mut layer = Self::default();
        for (about, text) in flags {
            layer.set(about, text, Origin::Flag { name: about.flag.unwrap_or(about.key) });
        }
        layer
    }

    /// This layer with another one on top.
    pub(super) fn overridden_by(mut self, upper: Self) -> Self {
        self.given.extend(upper.given);
        self
    }
}

/// Secrets are not for a debugger's eyes, nor can it be known here where in a text they stand.
impl fmt::Debug for ConfigLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.given.iter().map(|(key, given)| (key, &given.origin))).finish()
    }
}

/// Whether a variable of this name can only be meant for Polygraph's settings.
fn is_ours(name: &str) -> bool {
    // `POLYGRAPH_CONFIG` names the file; the others belong to the scripts and tests of this repository.
    const OTHERS: [&str; 2] = ["POLYGRAPH_CONFIG", "POLYGRAPH_CACHE_DIR"];
    const OTHERS_BEGIN: [&str; 2] = ["POLYGRAPH_TEST_", "POLYGRAPH_STORES_"];
    name.starts_with("POLYGRAPH_")
        && !OTHERS.contains(&name)
        && !OTHERS_BEGIN.iter().any(|begin| name.starts_with(begin))
}

/// A setting as it is in force; secrets are masked already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    /// The setting.
    pub key: &'static str,
    /// Its value; `None` where it is absent.
    pub value: Option<String>,
    /// What its absence means, where it is absent.
    pub unset: &'static str,
    /// Where the value comes from.
    pub origin: Origin,
}

/// The stack of all layers while it is read: values come out typed, and faults and notes gather.
pub(super) struct Values {
    layer: ConfigLayer,
    pub(super) in_force: Vec<InForce>,
    pub(super) faults: Vec<String>,
    pub(super) notes: Vec<String>,
}

impl Values {
    pub(super) fn new(layer: ConfigLayer, faults: Vec<String>) -> Self {
        Self { layer, in_force: Vec::new(), faults, notes: Vec::new() }
    }

    /// The value of a setting; `None` where its text can't be read, which is then among the faults.
    pub(super) fn get<T>(&mut self, setting: &Setting<T>) -> Option<T> {
        let about = &setting.about;
        let text = self.layer.given.get(about.key).map_or(about.default, |given| given.text.as_str());
        match (setting.read)(text) {
            Ok(value) => {
                let shown = if about.secret { store_url::masked(text) } else { text.to_owned() };
                let shown = (!text.is_empty()).then_some(shown);
                let origin = self.origin(about);
                self.in_force.push(InForce { key: about.key, value: shown, unset: about.unset, origin });
                Some(value)
            }
            Err(fault) => {
                self.refuse(about, &fault);
                None
            }
        }
    }

    /// Refuses the value of a setting: `predicate` says why, and what to write instead.
    pub(super) fn refuse(&mut self, about: &About, predicate: &str) {
        let subject = self.origin(about).subject(about.key);
        self.faults.push(match self.layer.given.get(about.key) {
            Some(given) if !about.secret => format!("{subject} is `{}`, which {predicate}", quotable(&given.text)),
            _ => format!("{subject} {predicate}"),
        });
    }

    /// Notes what whoever set this value should know.
    pub(super) fn note(&mut self, about: &About, predicate: &str) {
        let subject = self.origin(about).subject(about.key);
        self.notes.push(format!("{subject} {predicate}"));
    }

    fn origin(&self, about: &About) -> Origin {
        self.layer.given.get(about.key).map_or(Origin::Default, |given| given.origin.clone())
    }
}

/// A text as it may be shown: what looks like a URL may be one in the wrong place, with its password, and what looks
/// like PEM a private key.
fn quotable(text: &str) -> String {
    match text {
        text if text.contains("-----BEGIN") => store_url::MASK.to_owned(),
        text if text.contains("://") => store_url::masked(text),
        text => text.to_owned(),
    }
}
