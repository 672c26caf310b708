//! How text is searched.

use super::layer::Values;
use super::setting::{Section, Setting};

/// How text is searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchConfig {
    /// `standard` for Unicode's words as they are, or the language whose inflections are to be folded.
    pub search_language: String,
}

/// The analyser that cuts text into Unicode's words and folds no inflections.
const STANDARD: &str = "standard";

/// Languages that Elasticsearch and OpenSearch can both analyse without a plug-in.
const LANGUAGES: [&str; 18] = [
    STANDARD,
    "arabic",
    "danish",
    "dutch",
    "english",
    "finnish",
    "french",
    "german",
    "greek",
    "hungarian",
    "italian",
    "norwegian",
    "portuguese",
    "romanian",
    "russian",
    "spanish",
    "swedish",
    "turkish",
];

static SEARCH_LANGUAGE: Setting<String> = Setting::new(
    "search_language",
    "LANGUAGE",
    read_language,
    "The language whose inflections search folds (`english` finds `run` for `running`; Elasticsearch only), or \
     `standard` for words as they are.",
)
.default(STANDARD);

pub(super) static SECTION: Section = Section { title: "Search", settings: &[&SEARCH_LANGUAGE.about] };

impl SearchConfig {
    pub(super) fn finish(values: &mut Values) -> Option<Self> {
        Some(Self { search_language: values.get(&SEARCH_LANGUAGE)? })
    }

    /// Refuses a language where nothing analyses it.
    pub(super) fn check_embedded(&self, values: &mut Values) {
        if self.search_language != STANDARD {
            values.refuse(
                &SEARCH_LANGUAGE.about,
                "can't be analysed by the embedded index. Set ELASTICSEARCH_URL, or leave it at `standard`.",
            );
        }
    }
}

fn read_language(text: &str) -> Result<String, String> {
    if LANGUAGES.contains(&text) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "is `{text}`, which is not a language that Polygraph knows. Write one of {}.",
            LANGUAGES.join(", ")
        ))
    }
}
